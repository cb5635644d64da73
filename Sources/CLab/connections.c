#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// A server in a process of its own, with a thread for each connection or one loop for all, and a client that asks over a few
// of them. A request is a byte: 0 is answered at once, another one after so many milliseconds of computing.
enum { MOST = 4000 };

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

struct clab_server {
  pid_t pid;
  int count;
  int ends[MOST];
  int64_t memory;
};

void clab_server_free(clab_server *server) {
  if (server->pid > 0) {
    kill(server->pid, SIGKILL);
    clab_reap(server->pid);
  }
  for (int i = 0; i < server->count; i++) close(server->ends[i]);
  free(server);
}

clab_server *clab_server_new(enum clab_serving kind, int count) {
  clab_server *server = calloc(1, sizeof *server);
  int theirs[MOST], ready[2];
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (!server || count > MOST || pipe(ready) != 0) return NULL;
  for (; server->count < count; server->count++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) break;
    server->ends[server->count] = pair[0];
    theirs[server->count] = pair[1];
  }
  if (server->count == count && (server->pid = clab_fork_bound(-1)) == 0) {
    for (int i = 0; i < count; i++) close(server->ends[i]);
    int64_t before = clab_proc_number("/proc/self/status", "VmRSS:");
    if (kind == CLAB_SERVE_THREADS) serve_by_threads(theirs, count);
    int64_t grown = clab_proc_number("/proc/self/status", "VmRSS:") - before;
    if (write(ready[1], &grown, sizeof grown) != sizeof grown) _exit(70);
    if (kind == CLAB_SERVE_LOOP) serve_by_loop(theirs, count);
    for (;;) pause();
  }
  for (int i = 0; i < server->count; i++) close(theirs[i]);
  close(ready[1]);
  bool started = server->count == count && server->pid > 0 && read(ready[0], &server->memory, 8) == 8;
  close(ready[0]);
  if (started) return server;
  clab_server_free(server);
  return NULL;
}

int64_t clab_server_memory(const clab_server *server) { return server->memory * 1024; }

int64_t clab_server_requests(clab_server *server, long n) {
  // Eight of the connections ask, one after the other; the rest is idle.
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    unsigned char byte = 0;
    int fd = server->ends[(i % 8) * (server->count / 8)];
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return -1;
  }
  return clab_now() - start;
}

int64_t clab_server_behind(clab_server *server, int milliseconds) {
  unsigned char slow = (unsigned char)milliseconds, byte = 0;
  int first = server->ends[0], second = server->ends[server->count - 1];
  if (write(first, &slow, 1) != 1) return -1;
  int64_t start = clab_now();
  usleep(500);
  if (write(second, &byte, 1) != 1 || read(second, &byte, 1) != 1) return -1;
  int64_t taken = clab_now() - start;
  return read(first, &byte, 1) == 1 ? taken : -1;
}
