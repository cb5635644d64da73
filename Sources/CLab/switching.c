#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// A gap in the clock of a process that never waits: somebody else had the core.
enum { GAP = 200000 };

int clab_turns(int busy, int cpu, int64_t span, int64_t *turns, int limit) {
  pid_t pids[16];
  int started = 0;
  while (started < busy - 1 && started < 16) {
    pid_t pid = clab_fork_bound(cpu);
    if (pid == 0) {
      for (;;) __asm__ volatile("" ::: "memory");
    }
    if (pid < 0) break;
    pids[started++] = pid;
  }
  clab_pin(cpu);
  int count = 0;
  int64_t begin = clab_now(), last = begin, turn = begin;
  while (count < limit && last - begin < span) {
    int64_t now = clab_now();
    if (now - last > GAP) {
      // The first turn began before it was looked at.
      if (turn != begin) turns[count++] = last - turn;
      turn = now;
    }
    last = now;
  }
  for (int i = 0; i < started; i++) {
    kill(pids[i], SIGKILL);
    clab_reap(pids[i]);
  }
  return count;
}

int64_t clab_work(int64_t work) {
  uint64_t state = 1;
  for (int64_t i = 0; i < work; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(state));
  }
  return (int64_t)(state >> 1);
}

static void *do_work(void *argument) {
  clab_work((int64_t)(intptr_t)argument);
  return NULL;
}

static int64_t switches(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw + usage.ru_nivcsw;
}

int clab_crowd(int threads, int64_t work, struct clab_crowd *result) {
  pthread_t *handles = calloc((size_t)threads, sizeof *handles);
  pthread_attr_t attributes;
  if (!handles) return -1;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  *result = (struct clab_crowd){clab_process_time(), clab_now(), switches(), 0};
  int started = 0;
  for (; started < threads; started++) {
    void *share = (void *)(intptr_t)(work / threads);
    if ((errno = pthread_create(&handles[started], &attributes, do_work, share)) != 0) break;
  }
  for (int i = 0; i < started; i++) pthread_join(handles[i], NULL);
  result->processor = clab_process_time() - result->processor;
  result->wall = clab_now() - result->wall;
  result->switches = switches() - result->switches;
  result->started = started;
  pthread_attr_destroy(&attributes);
  free(handles);
  return started == threads ? 0 : -1;
}

int64_t clab_thread_each(long tasks, int64_t work) {
  int64_t start = clab_process_time();
  for (long i = 0; i < tasks; i++) {
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, do_work, (void *)(intptr_t)work)) != 0) return -1;
    pthread_join(thread, NULL);
  }
  return clab_process_time() - start;
}

// Lanes that live as long as the process and take tasks from one queue, which is a counter here.
static struct {
  pthread_mutex_t lock;
  pthread_cond_t filled, empty;
  long waiting, running;
  int64_t work;
  int lanes;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, .empty = PTHREAD_COND_INITIALIZER};

static void *pool_lane(void *argument) {
  pthread_mutex_lock(&pool.lock);
  for (;;) {
    while (pool.waiting == 0) pthread_cond_wait(&pool.filled, &pool.lock);
    pool.waiting--;
    pool.running++;
    pthread_mutex_unlock(&pool.lock);
    clab_work(pool.work);
    pthread_mutex_lock(&pool.lock);
    pool.running--;
    if (pool.waiting == 0 && pool.running == 0) pthread_cond_signal(&pool.empty);
  }
  return argument;
}

int64_t clab_pool(long tasks, int64_t work, int lanes) {
  while (pool.lanes < lanes) {
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, pool_lane, NULL)) != 0) return -1;
    pthread_detach(thread);
    pool.lanes++;
  }
  int64_t start = clab_process_time();
  pthread_mutex_lock(&pool.lock);
  pool.work = work;
  for (long i = 0; i < tasks; i++) {
    pool.waiting++;
    pthread_cond_signal(&pool.filled);
  }
  while (pool.waiting > 0 || pool.running > 0) pthread_cond_wait(&pool.empty, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
  return clab_process_time() - start;
}

struct writer {
  uint8_t number;
  int times;
  uint8_t *order;
  atomic_int *place;
  pthread_barrier_t *barrier;
};

static void *write_number(void *argument) {
  struct writer *writer = argument;
  pthread_barrier_wait(writer->barrier);
  for (int i = 0; i < writer->times; i++) writer->order[atomic_fetch_add(writer->place, 1)] = writer->number;
  return NULL;
}

int clab_interleave(int lanes, int times, uint8_t *order) {
  enum { MOST = 16 };
  pthread_t threads[MOST];
  struct writer writers[MOST];
  atomic_int place = 0;
  pthread_barrier_t barrier;
  if (lanes > MOST) return -1;
  pthread_barrier_init(&barrier, NULL, (unsigned)lanes);
  for (int i = 0; i < lanes; i++) {
    writers[i] = (struct writer){(uint8_t)i, times, order, &place, &barrier};
    // Without its full number the barrier would hold the others for ever.
    if (pthread_create(&threads[i], NULL, write_number, &writers[i]) != 0) _exit(70);
  }
  for (int i = 0; i < lanes; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&barrier);
  return 0;
}

static void *burn(void *argument) {
  for (;;) __asm__ volatile("" ::: "memory");
  return argument;
}

static pid_t burning(int cpu, int threads) {
  pid_t pid = clab_fork_bound(cpu);
  if (pid != 0) return pid;
  pthread_t thread;
  for (int i = 1; i < threads; i++) {
    if (pthread_create(&thread, NULL, burn, NULL) != 0) _exit(70);
  }
  burn(NULL);
  _exit(0);
}

double clab_fair(int cpu, int64_t span) {
  pid_t crowd = burning(cpu, 3), alone = burning(cpu, 1);
  if (crowd < 0 || alone < 0) return -1;
  // Both have their threads; what came before is not counted.
  usleep(20000);
  int64_t crowd_before = clab_time_of(crowd), alone_before = clab_time_of(alone);
  usleep((useconds_t)(span / 1000));
  int64_t crowds = clab_time_of(crowd) - crowd_before, alones = clab_time_of(alone) - alone_before;
  kill(crowd, SIGKILL);
  kill(alone, SIGKILL);
  clab_reap(crowd);
  clab_reap(alone);
  return crowds + alones > 0 ? (double)crowds / (double)(crowds + alones) : -1;
}
