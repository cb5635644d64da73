#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// A server in processes of its own, and a client that asks over a few of its connections. A request is a byte: 0 is answered at once, another one after so many milliseconds of computing.
enum { MOST = 4000, SILENCE = 500 };

static void work_for(int64_t nanoseconds) {
  int64_t end = clab_thread_time() + nanoseconds;
  while (clab_thread_time() < end) {}
}

static bool answer_one(int fd) {
  unsigned char byte;
  if (read(fd, &byte, 1) != 1) return false;
  if (byte > 0) work_for(byte * 1000000L);
  return write(fd, &byte, 1) == 1;
}

static void *serve_connection(void *argument) {
  int fd = (int)(intptr_t)argument;
  while (answer_one(fd)) {}
  return NULL;
}

static void serve_by_threads(const int *fds, int count) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, serve_connection, (void *)(intptr_t)fds[i]) != 0) _exit(70);
  }
}

static void serve_by_loop(const int *fds, int count) {
  struct epoll_event events[64];
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
  }
  for (;;) {
    int ready = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      if (!answer_one(events[i].data.fd)) epoll_ctl(epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
    }
  }
}

// The next connection comes from a counter that all share, as accept(2) would give it; it is served until it is closed.
static void serve_in_turn(const int *fds, int count, atomic_int *next) {
  for (int i; (i = atomic_fetch_add(next, 1)) < count;) {
    while (answer_one(fds[i])) {}
  }
}

struct clab_server {
  enum clab_serving kind;
  int count, processes;
  pid_t pids[CLAB_PREFORKED];
  int ends[MOST];
  int64_t before;
};

void clab_server_free(clab_server *server) {
  for (int i = 0; i < server->processes; i++) {
    kill(server->pids[i], SIGKILL);
    clab_reap(server->pids[i]);
  }
  for (int i = 0; i < server->count; i++) close(server->ends[i]);
  free(server);
}

// Pages of a process that no other has, and the tables for all; bytes.
static int64_t private_memory(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  int64_t sum = clab_proc_number(path, "Private_Clean:") + clab_proc_number(path, "Private_Dirty:");
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  return (sum + clab_proc_number(path, "VmPTE:")) * 1024;
}

static void serve(enum clab_serving kind, const int *fds, int count, int ready, atomic_int *next) {
  int64_t before = kind == CLAB_SERVE_PREFORK ? 0 : private_memory(getpid());
  if (kind == CLAB_SERVE_THREADS) serve_by_threads(fds, count);
  if (write(ready, &before, sizeof before) != sizeof before) _exit(70);
  if (kind == CLAB_SERVE_LOOP) serve_by_loop(fds, count);
  if (kind == CLAB_SERVE_PREFORK) serve_in_turn(fds, count, next);
  for (;;) pause();
}

clab_server *clab_server_new(enum clab_serving kind, int count, int cpu) {
  clab_server *server = calloc(1, sizeof *server);
  atomic_int *next = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int theirs[MOST], ready[2];
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (!server || next == MAP_FAILED || count > MOST || pipe(ready) != 0) return NULL;
  server->kind = kind;
  for (; server->count < count; server->count++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) break;
    server->ends[server->count] = pair[0];
    theirs[server->count] = pair[1];
  }
  bool started = server->count == count;
  int wanted = kind == CLAB_SERVE_PREFORK ? CLAB_PREFORKED : 1;
  while (started && server->processes < wanted) {
    pid_t pid = clab_fork_bound(cpu);
    if (pid == 0) {
      for (int i = 0; i < count; i++) close(server->ends[i]);
      serve(kind, theirs, count, ready[1], next);
    }
    if (pid > 0) server->pids[server->processes++] = pid;
    started = pid > 0;
  }
  for (int i = 0; i < server->count; i++) close(theirs[i]);
  close(ready[1]);
  for (int i = 0; started && i < server->processes; i++) started = read(ready[0], &server->before, 8) == 8;
  close(ready[0]);
  munmap(next, 4096);
  if (started) return server;
  clab_server_free(server);
  return NULL;
}

// The connections that processes took first are the first; of the others they are spread over all.
static int active(const clab_server *server, int i) {
  return server->ends[server->kind == CLAB_SERVE_PREFORK ? i : i * (server->count / CLAB_ACTIVE)];
}

static int last(const clab_server *server) {
  return server->ends[server->kind == CLAB_SERVE_PREFORK ? CLAB_PREFORKED - 1 : server->count - 1];
}

int clab_server_answered(clab_server *server) {
  struct epoll_event events[64];
  int epoll = epoll_create1(EPOLL_CLOEXEC), answered = 0, ready;
  if (epoll < 0) return -1;
  unsigned char byte = 0;
  for (int i = 0; i < server->count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server->ends[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, server->ends[i], &event);
    if (write(server->ends[i], &byte, 1) != 1) return -1;
  }
  while (answered < server->count && (ready = epoll_wait(epoll, events, 64, SILENCE)) > 0) {
    for (int i = 0; i < ready; i++) answered += read(events[i].data.fd, &byte, 1) == 1 ? 1 : 0;
  }
  close(epoll);
  return answered;
}

int64_t clab_server_memory(const clab_server *server) {
  int64_t sum = 0;
  for (int i = 0; i < server->processes; i++) sum += private_memory(server->pids[i]) - server->before;
  return sum;
}

int64_t clab_server_requests(clab_server *server, long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    unsigned char byte = 0;
    int fd = active(server, (int)(i % CLAB_ACTIVE));
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return -1;
  }
  return clab_now() - start;
}

int64_t clab_server_rounds(clab_server *server, long n, int64_t *times) {
  int64_t start = clab_now(), asked[CLAB_ACTIVE];
  for (long k = 0; k < n; k++) {
    unsigned char byte = 0;
    for (int i = 0; i < CLAB_ACTIVE; i++) {
      asked[i] = times ? clab_now() : 0;
      if (write(active(server, i), &byte, 1) != 1) return -1;
    }
    for (int i = 0; i < CLAB_ACTIVE; i++) {
      if (read(active(server, i), &byte, 1) != 1) return -1;
      if (times) times[k * CLAB_ACTIVE + i] = clab_now() - asked[i];
    }
  }
  return clab_now() - start;
}

int64_t clab_server_behind(clab_server *server, int milliseconds) {
  unsigned char slow = (unsigned char)milliseconds, byte = 0;
  int first = active(server, 0), second = last(server);
  if (write(first, &slow, 1) != 1) return -1;
  int64_t start = clab_now();
  usleep(500);
  if (write(second, &byte, 1) != 1 || read(second, &byte, 1) != 1) return -1;
  int64_t taken = clab_now() - start;
  return read(first, &byte, 1) == 1 ? taken : -1;
}
