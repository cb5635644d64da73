#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Bytes one way, to a process that reads them all. Queues take 8 KiB in a message at most, as kernels are set up by default,
// so that a longer piece is several messages there.
enum { PLACES = 8, LARGEST = 8192, PATIENCE = 2000000 };

// What both processes see: a ring of eight places, which follow it, and what the reader measured.
struct shared {
  _Alignas(64) _Atomic uint32_t written;
  _Alignas(64) _Atomic uint32_t taken;
  _Alignas(64) _Atomic uint32_t ready;
  int64_t reader_processor, reader_wall;
};

struct stream {
  enum clab_channel channel;
  size_t size;
  long n;
  int ends[2];
  mqd_t queue;
  int number; // of a System V queue
  struct shared *shared;
  char *places;
  // A long, which is a message's kind in System V queues, and the bytes.
  struct {
    long kind;
    char bytes[];
  } *room;
};

static void wait_for(const struct stream *stream, _Atomic uint32_t *word, uint32_t seen) {
  if (stream->channel == CLAB_FUTEX) syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void tell(const struct stream *stream, _Atomic uint32_t *word, uint32_t value) {
  atomic_store(word, value);
  if (stream->channel == CLAB_FUTEX) syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static size_t messages(const struct stream *stream) { return (stream->size + LARGEST - 1) / LARGEST; }
static size_t message_size(const struct stream *stream) { return stream->size < LARGEST ? stream->size : LARGEST; }

static bool write_whole(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t count = write(fd, bytes, size);
    if (count <= 0) return false;
    bytes += count;
    size -= (size_t)count;
  }
  return true;
}

static bool write_piece(const struct stream *stream, uint32_t i) {
  struct shared *shared = stream->shared;
  uint32_t taken;
  switch (stream->channel) {
  case CLAB_FUTEX:
  case CLAB_SPIN:
    while (i - (taken = atomic_load(&shared->taken)) >= PLACES) wait_for(stream, &shared->taken, taken);
    memcpy(stream->places + (i % PLACES) * stream->size, stream->room->bytes, stream->size);
    tell(stream, &shared->written, i + 1);
    return true;
  case CLAB_MQUEUE:
    for (size_t k = 0; k < messages(stream); k++) {
      if (mq_send(stream->queue, stream->room->bytes, message_size(stream), 0) != 0) return false;
    }
    return true;
  case CLAB_SYSV:
    for (size_t k = 0; k < messages(stream); k++) {
      if (msgsnd(stream->number, stream->room, message_size(stream), 0) != 0) return false;
    }
    return true;
  default: return write_whole(stream->ends[1], stream->room->bytes, stream->size);
  }
}

static bool read_whole(const struct stream *stream) {
  for (size_t got = 0; got < stream->size;) {
    ssize_t count = read(stream->ends[0], stream->room->bytes, stream->size - got);
    if (count < 0 || (count == 0 && stream->channel != CLAB_FILE)) return false;
    // At the end of a file there is nothing to wait for: whoever reads it as a channel has to ask again.
    if (count == 0) sched_yield();
    got += (size_t)count;
  }
  return true;
}

static bool read_piece(const struct stream *stream, uint32_t i) {
  struct shared *shared = stream->shared;
  uint32_t written;
  switch (stream->channel) {
  case CLAB_FUTEX:
  case CLAB_SPIN:
    while ((written = atomic_load(&shared->written)) == i) wait_for(stream, &shared->written, written);
    memcpy(stream->room->bytes, stream->places + (i % PLACES) * stream->size, stream->size);
    tell(stream, &shared->taken, i + 1);
    return true;
  case CLAB_MQUEUE:
    for (size_t k = 0; k < messages(stream); k++) {
      if (mq_receive(stream->queue, stream->room->bytes, LARGEST, NULL) < 0) return false;
    }
    return true;
  case CLAB_SYSV:
    for (size_t k = 0; k < messages(stream); k++) {
      if (msgrcv(stream->number, stream->room, LARGEST, 0, 0) < 0) return false;
    }
    return true;
  default: return read_whole(stream);
  }
}

// A file that has no name any more; its ends have places of their own in it.
static bool open_file(int ends[2]) {
  char path[PATH_MAX];
  if (!clab_temporary(path, sizeof path, "/var/tmp", "lanes-channel")) return false;
  ends[1] = mkostemp(path, O_CLOEXEC);
  if (ends[1] < 0) return false;
  ends[0] = open(path, O_RDONLY | O_CLOEXEC);
  unlink(path);
  return ends[0] >= 0;
}

static bool open_stream(struct stream *stream) {
  switch (stream->channel) {
  case CLAB_FUTEX:
  case CLAB_SPIN: return true;
  case CLAB_PIPE: return pipe(stream->ends) == 0;
  case CLAB_FIFO: return clab_open_fifo(stream->ends);
  case CLAB_STREAM: return socketpair(AF_UNIX, SOCK_STREAM, 0, stream->ends) == 0;
  case CLAB_DATAGRAM: return socketpair(AF_UNIX, SOCK_DGRAM, 0, stream->ends) == 0;
  case CLAB_TCP: return clab_connect_tcp(stream->ends);
  case CLAB_MQUEUE: return (stream->queue = clab_open_queue(0, LARGEST)) != (mqd_t)-1;
  case CLAB_SYSV: return (stream->number = msgget(IPC_PRIVATE, 0600)) >= 0;
  case CLAB_FILE: return open_file(stream->ends);
  // It carries a number and no bytes.
  case CLAB_EVENTFD: errno = EINVAL; return false;
  }
  return false;
}

static void close_stream(struct stream *stream) {
  int code = errno;
  for (int i = 0; i < 2; i++) {
    if (stream->ends[i] >= 0) close(stream->ends[i]);
  }
  if (stream->queue != (mqd_t)-1) mq_close(stream->queue);
  if (stream->number >= 0) msgctl(stream->number, IPC_RMID, NULL);
  if (stream->shared != MAP_FAILED) munmap(stream->shared, sizeof *stream->shared + PLACES * stream->size);
  free(stream->room);
  errno = code;
}

static bool both_are_here(const struct stream *stream) {
  if (stream->channel != CLAB_SPIN) return true;
  int64_t limit = clab_now() + PATIENCE;
  while (atomic_load(&stream->shared->ready) == 0) {
    if (clab_now() > limit) return false;
  }
  return true;
}

static void read_all(const struct stream *stream) {
  atomic_store(&stream->shared->ready, 1);
  int64_t processor = clab_thread_time(), start = clab_now();
  for (long i = 0; i < stream->n; i++) {
    if (!read_piece(stream, (uint32_t)i)) _exit(1);
  }
  stream->shared->reader_wall = clab_now() - start;
  stream->shared->reader_processor = clab_thread_time() - processor;
  _exit(0);
}

// Processor time of both, or -1.
static int64_t send_all(const struct stream *stream, int cpu, int partner_cpu) {
  pid_t pid = clab_fork_bound(partner_cpu);
  if (pid == 0) read_all(stream);
  if (pid < 0) return -1;
  clab_pin(cpu);
  bool sent = both_are_here(stream);
  int64_t processor = clab_thread_time(), start = clab_now();
  for (long i = 0; sent && i < stream->n; i++) sent = write_piece(stream, (uint32_t)i);
  int64_t wall = clab_now() - start;
  processor = clab_thread_time() - processor;
  // A reader that waits for what never comes would wait for ever.
  if (!sent) kill(pid, SIGKILL);
  if (clab_reap(pid) != 0 || !sent) return -1;
  const struct shared *shared = stream->shared;
  bool waited = clab_waited(wall, processor) || clab_waited(shared->reader_wall, shared->reader_processor);
  return stream->channel == CLAB_SPIN && waited ? -1 : processor + shared->reader_processor;
}

int64_t clab_stream(enum clab_channel channel, size_t size, long n, int cpu, int partner_cpu) {
  struct stream stream = {.channel = channel, .size = size, .n = n, .ends = {-1, -1}, .queue = (mqd_t)-1, .number = -1};
  size_t most = size > LARGEST ? size : LARGEST;
  stream.shared = mmap(NULL, sizeof *stream.shared + PLACES * size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  stream.room = malloc(sizeof *stream.room + most);
  int64_t taken = -1;
  if (stream.shared != MAP_FAILED && stream.room && open_stream(&stream)) {
    // All pages are there before a clock is read.
    memset(stream.shared, 0, sizeof *stream.shared + PLACES * size);
    memset(stream.room, 1, sizeof *stream.room + most);
    stream.room->kind = 1;
    stream.places = (char *)(stream.shared + 1);
    taken = send_all(&stream, cpu, partner_cpu);
  }
  close_stream(&stream);
  return taken;
}
