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
  // Places in the ring's own table of open files, 0 where there is none; each load takes the next one.
  unsigned files, next_file;
};

// The user data of a request whose success nobody is told, besides the token of the load that it belongs to.
#define ONLY_FAILURE (1ull << 63)

clinux_ring *clinux_ring_new(unsigned depth, int wake_fd, unsigned workers) {
  unsigned most[2] = {workers, 0}; // for regular files; 0 leaves those for pipes and sockets as they are
  // CLAMP makes a depth beyond the kernel's limit the limit, instead of an error. COOP_TASKRUN (Linux 5.19) has the kernel
  // interrupt nobody for what ends, since the thread that asked calls it soon anyway.
  struct io_uring_params params = {.flags = IORING_SETUP_CLAMP | IORING_SETUP_COOP_TASKRUN};
  clinux_ring *ring = calloc(1, sizeof *ring);
  if (!ring) return NULL;
  int failure = io_uring_queue_init_params(depth, &ring->uring, &params);
  if (failure == -EINVAL) {
    params = (struct io_uring_params){.flags = IORING_SETUP_CLAMP};
    failure = io_uring_queue_init_params(depth, &ring->uring, &params);
  }
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
  // More than loads under way: a file is closed after its load has ended, long before its place comes round again.
  unsigned files = depth / 2;
  if (io_uring_register_files_sparse(&ring->uring, files) == 0) ring->files = files;
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

bool clinux_ring_can_load(clinux_ring *ring) { return ring->files > 0; }

bool clinux_ring_load(clinux_ring *ring, const char *path, void *room, unsigned length, uint64_t token) {
  if (io_uring_sq_space_left(&ring->uring) < 3) return false;
  unsigned file = ring->next_file;
  ring->next_file = (file + 1) % ring->files;
  struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
  io_uring_prep_openat_direct(request, AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0, file);
  io_uring_sqe_set_flags(request, IOSQE_ASYNC | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data64(request, token | ONLY_FAILURE);
  request = io_uring_get_sqe(&ring->uring);
  io_uring_prep_read(request, (int)file, room, length, 0);
  // A hard link goes on behind a failure and behind fewer bytes than there is room for.
  io_uring_sqe_set_flags(request, IOSQE_ASYNC | IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK);
  io_uring_sqe_set_data64(request, token);
  request = io_uring_get_sqe(&ring->uring);
  io_uring_prep_close_direct(request, file);
  io_uring_sqe_set_flags(request, IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data64(request, ONLY_FAILURE);
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
  while (io_uring_peek_cqe(&ring->uring, &completion) == 0) {
    uint64_t data = io_uring_cqe_get_data64(completion);
    *token = data & ~ONLY_FAILURE;
    *result = completion->res;
    io_uring_cqe_seen(&ring->uring, completion);
    // What follows an open that failed is canceled, and that is no news; nothing else is ever canceled.
    if (*result != -ECANCELED && data != ONLY_FAILURE) return true;
  }
  return false;
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
