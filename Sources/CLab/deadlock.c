#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Two threads, two locks. All is in a process of its own, which is simply ended when its threads wait for each other.
static struct {
  struct clab_deadlock result;
  enum clab_order order;
  long turns;
  bool forced;
  pthread_mutex_t locks[2];
  pthread_barrier_t start, between;
  atomic_int holds[2], wants[2]; // a lock's number and one, 0 for none
  atomic_long done[2], recoveries;
} *scene;

static void take(int who, int lock) {
  atomic_store(&scene->wants[who], lock + 1);
  pthread_mutex_lock(&scene->locks[lock]);
  atomic_store(&scene->wants[who], 0);
}

// Takes the second lock as the order says; false when the first had to be given back.
static bool take_second(int who, int lock) {
  switch (scene->order) {
  case CLAB_TRY: return pthread_mutex_trylock(&scene->locks[lock]) == 0;
  case CLAB_DETECT: {
    struct timespec time;
    atomic_store(&scene->wants[who], lock + 1);
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += 1000000;
    if (time.tv_nsec >= 1000000000) {
      time.tv_sec++;
      time.tv_nsec -= 1000000000;
    }
    // After a millisecond the graph is looked at: only a cycle is a reason to give up.
    while (pthread_mutex_timedlock(&scene->locks[lock], &time) != 0) {
      int other = 1 - who;
      bool is_cycle = atomic_load(&scene->wants[other]) == atomic_load(&scene->holds[who]) &&
          atomic_load(&scene->holds[other]) == lock + 1;
      if (is_cycle && who == 0) {
        atomic_store(&scene->wants[who], 0);
        return false;
      }
      time.tv_nsec += 1000000;
      if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
      }
    }
    atomic_store(&scene->wants[who], 0);
    return true;
  }
  default: take(who, lock); return true;
  }
}

static void *lane(void *argument) {
  int who = (int)(intptr_t)argument;
  bool opposite = scene->order != CLAB_SAME_ORDER;
  int first = opposite && who == 1 ? 1 : 0, second = 1 - first;
  pthread_barrier_wait(&scene->start);
  while (atomic_load(&scene->done[who]) < scene->turns) {
    take(who, first);
    atomic_store(&scene->holds[who], first + 1);
    if (scene->forced && scene->order == CLAB_OPPOSITE) pthread_barrier_wait(&scene->between);
    if (take_second(who, second)) {
      atomic_fetch_add(&scene->done[who], 1);
      pthread_mutex_unlock(&scene->locks[second]);
    } else {
      atomic_fetch_add(&scene->recoveries, 1);
    }
    atomic_store(&scene->holds[who], 0);
    pthread_mutex_unlock(&scene->locks[first]);
    if (scene->order == CLAB_TRY) sched_yield();
  }
  return NULL;
}

// Each holds what the other wants.
static bool is_cycle(void) {
  int holds[2], wants[2];
  for (int i = 0; i < 2; i++) {
    holds[i] = atomic_load(&scene->holds[i]);
    wants[i] = atomic_load(&scene->wants[i]);
  }
  return holds[0] && holds[1] && wants[0] == holds[1] && wants[1] == holds[0];
}

static void watch(void) {
  pthread_t threads[2];
  int64_t start = clab_now();
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, lane, (void *)(intptr_t)i) != 0) _exit(70);
  }
  long before = -1;
  for (int still = 0;;) {
    long done = atomic_load(&scene->done[0]) + atomic_load(&scene->done[1]);
    // The same cycle twenty times without a turn in between: a thread that merely has no core shows no cycle.
    still = scene->order == CLAB_OPPOSITE && done == before && is_cycle() ? still + 1 : 0;
    scene->result.turns = done;
    if (still >= 20 || done >= 2 * scene->turns) break;
    before = done;
    usleep(500);
  }
  scene->result.nanoseconds = clab_now() - start;
  scene->result.recoveries = atomic_load(&scene->recoveries);
  scene->result.deadlocked = is_cycle();
  for (int i = 0; i < 2; i++) {
    scene->result.holds[i] = atomic_load(&scene->holds[i]);
    scene->result.wants[i] = atomic_load(&scene->wants[i]);
  }
  _exit(0);
}

int clab_deadlock(enum clab_order order, long turns, bool forced, struct clab_deadlock *result) {
  scene = mmap(NULL, sizeof *scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (scene == MAP_FAILED) return -1;
  scene->order = order;
  scene->turns = turns;
  scene->forced = forced;
  scene->result.forced = forced;
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    for (int i = 0; i < 2; i++) pthread_mutex_init(&scene->locks[i], NULL);
    pthread_barrier_init(&scene->start, NULL, 2);
    pthread_barrier_init(&scene->between, NULL, 2);
    watch();
  }
  int status = pid > 0 ? clab_reap(pid) : -1;
  *result = scene->result;
  munmap(scene, sizeof *scene);
  return status == 0 ? 0 : -1;
}
