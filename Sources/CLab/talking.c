#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct clab_crowded {
  int count, epoll;
  int *fds;
  struct pollfd *polled;
};

static bool raise_limit(rlim_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= wanted) return true;
  if (limit.rlim_max < wanted) return false;
  limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void clab_crowded_free(clab_crowded *crowded) {
  for (int i = 0; i < crowded->count; i++) close(crowded->fds[i]);
  if (crowded->epoll >= 0) close(crowded->epoll);
  free(crowded->fds);
  free(crowded->polled);
  free(crowded);
}

// Only the last of `count` descriptors is ready, and stays so.
clab_crowded *clab_crowded_new(int count) {
  clab_crowded *crowded = calloc(1, sizeof *crowded);
  if (!crowded || !raise_limit((rlim_t)count + 24)) return NULL;
  crowded->fds = calloc((size_t)count, sizeof *crowded->fds);
  crowded->polled = calloc((size_t)count, sizeof *crowded->polled);
  crowded->epoll = epoll_create1(EPOLL_CLOEXEC);
  while (crowded->fds && crowded->polled && crowded->epoll >= 0 && crowded->count < count) {
    int i = crowded->count, fd = eventfd(i == count - 1 ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) break;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(crowded->epoll, EPOLL_CTL_ADD, fd, &event);
    crowded->fds[i] = fd;
    crowded->polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    crowded->count++;
  }
  if (crowded->count == count) return crowded;
  int code = errno;
  clab_crowded_free(crowded);
  errno = code;
  return NULL;
}

static int wait_by_select(const clab_crowded *crowded) {
  // The sets are the call's arguments and its results: they are filled anew for each call.
  fd_set set;
  int highest = crowded->fds[crowded->count - 1];
  FD_ZERO(&set);
  for (int i = 0; i < crowded->count; i++) FD_SET(crowded->fds[i], &set);
  return select(highest + 1, &set, NULL, NULL, NULL);
}

static long switches_of_thread(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw + usage.ru_nivcsw;
}

int64_t clab_crowded_wait(clab_crowded *crowded, enum clab_wait kind, long n) {
  struct epoll_event events[8];
  if (kind == CLAB_SELECT && crowded->fds[crowded->count - 1] >= FD_SETSIZE) return -1;
  // A batch that is nearly as long as a slice begins with one.
  if (kind == CLAB_POLL && crowded->count > 1000) usleep(1);
  long switched = switches_of_thread();
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    int ready = kind == CLAB_EPOLL ? epoll_wait(crowded->epoll, events, 8, -1)
        : kind == CLAB_POLL        ? poll(crowded->polled, (nfds_t)crowded->count, -1)
                                   : wait_by_select(crowded);
    if (ready != 1) return -1;
  }
  int64_t taken = clab_now() - start;
  // Whoever had the core meanwhile filled its caches.
  return switches_of_thread() != switched ? -1 : taken;
}

// Whether the kernel finds a descriptor above 1,500 in a set longer than the C library's.
static int select_beyond(void) {
  enum { HIGH = 1500, WORDS = 64, BITS = 8 * sizeof(unsigned long) };
  unsigned long bits[WORDS] = {0};
  int ready = eventfd(1, EFD_CLOEXEC), high = ready < 0 || !raise_limit(HIGH + 64) ? -1 : fcntl(ready, F_DUPFD_CLOEXEC, HIGH), found = 0;
  if (high >= 0 && (size_t)high < WORDS * BITS) {
    bits[(size_t)high / BITS] = 1ul << ((size_t)high % BITS);
    found = syscall(SYS_pselect6, high + 1, bits, NULL, NULL, NULL, NULL) == 1 && bits[(size_t)high / BITS] != 0;
  }
  if (high >= 0) close(high);
  if (ready >= 0) close(ready);
  return found;
}

// How many descriptors a set of all still has after a call that found one ready; -1 where they are too many for a set.
static int left_in_set(const clab_crowded *crowded) {
  fd_set set;
  int left = 0, highest = crowded->fds[crowded->count - 1];
  if (highest >= FD_SETSIZE) return -1;
  FD_ZERO(&set);
  for (int i = 0; i < crowded->count; i++) FD_SET(crowded->fds[i], &set);
  if (select(highest + 1, &set, NULL, NULL, NULL) != 1) return -1;
  for (int i = 0; i < crowded->count; i++) left += FD_ISSET(crowded->fds[i], &set) ? 1 : 0;
  return left;
}

// How many of `n` waits, none of which blocks, return an event.
static int told(int epoll, int n) {
  struct epoll_event event;
  int count = 0;
  for (int i = 0; i < n; i++) count += epoll_wait(epoll, &event, 1, 0) == 1 ? 1 : 0;
  return count;
}

static int watch(int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll >= 0) epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  return epoll;
}

