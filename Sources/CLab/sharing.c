#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spinlock;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static void increment_plain(volatile int64_t *number, long n) {
  for (long i = 0; i < n; i++) *number = *number + 1;
}

static void increment_atomic(volatile int64_t *number, long n) {
  for (long i = 0; i < n; i++) atomic_fetch_add((_Atomic int64_t *)number, 1);
}

static void increment(volatile int64_t *number, long n, enum clab_increment kind) {
  switch (kind) {
  case CLAB_PLAIN: return increment_plain(number, n);
  case CLAB_ATOMIC: return increment_atomic(number, n);
  case CLAB_MUTEX:
    for (long i = 0; i < n; i++) {
      pthread_mutex_lock(&mutex);
      *number = *number + 1;
      pthread_mutex_unlock(&mutex);
    }
    return;
  case CLAB_SPINLOCK:
    for (long i = 0; i < n; i++) {
      pthread_spin_lock(&spinlock);
      *number = *number + 1;
      pthread_spin_unlock(&spinlock);
    }
    return;
  case CLAB_RWLOCK:
    for (long i = 0; i < n; i++) {
      pthread_rwlock_wrlock(&rwlock);
      *number = *number + 1;
      pthread_rwlock_unlock(&rwlock);
    }
    return;
  case CLAB_SEMAPHORE:
    for (long i = 0; i < n; i++) {
      while (sem_wait(&semaphore) != 0) {}
      *number = *number + 1;
      sem_post(&semaphore);
    }
  }
}

static __attribute__((constructor)) void make_locks(void) {
  pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE);
  sem_init(&semaphore, 0, 1); // one may pass at a time
}

int64_t clab_alone(enum clab_increment kind, long n) {
  static _Alignas(256) volatile int64_t number;
  int64_t start = clab_now();
  increment(&number, n, kind);
  return clab_now() - start;
}

// Two threads that do a batch at the same moment. The second sleeps between batches; once it is awake both wait for
// each other, spinning, and then start their clocks.
struct clab_duo {
  _Alignas(256) char memory[1024];
  enum clab_increment kind;
  volatile int64_t *numbers[2];
  int cpus[2];
  _Alignas(256) _Atomic uint32_t asked;
  _Alignas(256) _Atomic uint32_t done;
  _Alignas(256) atomic_int arrived;
  long n;
  int64_t wall[2], processor[2];
  bool late[2], stop;
  int64_t done_by[2];
  pthread_t thread;
};

// The longest that one waits for the other: less than a time slice, so that a lane whose partner has no core gives up.
enum { PATIENCE = 300000 };

static void batch(clab_duo *duo, int which) {
  int64_t limit = clab_now() + PATIENCE;
  int arrived = atomic_fetch_add(&duo->arrived, 1) + 1;
  duo->late[which] = false;
  while (arrived < 2) {
    arrived = atomic_load(&duo->arrived);
    if (arrived < 2 && clab_now() > limit) {
      duo->late[which] = true;
      return;
    }
  }
  int64_t processor = clab_thread_time(), start = clab_now();
  increment(duo->numbers[which], duo->n, duo->kind);
  duo->done_by[which] += duo->n;
  duo->wall[which] = clab_now() - start;
  duo->processor[which] = clab_thread_time() - processor;
}

static void await(_Atomic uint32_t *word, uint32_t seen) {
  while (atomic_load(word) == seen) syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void tell(_Atomic uint32_t *word) {
  atomic_fetch_add(word, 1);
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *duo_lane(void *argument) {
  clab_duo *duo = argument;
  clab_pin(duo->cpus[1]);
  for (uint32_t seen = 0;; seen++) {
    await(&duo->asked, seen);
    if (duo->stop) return NULL;
    batch(duo, 1);
    tell(&duo->done);
  }
}

clab_duo *clab_duo_new(enum clab_increment kind, size_t distance, int cpu, int other_cpu) {
  clab_duo *duo = NULL;
  if (distance > 512 || posix_memalign((void **)&duo, 256, sizeof *duo) != 0) return NULL;
  memset(duo, 0, sizeof *duo);
  duo->kind = kind;
  duo->numbers[0] = (int64_t *)duo->memory;
  duo->numbers[1] = (int64_t *)(duo->memory + distance);
  duo->cpus[0] = cpu;
  duo->cpus[1] = other_cpu;
  clab_pin(cpu);
  if ((errno = pthread_create(&duo->thread, NULL, duo_lane, duo)) != 0) {
    free(duo);
    return NULL;
  }
  return duo;
}

int64_t clab_duo_batch(clab_duo *duo, long n) {
  uint32_t done = atomic_load(&duo->done);
  duo->n = n;
  atomic_store(&duo->arrived, 0);
  tell(&duo->asked);
  batch(duo, 0);
  await(&duo->done, done);
  if (duo->late[0] || duo->late[1]) return -1;
  for (int i = 0; i < 2; i++) {
    if (clab_waited(duo->wall[i], duo->processor[i])) return -1;
  }
  return duo->wall[0] > duo->wall[1] ? duo->wall[0] : duo->wall[1];
}

double clab_duo_lost(const clab_duo *duo) {
  int64_t done = duo->done_by[0] + duo->done_by[1], kept = *duo->numbers[0];
  if (duo->numbers[1] != duo->numbers[0]) kept += *duo->numbers[1];
  return done > 0 ? (double)(done - kept) / (double)done : 0;
}

void clab_duo_free(clab_duo *duo) {
  duo->stop = true;
  tell(&duo->asked);
  pthread_join(duo->thread, NULL);
  free(duo);
}
