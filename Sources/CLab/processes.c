#define _GNU_SOURCE
#include "internal.h"

#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };
extern char **environ;

static void *return_at_once(void *argument) { return argument; }

int64_t clab_threads(long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, return_at_once, NULL)) != 0) return -1;
    pthread_join(thread, NULL);
  }
  return clab_now() - start;
}

int64_t clab_forks(long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid < 0 || waitpid(pid, NULL, 0) < 0) return -1;
  }
  return clab_now() - start;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
int64_t clab_vforks(long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    pid_t pid = vfork();
    if (pid == 0) _exit(0);
    if (pid < 0 || waitpid(pid, NULL, 0) < 0) return -1;
  }
  return clab_now() - start;
}
#pragma GCC diagnostic pop

int64_t clab_spawns(long n) {
  char *arguments[] = {"true", NULL};
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    pid_t pid;
    if ((errno = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ)) != 0) return -1;
    if (waitpid(pid, NULL, 0) < 0) return -1;
  }
  return clab_now() - start;
}

int64_t clab_fork_time(void) {
  int64_t start = clab_thread_time();
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  int64_t taken = clab_thread_time() - start;
  return pid < 0 || waitpid(pid, NULL, 0) < 0 ? -1 : taken;
}

int64_t clab_spawn_time(void) {
  char *arguments[] = {"true", NULL};
  pid_t pid;
  int64_t start = clab_thread_time();
  if ((errno = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ)) != 0) return -1;
  int64_t taken = clab_thread_time() - start;
  return waitpid(pid, NULL, 0) < 0 ? -1 : taken;
}

void *clab_reserve(size_t bytes, bool huge) {
  size_t room = bytes + (2 << 20);
  char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  // Huge pages begin at multiples of 2 MiB; what lies before and after is given back.
  char *aligned = (char *)(((uintptr_t)memory + (2 << 20) - 1) & ~(uintptr_t)((2 << 20) - 1));
  if (aligned > memory) munmap(memory, (size_t)(aligned - memory));
  size_t rest = (size_t)(memory + room - (aligned + bytes));
  if (rest > 0) munmap(aligned + bytes, rest);
  madvise(aligned, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return aligned;
}

void clab_fill(void *memory, size_t bytes) {
  // In one call where the kernel can (Linux 5.14): no fault for each page.
  if (madvise(memory, bytes, MADV_POPULATE_WRITE) == 0) return;
  for (size_t i = 0; i < bytes; i += PAGE) ((volatile char *)memory)[i] = 1;
}

void *clab_map(size_t bytes, bool huge) {
  void *memory = clab_reserve(bytes, huge);
  if (memory) clab_fill(memory, bytes);
  return memory;
}

void clab_unmap(void *memory, size_t bytes) { munmap(memory, bytes); }

static pid_t fork_waiting(int ends[2]) {
  if (pipe(ends) != 0) return -1;
  pid_t pid = clab_fork_bound(-1);
  if (pid != 0) return pid;
  char byte;
  close(ends[1]);
  while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
  _exit(0);
}

static void let_go(pid_t pid, int ends[2]) {
  close(ends[0]);
  close(ends[1]);
  clab_reap(pid);
}

int64_t clab_cow(long pages, enum clab_cow kind) {
  size_t bytes = (size_t)pages * PAGE;
  volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -1;
  madvise((void *)memory, bytes, MADV_NOHUGEPAGE);
  for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 1;
  int ends[2];
  pid_t pid = kind == CLAB_COW_ALONE ? 0 : fork_waiting(ends);
  if (kind == CLAB_COW_CHILD_GONE && pid > 0) let_go(pid, ends);
  int64_t taken = -1;
  if (pid >= 0) {
    int64_t start = clab_thread_time();
    if (kind == CLAB_COW_READ) {
      for (size_t i = 0; i < bytes; i += PAGE) (void)memory[i];
    } else {
      for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 2;
    }
    taken = clab_thread_time() - start;
  }
  if ((kind == CLAB_COW_SHARED || kind == CLAB_COW_READ) && pid > 0) let_go(pid, ends);
  munmap((void *)memory, bytes);
  return taken;
}

static volatile int value;

static void *set_three(void *argument) {
  value = 3;
  return argument;
}

int clab_isolation(struct clab_isolation *result) {
  int ends[2];
  volatile int *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED || pipe(ends) != 0) return -1;
  value = 1;
  *result = (struct clab_isolation){.address = (uint64_t)(uintptr_t)&value, .before = value};
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    value = 2;
    *shared = 2;
    int seen = value;
    _exit(write(ends[1], &seen, sizeof seen) == sizeof seen ? 0 : 1);
  }
  if (pid < 0 || clab_reap(pid) != 0 || read(ends[0], &result->child, sizeof result->child) < 0) return -1;
  result->parent_after_child = value;
  result->shared_after_child = *shared;
  pthread_t thread;
  if (pthread_create(&thread, NULL, set_three, NULL) != 0) return -1;
  pthread_join(thread, NULL);
  result->thread = 3;
  result->parent_after_thread = value;
  close(ends[0]);
  close(ends[1]);
  munmap((void *)shared, PAGE);
  return 0;
}

static int parking[2];

static void *park(void *argument) {
  char byte;
  while (read(parking[0], &byte, 1) < 0 && errno == EINTR) {}
  return argument;
}

