#define _GNU_SOURCE
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE = 64, STOP = 9, TCP_BUFFER = 1 << 18 };

struct message {
  long kind;
  char bytes[MESSAGE];
};

// Two words in shared memory, each on a cache line of its own: one for each direction.
struct words {
  _Alignas(256) _Atomic uint32_t word[2][64];
};

struct clab_pair {
  enum clab_channel channel;
  enum clab_partner partner;
  int cpu, partner_cpu;
  // fds[direction][0] is read, fds[direction][1] is written; a socket's ends serve both directions.
  int fds[2][2];
  mqd_t queues[2];
  int queue;
  struct words *words;
  uint32_t turn[2];
  size_t touched;
  char *own, *others;
  pid_t pid;
  pthread_t thread;
};

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
  syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static bool send_one(clab_pair *pair, int direction, char byte) {
  struct message message = {.kind = direction + 1};
  message.bytes[0] = byte;
  uint64_t count = byte == STOP ? 1000 : 1;
  switch (pair->channel) {
  case CLAB_EVENTFD: return write(pair->fds[direction][1], &count, 8) == 8;
  case CLAB_MQUEUE: return mq_send(pair->queues[direction], message.bytes, MESSAGE, 0) == 0;
  case CLAB_SYSV: return msgsnd(pair->queue, &message, MESSAGE, 0) == 0;
  case CLAB_FUTEX:
  case CLAB_SPIN: {
    _Atomic uint32_t *word = &pair->words->word[direction][0];
    atomic_store(word, byte == STOP ? UINT32_MAX : ++pair->turn[direction]);
    if (pair->channel == CLAB_FUTEX) futex(word, FUTEX_WAKE, 1);
    return true;
  }
  default: return write(pair->fds[direction][1], message.bytes, MESSAGE) == MESSAGE;
  }
}

// A word other than `seen`; futexes sleep for it, spinning burns for it.
static uint32_t await_word(clab_pair *pair, _Atomic uint32_t *word, uint32_t seen) {
  uint32_t now;
  while ((now = atomic_load(word)) == seen) {
    if (pair->channel == CLAB_FUTEX) futex(word, FUTEX_WAIT, seen);
  }
  return now;
}

static bool receive_one(clab_pair *pair, int direction) {
  struct message message;
  uint64_t count;
  switch (pair->channel) {
  case CLAB_EVENTFD: return read(pair->fds[direction][0], &count, 8) == 8 && count == 1;
  case CLAB_MQUEUE: return mq_receive(pair->queues[direction], message.bytes, MESSAGE, NULL) > 0 && message.bytes[0] != STOP;
  case CLAB_SYSV: return msgrcv(pair->queue, &message, MESSAGE, direction + 1, 0) > 0 && message.bytes[0] != STOP;
  case CLAB_FUTEX:
  case CLAB_SPIN: {
    uint32_t now = await_word(pair, &pair->words->word[direction][0], pair->turn[direction]);
    pair->turn[direction] = now;
    return now != UINT32_MAX;
  }
  default: {
    size_t got = 0;
    while (got < MESSAGE) {
      ssize_t count = read(pair->fds[direction][0], message.bytes + got, MESSAGE - got);
      if (count <= 0) return false;
      got += (size_t)count;
    }
    return message.bytes[0] != STOP;
  }
  }
}

static void touch(volatile char *memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) memory[i]++;
}

static void serve(clab_pair *pair) {
  while (receive_one(pair, 0)) {
    touch(pair->others, pair->touched);
    if (!send_one(pair, 1, 1)) break;
  }
}

static void *serve_thread(void *argument) {
  clab_pair *pair = argument;
  // The turns of a direction are counted by either side for itself.
  clab_pair own = *pair;
  clab_pin(pair->partner_cpu);
  serve(&own);
  return NULL;
}

