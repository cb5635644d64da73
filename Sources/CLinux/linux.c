#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

const uint32_t clinux_epollin = EPOLLIN, clinux_epollout = EPOLLOUT, clinux_epollerr = EPOLLERR,
               clinux_epollhup = EPOLLHUP;
const int clinux_o_tmpfile = O_TMPFILE, clinux_o_path = O_PATH;
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 // Linux 5.14; the headers may be older than the kernel
#endif
const int clinux_madv_populate_read = MADV_POPULATE_READ;

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, fd, &event);
}
int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}
int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}
int clinux_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int clinux_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int limit, int timeout) {
  // What does not fit comes with the next call.
  enum { most = 64 };
  struct epoll_event ready[most];
  int count = epoll_wait(epoll, ready, limit < most ? limit : most, timeout);
  for (int i = 0; i < count; i++) {
    tokens[i] = ready[i].data.u64;
    events[i] = ready[i].events;
  }
  return count;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int clinux_memfd(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  // A failure to seal is no reason to do without: the seal only guards against a process that misbehaves.
  if (fd >= 0) (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  return fd;
}
int clinux_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC); }
pid_t clinux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }
int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int clinux_pidfd_kill(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }
int clinux_spawn_in(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}
int clinux_close_from(unsigned first) { return (int)syscall(SYS_close_range, first, UINT_MAX, 0); }

int clinux_die_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
  // The parent may have ended before the call above, and then nothing would be sent.
  if (getppid() == parent) return 0;
  errno = ESRCH;
  return -1;
}

int clinux_cpu_count(void) {
  // With more CPUs than CPU_SETSIZE (1024) the kernel refuses a cpu_set_t with EINVAL; 8192 is the most that Linux
  // supports on x86-64.
  size_t size = CPU_ALLOC_SIZE(8192);
  cpu_set_t *set = CPU_ALLOC(8192);
  if (!set) return -1;
  int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -1;
  CPU_FREE(set);
  return count;
}

static int64_t nanoseconds(struct timeval time) { return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL; }

static void copy_usage(const struct rusage *from, struct clinux_usage *to) {
  *to = (struct clinux_usage){
      .user_ns = nanoseconds(from->ru_utime),
      .system_ns = nanoseconds(from->ru_stime),
      .minor_faults = from->ru_minflt,
      .major_faults = from->ru_majflt,
      .voluntary = from->ru_nvcsw,
      .involuntary = from->ru_nivcsw,
      // In units of 512 bytes, whatever the device's blocks are (task_io_get_inblock of the kernel).
      .storage_read = from->ru_inblock * 512L,
      .storage_written = from->ru_oublock * 512L,
      .peak_memory = from->ru_maxrss * 1024L,
  };
}

pid_t clinux_wait(pid_t pid, int *status, struct clinux_usage *usage, bool nohang) {
  struct rusage counted;
  pid_t ended = wait4(pid, status, nohang ? WNOHANG : 0, &counted);
  if (ended > 0) copy_usage(&counted, usage);
  return ended;
}

int clinux_self_usage(struct clinux_usage *usage) {
  struct rusage counted;
  if (getrusage(RUSAGE_SELF, &counted) != 0) return -1;
  copy_usage(&counted, usage);
  return 0;
}

int clinux_thread_usage(struct clinux_usage *usage) {
  struct rusage counted;
  if (getrusage(RUSAGE_THREAD, &counted) != 0) return -1;
  copy_usage(&counted, usage);
  return 0;
}

long clinux_find(const void *text, size_t length, const void *key, size_t key_length) {
  const char *found = length > 0 ? memmem(text, length, key, key_length) : NULL;
  return found ? found - (const char *)text : -1;
}

int clinux_rename(int folder, const char *from, const char *to, bool replace) {
  if (replace) return renameat(folder, from, folder, to);
  if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  // File systems without RENAME_NOREPLACE: a second link fails with EEXIST just the same.
  if (linkat(folder, from, folder, to, 0) != 0) return -1;
  return unlinkat(folder, from, 0);
}

// By way of /proc, as open(2) shows for O_TMPFILE: AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH.
int clinux_link_unnamed(int fd, int folder, const char *to) {
  char from[32];
  snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, from, folder, to, AT_SYMLINK_FOLLOW);
}

int clinux_terminal_width(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int clinux_fstat(int fd, struct stat *status) { return (int)syscall(SYS_fstat, fd, status); }

int clinux_write_back(int fd, bool wait) {
  // Offset and length 0 mean the whole file. WAIT_BEFORE also waits for pages that were already on their way.
  unsigned waiting = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
  return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | (wait ? waiting : 0));
}

bool clinux_is_cached(int fd, int64_t offset) {
  char byte;
  struct iovec room = {&byte, 1};
  return preadv2(fd, &room, 1, offset, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

int clinux_fallocate(int fd, int64_t offset, int64_t length) { return fallocate(fd, 0, offset, length); }
int clinux_punch(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

static int given_count;
static char **given;

// The C library hands these to whatever runs before main.
__attribute__((constructor)) static void keep_arguments(int count, char **words) {
  given_count = count;
  given = words;
}

int clinux_argument_count(void) { return given_count; }
const char *clinux_argument(int index) { return given[index]; }

// Swift's runtime looks for its own place as it starts, through /proc/self/exe where the program holds it, and aborts where
// that is missing, although it would only look for a tool there. SWIFT_ROOT answers it. Ahead of constructors of C++.
__attribute__((constructor(101))) static void answer_runtime_without_proc(void) {
  char byte;
  if (readlink("/proc/self/exe", &byte, 1) < 0) setenv("SWIFT_ROOT", "/", 0);
}