static int64_t kernel_memory(void) {
  static const char *const names[] = {"KernelStack:", "PageTables:", "SUnreclaim:"};
  int64_t sum = 0;
  for (int i = 0; i < 3; i++) {
    int64_t kibibytes = clab_proc_number("/proc/meminfo", names[i]);
    if (kibibytes > 0) sum += kibibytes;
  }
  return sum;
}

static int64_t own_memory(const char *key) { return clab_proc_number("/proc/self/status", key); }

// What parked processes have of their own, what they share divided among those that share it.
static double proportional(const pid_t *pids, int count) {
  int64_t sum = 0;
  for (int i = 0; i < count; i++) {
    char path[64] = "/proc/", digits[16];
    int length = 0;
    for (pid_t rest = pids[i]; rest > 0; rest /= 10) digits[length++] = (char)('0' + rest % 10);
    size_t end = strlen(path);
    while (length > 0) path[end++] = digits[--length];
    strcpy(path + end, "/smaps_rollup");
    int64_t kibibytes = clab_proc_number(path, "Pss:");
    if (kibibytes > 0) sum += kibibytes;
  }
  return (double)sum / count;
}

// What is parked stays open until `park_pairs` is called again, with no count.
static void park_pairs(int count, struct clab_memory *result) {
  static int (*ends)[2], epoll = -1, opened;
  while (opened > 0) {
    close(ends[--opened][0]);
    close(ends[opened][1]);
  }
  free(ends);
  ends = NULL;
  if (epoll >= 0) close(epoll);
  epoll = -1;
  if (count == 0) return;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ends = calloc((size_t)count, sizeof *ends);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  while (ends && epoll >= 0 && opened < count && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[opened]) == 0) {
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[opened++][0], &event);
  }
  result->parked = opened;
}

int clab_park(enum clab_parked kind, int count, struct clab_memory *result) {
  memset(result, 0, sizeof *result);
  if (pipe(parking) != 0) return -1;
  pthread_t *threads = calloc((size_t)count, sizeof *threads);
  pid_t *pids = calloc((size_t)count, sizeof *pids);
  int64_t size = own_memory("VmSize:"), resident = own_memory("VmRSS:"), kernel = kernel_memory();
  while (kind == CLAB_PARKED_THREADS && result->parked < count) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    int code = pthread_create(&threads[result->parked], &attributes, park, NULL);
    pthread_attr_destroy(&attributes);
    if (code != 0) break;
    result->parked++;
  }
  while (kind == CLAB_PARKED_FORKS && result->parked < count) {
    pid_t pid = clab_fork_bound(-1);
    if (pid == 0) {
      close(parking[1]);
      park(NULL);
      _exit(0);
    }
    if (pid < 0) break;
    pids[result->parked++] = pid;
  }
  if (kind == CLAB_PARKED_PAIRS) park_pairs(count, result);
  // Those that were started last are still on their way to where they wait.
  usleep(20000);
  int parked = result->parked > 0 ? result->parked : 1;
  result->kernel = (double)(kernel_memory() - kernel) / parked;
  if (kind == CLAB_PARKED_FORKS) {
    result->virtual_size = (double)size;
    result->resident = (double)clab_proc_number("/proc/self/status", "VmRSS:");
    result->proportional = proportional(pids, parked);
  } else {
    result->virtual_size = (double)(own_memory("VmSize:") - size) / parked;
    result->resident = (double)(own_memory("VmRSS:") - resident) / parked;
    result->proportional = result->resident;
  }
  park_pairs(0, result);
  close(parking[1]);
  for (int i = 0; i < result->parked; i++) {
    if (kind == CLAB_PARKED_THREADS) pthread_join(threads[i], NULL);
    if (kind == CLAB_PARKED_FORKS) clab_reap(pids[i]);
  }
  close(parking[0]);
  free(threads);
  free(pids);
  return 0;
}

static __attribute__((noinline)) void on_stack(size_t bytes) {
  volatile char *room = alloca(bytes);
  room[0] = 1;
  room[bytes - 1] = 1;
}

int64_t clab_alloca(long n, size_t bytes) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) on_stack(bytes);
  return clab_now() - start;
}

int64_t clab_malloc(long n, size_t bytes) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    volatile char *room = malloc(bytes);
    if (!room) return -1;
    room[0] = 1;
    room[bytes - 1] = 1;
    free((void *)room);
  }
  return clab_now() - start;
}

struct stack {
  size_t touched;
  char *base;
  size_t size;
  long resident;
};

static void *look_at_stack(void *argument) {
  struct stack *stack = argument;
  if (stack->touched > 0) {
    volatile char *room = alloca(stack->touched);
    for (size_t i = 0; i < stack->touched; i += PAGE) room[i] = 1;
  }
  pthread_attr_t attributes;
  void *base;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &base, &stack->size);
  pthread_attr_destroy(&attributes);
  size_t pages = stack->size / PAGE;
  unsigned char *present = malloc(pages);
  if (present && mincore(base, pages * PAGE, present) == 0) {
    for (size_t i = 0; i < pages; i++) stack->resident += present[i] & 1 ? PAGE : 0;
  }
  free(present);
  return NULL;
}

long clab_stack_resident(size_t size, size_t touched) {
  struct stack stack = {.touched = touched};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size);
  pthread_t thread;
  errno = pthread_create(&thread, &attributes, look_at_stack, &stack);
  pthread_attr_destroy(&attributes);
  if (errno != 0) return -1;
  pthread_join(thread, NULL);
  return stack.resident;
}