int clab_waiting(struct clab_waiting *result) {
  clab_crowded *crowded = clab_crowded_new(100);
  int fd = eventfd(1, EFD_CLOEXEC), level = watch(fd, EPOLLIN), edge = watch(fd, EPOLLIN | EPOLLET);
  uint64_t one = 1;
  if (!crowded || fd < 0 || level < 0 || edge < 0) return -1;
  *result = (struct clab_waiting){
      .room = FD_SETSIZE, .beyond = select_beyond(), .left = left_in_set(crowded), .kept = told(crowded->epoll, 100),
      .level = told(level, 10), .edge = told(edge, 10),
  };
  result->again = write(fd, &one, sizeof one) == sizeof one ? told(edge, 10) : -1;
  close(level);
  close(edge);
  close(fd);
  clab_crowded_free(crowded);
  return 0;
}

static atomic_long calls;

static bool ask(int timer, int64_t delay) {
  struct itimerspec when = {.it_value = {delay / 1000000000, delay % 1000000000}};
  return timerfd_settime(timer, 0, &when, NULL) == 0;
}

static bool answer(int timer) {
  uint64_t count;
  atomic_fetch_add(&calls, 1);
  return read(timer, &count, sizeof count) == sizeof count;
}

struct asker {
  int timer;
  int64_t delay;
};

static void *ask_and_wait(void *argument) {
  struct asker *asker = argument;
  ask(asker->timer, asker->delay);
  answer(asker->timer);
  return NULL;
}

static int by_threads(const int *timers, int count, int64_t delay) {
  pthread_t threads[256];
  struct asker askers[256];
  int started = 0;
  for (; started < count; started++) {
    askers[started] = (struct asker){timers[started], delay};
    if ((errno = pthread_create(&threads[started], NULL, ask_and_wait, &askers[started])) != 0) break;
  }
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  return started == count ? 0 : -1;
}

static void by_asking_again(const int *timers, int count) {
  bool done[256] = {false};
  for (int left = count; left > 0;) {
    for (int i = 0; i < count; i++) {
      if (!done[i] && answer(timers[i])) {
        done[i] = true;
        left--;
      }
    }
  }
}

static int by_loop(const int *timers, int count) {
  struct epoll_event events[64];
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return -1;
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = timers[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, timers[i], &event);
  }
  for (int left = count; left > 0;) {
    int ready = epoll_wait(epoll, events, 64, -1);
    atomic_fetch_add(&calls, 1);
    for (int i = 0; i < ready; i++) left -= answer(events[i].data.fd) ? 1 : 0;
  }
  close(epoll);
  return 0;
}

int clab_answers(enum clab_answers kind, int count, int64_t delay, struct clab_answered *result) {
  int timers[256], status = count > 256 ? -1 : 0, flags = kind == CLAB_ASK_AGAIN || kind == CLAB_LOOP ? TFD_NONBLOCK : 0;
  for (int i = 0; status == 0 && i < count; i++) {
    if ((timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | flags)) < 0) return -1;
  }
  if (status != 0) return -1;
  struct clab_counts before, after;
  clab_counts(&before);
  atomic_store(&calls, 0);
  int64_t start = clab_now(), processor = clab_process_time();
  for (int i = 0; (kind == CLAB_ASK_AGAIN || kind == CLAB_LOOP) && i < count; i++) ask(timers[i], delay);
  switch (kind) {
  case CLAB_ONE_BY_ONE:
    for (int i = 0; i < count; i++) {
      ask(timers[i], delay);
      answer(timers[i]);
    }
    break;
  case CLAB_THREAD_EACH: status = by_threads(timers, count, delay); break;
  case CLAB_ASK_AGAIN: by_asking_again(timers, count); break;
  case CLAB_LOOP: status = by_loop(timers, count);
  }
  result->wall = clab_now() - start;
  result->processor = clab_process_time() - processor;
  clab_counts(&after);
  result->switches = after.voluntary - before.voluntary + after.involuntary - before.involuntary;
  result->calls = atomic_load(&calls);
  for (int i = 0; i < count; i++) close(timers[i]);
  return status;
}

static int64_t open_all(int *fds, int limit) {
  int count = 0;
  while (count < limit && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) count++;
  return count;
}

int clab_limits(struct clab_limit *result) {
  enum { LOW = 256, MOST = 2048 };
  struct rlimit limit;
  int *fds = calloc(MOST, sizeof *fds);
  if (!fds || getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  result->soft = limit.rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_cur;
  result->hard = limit.rlim_max == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_max;
  if (limit.rlim_cur > LOW) limit.rlim_cur = LOW;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  result->opened = open_all(fds, MOST);
  result->error = errno;
  limit.rlim_cur = limit.rlim_max < MOST / 2 ? limit.rlim_max : MOST / 2;
  // Nothing was closed: the soft limit alone was in the way, and everybody may raise it up to the hard one.
  result->after = setrlimit(RLIMIT_NOFILE, &limit) == 0 ? open_all(fds + result->opened, MOST - (int)result->opened) : 0;
  for (int64_t i = 0; i < result->opened + result->after; i++) close(fds[i]);
  free(fds);
  return 0;
}

int64_t clab_hard_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_max;
}
