#define _GNU_SOURCE
#include "internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 16 };

// The third lane writes to address 0; the others finish a moment after it was about to.
static void unit(int lane, atomic_int *finished) {
  atomic_int *is_crashing = finished + 2;
  clab_work(200000);
  if (lane == 2) {
    atomic_store(is_crashing, 1);
    *(volatile int *)(uintptr_t)(lane == 2 ? 0 : 1) = 1;
  }
  while (!atomic_load(is_crashing)) usleep(500);
  usleep(100000);
  atomic_fetch_add(finished, 1);
}

struct lane {
  int number;
  atomic_int *finished;
  pthread_barrier_t *barrier;
};

static void *thread_lane(void *argument) {
  struct lane *lane = argument;
  pthread_barrier_wait(lane->barrier);
  unit(lane->number, lane->finished);
  return NULL;
}

static void be_quiet(void) {
  // No core file, and no report by whoever catches the signal in this program.
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(SIGSEGV, SIG_DFL);
}

int clab_crash(int lanes, struct clab_crash *result) {
  atomic_int *finished = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t pids[MOST];
  if (finished == MAP_FAILED || lanes > MOST) return -1;
  for (int i = 0; i < lanes; i++) {
    if ((pids[i] = clab_fork_bound(-1)) == 0) {
      be_quiet();
      unit(i, &finished[0]);
      _exit(0);
    }
  }
  for (int i = 0; i < lanes; i++) clab_reap(pids[i]);
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    pthread_t threads[MOST];
    struct lane all[MOST];
    pthread_barrier_t barrier;
    be_quiet();
    pthread_barrier_init(&barrier, NULL, (unsigned)lanes);
    for (int i = 0; i < lanes; i++) {
      all[i] = (struct lane){i, &finished[1], &barrier};
      if (pthread_create(&threads[i], NULL, thread_lane, &all[i]) != 0) _exit(70);
    }
    for (int i = 0; i < lanes; i++) pthread_join(threads[i], NULL);
    _exit(0);
  }
  int status = clab_reap(pid);
  *result = (struct clab_crash){lanes, atomic_load(&finished[0]), atomic_load(&finished[1]),
                                status >= 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  munmap(finished, 4096);
  return 0;
}
