#define _GNU_SOURCE
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MESSAGE = 64, STOP = 9, SLOT = 4096, IDLE = 2000000 };

// What a word says beside the number of a turn: no more turns, and none for now.
enum { ENDED = -1, PARKED = -2 };

struct message {
  long kind;
  char bytes[MESSAGE];
};

// A message for each direction in shared memory, on a cache line of its own: a number, which is written last, and bytes.
struct words {
  struct {
    _Alignas(256) _Atomic uint32_t number;
    char bytes[MESSAGE - sizeof(uint32_t)];
  } line[2];
  // Whether a partner that spins waited for its core in the last batch.
  _Alignas(256) bool waited;
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

// A message in a file: its first and its last word are its number, so that half of one is not taken for the whole.
static bool write_slot(clab_pair *pair, int direction, uint32_t number) {
  uint32_t words[MESSAGE / 4] = {[0] = number, [MESSAGE / 4 - 1] = number};
  return pwrite(pair->fds[0][0], words, MESSAGE, direction * SLOT) == MESSAGE;
}

// Nobody tells a reader that a file has changed: it asks, and lets others have the core in between.
static bool read_slot(clab_pair *pair, int direction) {
  uint32_t words[MESSAGE / 4] = {0};
  for (;;) {
    if (pread(pair->fds[0][0], words, MESSAGE, direction * SLOT) != MESSAGE) return false;
    if (words[0] == words[MESSAGE / 4 - 1] && words[0] != pair->turn[direction]) break;
    sched_yield();
  }
  pair->turn[direction] = words[0];
  return words[0] != (uint32_t)ENDED;
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
    _Atomic uint32_t *number = &pair->words->line[direction].number;
    memcpy(pair->words->line[direction].bytes, message.bytes, sizeof pair->words->line[0].bytes);
    atomic_store(number, byte == STOP ? (uint32_t)ENDED : ++pair->turn[direction]);
    futex(number, FUTEX_WAKE, 1);
    return true;
  }
  case CLAB_FILE: return write_slot(pair, direction, byte == STOP ? (uint32_t)ENDED : ++pair->turn[direction]);
  default: return write(pair->fds[direction][1], message.bytes, MESSAGE) == MESSAGE;
  }
}

// A number other than `seen`, for which this thread sleeps.
static uint32_t await_number(_Atomic uint32_t *number, uint32_t seen) {
  uint32_t now;
  while ((now = atomic_load(number)) == seen) futex(number, FUTEX_WAIT, seen);
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
    uint32_t now = await_number(&pair->words->line[direction].number, pair->turn[direction]);
    memcpy(message.bytes, pair->words->line[direction].bytes, sizeof pair->words->line[0].bytes);
    pair->turn[direction] = now;
    return now != (uint32_t)ENDED;
  }
  case CLAB_FILE: return read_slot(pair, direction);
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

// What a message to a partner that spins is: a batch's first, one of it, or its last.
enum { PLAIN, FIRST, LAST };

// A number other than `seen`, spinning; after two milliseconds without one, asleep, so that no core is burnt while others are
// measured.
static uint32_t spin_for_number(_Atomic uint32_t *number, uint32_t seen) {
  uint32_t now;
  int64_t limit = 0;
  for (long i = 1; (now = atomic_load(number)) == seen || now == (uint32_t)PARKED; i++) {
    if (i % 1024 != 0) continue;
    int64_t time = clab_now();
    if (limit == 0) limit = time + IDLE;
    if (time > limit && (now == (uint32_t)PARKED || atomic_compare_exchange_strong(number, &now, (uint32_t)PARKED))) {
      await_number(number, (uint32_t)PARKED);
    }
  }
  return now;
}

// Answers each number by the same, and says at the end of a batch whether it waited for its core.
static void serve_spinning(clab_pair *pair) {
  struct words *words = pair->words;
  int64_t processor = 0, start = 0;
  char bytes[sizeof words->line[0].bytes];
  for (uint32_t now = PARKED; (now = spin_for_number(&words->line[0].number, now)) != (uint32_t)ENDED;) {
    memcpy(bytes, words->line[0].bytes, sizeof bytes);
    memcpy(words->line[1].bytes, bytes, sizeof bytes);
    if (bytes[0] == LAST) words->waited = clab_waited(clab_now() - start, clab_thread_time() - processor);
    atomic_store(&words->line[1].number, now);
    if (bytes[0] != FIRST) continue;
    futex(&words->line[1].number, FUTEX_WAKE, 1);
    processor = clab_thread_time();
    start = clab_now();
  }
}