static bool connect_tcp(int ends[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (listener < 0) return false;
  ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected = bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
      connect(ends[0], (struct sockaddr *)&address, length) == 0 && (ends[1] = accept(listener, NULL, NULL)) >= 0;
  close(listener);
  if (!connected) return false;
  for (int i = 0; i < 2; i++) setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return true;
}

static bool open_sockets(clab_pair *pair) {
  int ends[2];
  bool opened = pair->channel == CLAB_TCP
      ? connect_tcp(ends)
      : socketpair(AF_UNIX, pair->channel == CLAB_STREAM ? SOCK_STREAM : SOCK_DGRAM, 0, ends) == 0;
  if (!opened) return false;
  pair->fds[0][1] = pair->fds[1][0] = ends[0];
  pair->fds[0][0] = pair->fds[1][1] = ends[1];
  return true;
}

// A named pipe in the folder for temporary files; the name goes at once, the ends stay.
static bool open_fifo(int ends[2]) {
  char path[] = "/tmp/lanes-fifo-XXXXXX";
  int file = mkstemp(path);
  if (file < 0) return false;
  close(file);
  unlink(path);
  if (mkfifo(path, 0600) != 0) return false;
  ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ends[1] = open(path, O_WRONLY | O_CLOEXEC);
  unlink(path);
  return ends[0] >= 0 && ends[1] >= 0 && fcntl(ends[0], F_SETFL, 0) == 0;
}

static bool open_queues(clab_pair *pair) {
  for (int i = 0; i < 2; i++) {
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = MESSAGE};
    snprintf(name, sizeof name, "/lanes-%d-%d", getpid(), i);
    pair->queues[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (pair->queues[i] == (mqd_t)-1) return false;
    mq_unlink(name);
  }
  return true;
}

static bool open_channel(clab_pair *pair) {
  switch (pair->channel) {
  case CLAB_PIPE: return pipe(pair->fds[0]) == 0 && pipe(pair->fds[1]) == 0;
  case CLAB_FIFO: return open_fifo(pair->fds[0]) && open_fifo(pair->fds[1]);
  case CLAB_EVENTFD:
    for (int i = 0; i < 2; i++) {
      if ((pair->fds[i][0] = pair->fds[i][1] = eventfd(0, EFD_CLOEXEC)) < 0) return false;
    }
    return true;
  case CLAB_MQUEUE: return open_queues(pair);
  case CLAB_SYSV: return (pair->queue = msgget(IPC_PRIVATE, 0600)) >= 0;
  case CLAB_FUTEX:
  case CLAB_SPIN: return true;
  default: return open_sockets(pair);
  }
}

clab_pair *clab_pair_new(enum clab_channel channel, enum clab_partner partner, int cpu, int partner_cpu, size_t touched) {
  clab_pair *pair = calloc(1, sizeof *pair);
  if (!pair) return NULL;
  pair->channel = channel;
  pair->partner = partner;
  pair->cpu = cpu;
  pair->partner_cpu = partner_cpu;
  pair->touched = touched;
  for (int i = 0; i < 2; i++) {
    pair->fds[i][0] = pair->fds[i][1] = -1;
    pair->queues[i] = (mqd_t)-1;
  }
  pair->queue = -1;
  pair->words = mmap(NULL, sizeof *pair->words, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pair->own = clab_map(touched + 4096, false);
  pair->others = clab_map(touched + 4096, false);
  bool started = pair->words != MAP_FAILED && pair->own && pair->others && open_channel(pair);
  clab_pin(cpu);
  if (started && partner == CLAB_THREAD) {
    started = (errno = pthread_create(&pair->thread, NULL, serve_thread, pair)) == 0;
  } else if (started && partner == CLAB_PROCESS) {
    pair->pid = clab_fork_bound(partner_cpu);
    if (pair->pid == 0) {
      serve(pair);
      _exit(0);
    }
    started = pair->pid > 0;
  }
  if (!started) {
    int code = errno;
    pair->partner = CLAB_SELF;
    clab_pair_free(pair);
    errno = code;
    return NULL;
  }
  return pair;
}

int64_t clab_pair_trips(clab_pair *pair, long n) {
  bool alone = pair->partner == CLAB_SELF;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    if (!send_one(pair, 0, 1)) return -1;
    if (alone) {
      // The partner's half of the calls and of the memory, without a partner.
      if (pair->channel == CLAB_FUTEX || pair->channel == CLAB_SPIN) return -1;
      if (!receive_one(pair, 0) || !send_one(pair, 1, 1)) return -1;
      touch(pair->others, pair->touched);
    }
    if (!receive_one(pair, 1)) return -1;
    touch(pair->own, pair->touched);
  }
  return clab_now() - start;
}

static void close_end(int fd) {
  if (fd >= 0) close(fd);
}

void clab_pair_free(clab_pair *pair) {
  if (pair->partner != CLAB_SELF) send_one(pair, 0, STOP);
  if (pair->partner == CLAB_THREAD) pthread_join(pair->thread, NULL);
  if (pair->partner == CLAB_PROCESS) clab_reap(pair->pid);
  bool shared_ends = pair->channel == CLAB_STREAM || pair->channel == CLAB_DATAGRAM || pair->channel == CLAB_TCP;
  for (int i = 0; i < 2; i++) {
    close_end(pair->fds[i][0]);
    if (!shared_ends && pair->fds[i][1] != pair->fds[i][0]) close_end(pair->fds[i][1]);
    if (pair->queues[i] != (mqd_t)-1) mq_close(pair->queues[i]);
  }
  if (pair->queue >= 0) msgctl(pair->queue, IPC_RMID, NULL);
  if (pair->words && pair->words != MAP_FAILED) munmap(pair->words, sizeof *pair->words);
  if (pair->own) clab_unmap(pair->own, pair->touched + 4096);
  if (pair->others) clab_unmap(pair->others, pair->touched + 4096);
  free(pair);
}

// A ring of eight places in shared memory; either side sleeps on a futex when it is full or empty.
struct ring {
  _Alignas(64) _Atomic uint32_t written;
  _Alignas(64) _Atomic uint32_t taken;
};
enum { PLACES = 8 };

static void write_ring(struct ring *ring, char *places, const char *bytes, size_t size, long n) {
  for (uint32_t i = 0; i < (uint32_t)n; i++) {
    uint32_t taken;
    while (i - (taken = atomic_load(&ring->taken)) >= PLACES) futex(&ring->taken, FUTEX_WAIT, taken);
    memcpy(places + (i % PLACES) * size, bytes, size);
    atomic_store(&ring->written, i + 1);
    futex(&ring->written, FUTEX_WAKE, 1);
  }
}

static void read_ring(struct ring *ring, const char *places, char *bytes, size_t size, long n) {
  for (uint32_t i = 0; i < (uint32_t)n; i++) {
    uint32_t written;
    while ((written = atomic_load(&ring->written)) == i) futex(&ring->written, FUTEX_WAIT, written);
    memcpy(bytes, places + (i % PLACES) * size, size);
    atomic_store(&ring->taken, i + 1);
    futex(&ring->taken, FUTEX_WAKE, 1);
  }
}

static void read_descriptor(int fd, char *bytes, size_t size) {
  while (read(fd, bytes, size) > 0) {}
}

int64_t clab_stream(enum clab_channel channel, size_t size, long n, int cpu, int partner_cpu) {
  size_t room = size * PLACES + sizeof(struct ring);
  struct ring *ring = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *bytes = clab_map(size + 4096, false);
  int ends[2] = {-1, -1};
  bool opened = channel == CLAB_FUTEX || (channel == CLAB_PIPE && pipe(ends) == 0) ||
      (channel == CLAB_STREAM && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) || (channel == CLAB_TCP && connect_tcp(ends));
  if (ring == MAP_FAILED || !bytes || !opened) return -1;
  memset(ring, 0, room);
  char *places = (char *)(ring + 1);
  pid_t pid = clab_fork_bound(partner_cpu);
  if (pid == 0) {
    close(ends[1]);
    if (channel == CLAB_FUTEX) read_ring(ring, places, bytes, size, n);
    else read_descriptor(ends[0], bytes, size);
    _exit(0);
  }
  close(ends[0]);
  clab_pin(cpu);
  int64_t start = clab_thread_time(), taken = pid > 0 ? 0 : -1;
  if (channel == CLAB_FUTEX && taken == 0) write_ring(ring, places, bytes, size, n);
  for (long i = 0; channel != CLAB_FUTEX && taken == 0 && i < n; i++) {
    for (size_t sent = 0; sent < size;) {
      ssize_t count = write(ends[1], bytes + sent, size - sent);
      if (count <= 0) {
        taken = -1;
        break;
      }
      sent += (size_t)count;
    }
  }
  close(ends[1]);
  int64_t own = clab_thread_time() - start;
  struct rusage usage = {0};
  while (pid > 0 && wait4(pid, NULL, 0, &usage) < 0 && errno == EINTR) {}
  int64_t microseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  if (taken == 0) taken = own + microseconds * 1000;
  munmap(ring, room);
  clab_unmap(bytes, size + 4096);
  return taken;
}
