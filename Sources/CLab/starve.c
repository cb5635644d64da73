#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

// One thread takes a lock again as soon as it has given it back; another asks for it, has its turn, lets the first begin one,
// and asks again. What is counted is how many turns of the first begin while the second waits.
enum { TURN = 20000 };

static struct {
  enum clab_lock kind;
  int cpu;
  int64_t end;
  pthread_mutex_t mutex;
  _Atomic uint32_t next, serving; // tickets
  _Atomic int64_t turns;          // of the first thread
  atomic_bool ended;
} scene = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void hold(void) {
  int64_t end = clab_now() + TURN;
  while (clab_now() < end) {}
}

// Takes the lock; the turns of the first thread that had begun when this one asked.
static int64_t take(void) {
  if (scene.kind == CLAB_UNFAIR) {
    int64_t turns = atomic_load(&scene.turns);
    pthread_mutex_lock(&scene.mutex);
    return turns;
  }
  uint32_t ticket = atomic_fetch_add(&scene.next, 1);
  int64_t turns = atomic_load(&scene.turns);
  while (atomic_load(&scene.serving) != ticket) sched_yield();
  return turns;
}

static void give_back(void) {
  if (scene.kind == CLAB_UNFAIR) pthread_mutex_unlock(&scene.mutex);
  else atomic_fetch_add(&scene.serving, 1);
}

static void *take_again(void *argument) {
  clab_pin(scene.cpu);
  while (clab_now() < scene.end) {
    take();
    atomic_fetch_add(&scene.turns, 1);
    hold();
    give_back();
  }
  atomic_store(&scene.ended, true);
  return argument;
}

int clab_starve(enum clab_lock kind, int cpu, int other_cpu, int64_t span, struct clab_starved *result) {
  pthread_t thread;
  *result = (struct clab_starved){0};
  scene.kind = kind;
  scene.cpu = cpu;
  scene.end = clab_now() + span;
  atomic_store(&scene.turns, 0);
  atomic_store(&scene.ended, false);
  if ((errno = pthread_create(&thread, NULL, take_again, NULL)) != 0) return -1;
  clab_pin(other_cpu);
  for (int64_t seen = 0;;) {
    // The other one has begun a turn since: it has the lock, or will have it in a moment.
    while (atomic_load(&scene.turns) == seen && !atomic_load(&scene.ended)) sched_yield();
    if (atomic_load(&scene.ended)) break;
    int64_t before = take();
    seen = atomic_load(&scene.turns);
    result->passed += seen - before;
    if (seen - before > result->most) result->most = seen - before;
    // What it gets because the other has ended is no turn that it was given.
    if (!atomic_load(&scene.ended)) result->own++;
    hold();
    give_back();
  }
  pthread_join(thread, NULL);
  return 0;
}

static pid_t burning(int cpu, int niceness) {
  pid_t pid = clab_fork_bound(cpu);
  if (pid != 0) return pid;
  setpriority(PRIO_PROCESS, 0, niceness);
  for (;;) __asm__ volatile("" ::: "memory");
}

int clab_nice(int cpu, int64_t wanted, int64_t span, struct clab_niced *result) {
  *result = (struct clab_niced){.own = getpriority(PRIO_PROCESS, 0)};
  pid_t plain = burning(cpu, result->own), nice = burning(cpu, 19);
  if (plain > 0 && nice > 0) {
    // Both are nice as they should be by then; what came before is not counted.
    usleep(20000);
    int64_t end = clab_now() + span, plain_before = clab_time_of(plain), nice_before = clab_time_of(nice);
    do {
      usleep(20000);
      result->plain = clab_time_of(plain) - plain_before;
      result->nice = clab_time_of(nice) - nice_before;
    } while (result->plain + result->nice < wanted && clab_now() < end);
  }
  pid_t pids[] = {plain, nice};
  for (int i = 0; i < 2; i++) {
    if (pids[i] <= 0) continue;
    kill(pids[i], SIGKILL);
    clab_reap(pids[i]);
  }
  return plain > 0 && nice > 0 ? 0 : -1;
}