static void serve(clab_pair *pair) {
  if (pair->channel == CLAB_SPIN) {
    serve_spinning(pair);
    return;
  }
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

bool clab_connect_tcp(int ends[2]) {
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
      ? clab_connect_tcp(ends)
      : socketpair(AF_UNIX, pair->channel == CLAB_STREAM ? SOCK_STREAM : SOCK_DGRAM, 0, ends) == 0;
  if (!opened) return false;
  pair->fds[0][1] = pair->fds[1][0] = ends[0];
  pair->fds[0][0] = pair->fds[1][1] = ends[1];
  return true;
}

bool clab_temporary(char *path, size_t room, const char *otherwise, const char *prefix) {
  const char *folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = otherwise;
  return (size_t)snprintf(path, room, "%s/%s-XXXXXX", folder, prefix) < room;
}

// A named pipe in the folder for temporary files; the name goes at once, the ends stay.
bool clab_open_fifo(int ends[2]) {
  char path[PATH_MAX];
  int file = clab_temporary(path, sizeof path, "/tmp", "lanes-fifo") ? mkstemp(path) : -1;
  if (file < 0) return false;
  close(file);
  unlink(path);
  if (mkfifo(path, 0600) != 0) return false;
  ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ends[1] = open(path, O_WRONLY | O_CLOEXEC);
  unlink(path);
  return ends[0] >= 0 && ends[1] >= 0 && fcntl(ends[0], F_SETFL, 0) == 0;
}

mqd_t clab_open_queue(int number, long size) {
  char name[64];
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = size};
  snprintf(name, sizeof name, "/lanes-%d-%d", getpid(), number);
  mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
  if (queue != (mqd_t)-1) mq_unlink(name);
  return queue;
}

static bool open_queues(clab_pair *pair) {
  for (int i = 0; i < 2; i++) {
    if ((pair->queues[i] = clab_open_queue(i, MESSAGE)) == (mqd_t)-1) return false;
  }
  return true;
}

static bool open_slots(clab_pair *pair) {
  char path[PATH_MAX];
  if (!clab_temporary(path, sizeof path, "/var/tmp", "lanes-channel")) return false;
  pair->fds[0][0] = pair->fds[0][1] = mkostemp(path, O_CLOEXEC);
  if (pair->fds[0][0] < 0) return false;
  unlink(path);
  return write_slot(pair, 0, 0) && write_slot(pair, 1, 0);
}

static bool open_channel(clab_pair *pair) {
  switch (pair->channel) {
  case CLAB_PIPE: return pipe(pair->fds[0]) == 0 && pipe(pair->fds[1]) == 0;
  case CLAB_FIFO: return clab_open_fifo(pair->fds[0]) && clab_open_fifo(pair->fds[1]);
  case CLAB_EVENTFD:
    for (int i = 0; i < 2; i++) {
      if ((pair->fds[i][0] = pair->fds[i][1] = eventfd(0, EFD_CLOEXEC)) < 0) return false;
    }
    return true;
  case CLAB_MQUEUE: return open_queues(pair);
  case CLAB_SYSV: return (pair->queue = msgget(IPC_PRIVATE, 0600)) >= 0;
  case CLAB_FUTEX: return true;
  case CLAB_SPIN: atomic_store(&pair->words->line[0].number, (uint32_t)PARKED); return true;
  case CLAB_FILE: return open_slots(pair);
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

// One message to a partner that spins, and its answer, for which this thread sleeps where it is a batch's first.
static void spin_once(clab_pair *pair, char kind) {
  struct words *words = pair->words;
  char bytes[sizeof words->line[0].bytes] = {kind};
  uint32_t turn = ++pair->turn[0], seen = turn - 1, before;
  memcpy(words->line[0].bytes, bytes, sizeof bytes);
  before = atomic_exchange(&words->line[0].number, turn);
  if (before == (uint32_t)PARKED) futex(&words->line[0].number, FUTEX_WAKE, 1);
  if (kind == FIRST) await_number(&words->line[1].number, seen);
  while (atomic_load(&words->line[1].number) != turn) {}
  memcpy(bytes, words->line[1].bytes, sizeof bytes);
}

static int64_t spin_trips(clab_pair *pair, long n) {
  if (pair->partner == CLAB_SELF) return -1;
  spin_once(pair, FIRST);
  int64_t processor = clab_thread_time(), start = clab_now();
  for (long i = 0; i < n; i++) spin_once(pair, PLAIN);
  int64_t wall = clab_now() - start;
  processor = clab_thread_time() - processor;
  spin_once(pair, LAST);
  return clab_waited(wall, processor) || pair->words->waited ? -1 : wall;
}

int64_t clab_pair_trips(clab_pair *pair, long n) {
  if (pair->channel == CLAB_SPIN) return spin_trips(pair, n);
  bool alone = pair->partner == CLAB_SELF;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    if (!send_one(pair, 0, 1)) return -1;
    if (alone) {
      // The partner's half of the calls and of the memory, without a partner.
      if (pair->channel == CLAB_FUTEX) return -1;
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
