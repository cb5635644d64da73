// io_uring through liburing, whose calls are inline functions on the kernel's nested unions: easier to keep here than
// in Swift.
#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#if __has_include(<liburing/io_uring_version.h>)
#include <liburing/io_uring_version.h>
#endif
#include <stdlib.h>
#include <sys/uio.h>

struct clinux_ring {
  struct io_uring uring;
};

clinux_ring *clinux_ring_new(unsigned depth, int wake_fd, unsigned workers) {
  unsigned most[2] = {workers, 0}; // for regular files; 0 leaves those for pipes and sockets as they are
  // CLAMP makes a depth beyond the kernel's limit the limit, instead of an error.
  struct io_uring_params params = {.flags = IORING_SETUP_CLAMP};
  clinux_ring *ring = calloc(1, sizeof *ring);
  if (!ring) return NULL;
  int failure = io_uring_queue_init_params(depth, &ring->uring, &params);
  if (failure == 0) {
    failure = io_uring_register_eventfd(&ring->uring, wake_fd);
    if (failure != 0) io_uring_queue_exit(&ring->uring);
  }
  if (failure != 0) {
    free(ring);
    errno = -failure;
    return NULL;
  }
  // Older kernels keep their own number, which is as well.
  (void)io_uring_register_iowq_max_workers(&ring->uring, most);
  return ring;
}

void clinux_ring_free(clinux_ring *ring) {
  io_uring_queue_exit(&ring->uring);
  free(ring);
}

bool clinux_ring_open(clinux_ring *ring, const char *path, uint64_t token) {
  struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
  // The queue is full: `submit` makes room.
  if (!request) return false;
  io_uring_prep_openat(request, AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_CLOEXEC, 0);
  io_uring_sqe_set_data64(request, token);
  return true;
}

// RWF_NOWAIT reads what is in the page cache or fails; IOSQE_ASYNC goes to a worker thread without trying first.
static void set_way(struct io_uring_sqe *request, enum clinux_way way) {
  if (way == CLINUX_IF_CACHED) request->rw_flags = RWF_NOWAIT;
  if (way == CLINUX_BY_WORKER) io_uring_sqe_set_flags(request, IOSQE_ASYNC);
}

bool clinux_ring_read(
    clinux_ring *ring, int fd, void *room, unsigned length, int64_t offset, enum clinux_way way, uint64_t token) {
  struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
  if (!request) return false;
  io_uring_prep_read(request, fd, room, length, (uint64_t)offset);
  set_way(request, way);
  io_uring_sqe_set_data64(request, token);
  return true;
}

bool clinux_ring_write(
    clinux_ring *ring, int fd, const void *bytes, unsigned length, int64_t offset, enum clinux_way way, uint64_t token) {
  struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
  if (!request) return false;
  io_uring_prep_write(request, fd, bytes, length, (uint64_t)offset);
  set_way(request, way);
  io_uring_sqe_set_data64(request, token);
  return true;
}

int clinux_ring_submit(clinux_ring *ring) { return io_uring_submit(&ring->uring); }

unsigned clinux_ring_queued(clinux_ring *ring) { return io_uring_sq_ready(&ring->uring); }

bool clinux_ring_next(clinux_ring *ring, uint64_t *token, int32_t *result) {
  struct io_uring_cqe *completion;
  if (io_uring_peek_cqe(&ring->uring, &completion) != 0) return false;
  *token = io_uring_cqe_get_data64(completion);
  *result = completion->res;
  io_uring_cqe_seen(&ring->uring, completion);
  return true;
}

#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)

const char *clinux_ring_version(void) {
#ifdef IO_URING_VERSION_MAJOR
  return TEXT(IO_URING_VERSION_MAJOR) "." TEXT(IO_URING_VERSION_MINOR);
#else
  return "";
#endif
}
