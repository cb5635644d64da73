#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

static volatile int global = 1;
static __thread int own;

#define ADDRESS(place) ((uint64_t)(uintptr_t)(place))

// The whole of /proc/self/maps, which comes a page at a time, and a zero; its length, or -1.
static long read_maps(char *room, size_t size) {
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  size_t got = 0;
  ssize_t count;
  while (got < size - 1 && (count = read(file, room + got, size - 1 - got)) > 0) got += (size_t)count;
  close(file);
  room[got] = 0;
  return (long)got;
}

// Where the frame of a function lies that is called.
__attribute__((noinline)) static uint64_t deeper(void) {
  volatile int local = 0;
  return ADDRESS(__builtin_frame_address(0)) + (uint64_t)local;
}

int clab_layout(struct clab_layout *result, char *maps, size_t size) {
  volatile int local = 0;
  char *heap = malloc(64), *mapped = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!heap || mapped == MAP_FAILED) return -1;
  heap[0] = mapped[0] = 1;
  *result = (struct clab_layout){
      .function = ADDRESS(clab_layout), .global = ADDRESS(&global), .heap = ADDRESS(heap), .mapped = ADDRESS(mapped),
      .local = ADDRESS(&local), .deeper = deeper(),
      .linker = getauxval(AT_BASE),
  };
  bool is_read = read_maps(maps, size) > 0;
  free(heap);
  munmap(mapped, 16 * PAGE);
  return is_read ? 0 : -1;
}

struct other {
  struct clab_side side;
  char *heap;
  int file;
  bool stack_is_own;
  uint64_t first_local;
  pthread_barrier_t *barrier;
};

static struct clab_side side(void) {
  int local;
  return (struct clab_side){
      .process = getpid(), .thread = (int)syscall(SYS_gettid), .error = errno, .global = ADDRESS(&global), .stack = ADDRESS(&local),
      .own = ADDRESS(&own), .frame = ADDRESS(__builtin_frame_address(0)),
  };
}

static void *live_beside(void *argument) {
  struct other *other = argument;
  pthread_attr_t attributes;
  void *lowest = NULL;
  size_t size = 0;
  errno = EDOM;
  own = 2;
  global = 2;
  *other->heap = 2;
  other->side = side();
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
  }
  uint64_t low = ADDRESS(lowest), high = low + size;
  other->stack_is_own = other->side.stack >= low && other->side.stack < high && !(other->first_local >= low && other->first_local < high);
  other->file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // The first thread looks while both are alive.
  pthread_barrier_wait(other->barrier);
  pthread_barrier_wait(other->barrier);
  return NULL;
}

int clab_two_threads(struct clab_two *result) {
  pthread_barrier_t barrier;
  pthread_t thread;
  char *heap = malloc(1);
  if (!heap) return -1;
  *heap = 1;
  global = own = 1;
  errno = 0;
  *result = (struct clab_two){.first = side()};
  struct other other = {.heap = heap, .file = -1, .first_local = result->first.stack, .barrier = &barrier};
  pthread_barrier_init(&barrier, NULL, 2);
  if ((errno = pthread_create(&thread, NULL, live_beside, &other)) != 0) return -1;
  // What is one's own is what the other could not change.
  errno = 0;
  pthread_barrier_wait(&barrier);
  result->first.error = errno;
  result->second = other.side;
  result->shares_process = other.side.process == result->first.process;
  result->shares_global = other.side.global == result->first.global && global == 2;
  result->shares_heap = *heap == 2;
  result->shares_descriptors = other.file >= 0 && fcntl(other.file, F_GETFD) >= 0;
  result->owns_thread = other.side.thread != result->first.thread;
  result->owns_stack = other.stack_is_own;
  result->owns_registers = other.side.frame != result->first.frame;
  result->owns_error = other.side.error == EDOM && result->first.error == 0;
  result->owns_local = other.side.own != result->first.own && own == 1;
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  if (other.file >= 0) close(other.file);
  pthread_barrier_destroy(&barrier);
  free(heap);
  return 0;
}

int clab_after_fork(struct clab_forked *result) {
  enum { ROOM = 1 << 17 };
  struct seen {
    int process, parent, global;
    char maps[ROOM];
  } *child = mmap(NULL, sizeof *child, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  static char maps[ROOM];
  int ends[2];
  if (child == MAP_FAILED || pipe(ends) != 0) return -1;
  global = 7;
  if (read_maps(maps, ROOM) < 0) return -1;
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    child->process = getpid();
    child->parent = getppid();
    child->global = global;
    _exit(read_maps(child->maps, ROOM) > 0 && write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  if (pid < 0 || clab_reap(pid) != 0) return -1;
  char byte = 0;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *result = (struct clab_forked){
      .own_process = child->process == pid && child->parent == getpid() && pid != getpid(),
      .same_maps = strcmp(maps, child->maps) == 0,
      .same_global = child->global == 7,
      .same_descriptor = read(ends[0], &byte, 1) == 1 && byte == 'x',
  };
  close(ends[0]);
  close(ends[1]);
  munmap(child, sizeof *child);
  return 0;
}

// What the new program prints: its process, whether descriptors $1 and $2 are open, and where its memory is.
static const char script[] = "echo $$\n"
                             "for fd; do if [ -e /proc/self/fd/$fd ]; then echo open; else echo closed; fi; done\n"
                             "while read -r line; do echo \"$line\"; done </proc/self/maps";

long clab_after_exec(int *process, char *text, size_t size) {
  int ends[2], kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (kept < 0 || closed < 0 || pipe(ends) != 0) return -1;
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    char first[16], second[16];
    snprintf(first, sizeof first, "%d", kept);
    snprintf(second, sizeof second, "%d", closed);
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execl("/bin/sh", "sh", "-c", script, "sh", first, second, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  close(kept);
  close(closed);
  size_t got = 0;
  ssize_t count;
  while (pid > 0 && got < size - 1 && (count = read(ends[0], text + got, size - 1 - got)) > 0) got += (size_t)count;
  close(ends[0]);
  text[got] = 0;
  *process = pid;
  return pid > 0 && clab_reap(pid) == 0 ? (long)got : -1;
}
