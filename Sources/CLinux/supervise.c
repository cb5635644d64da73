#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <link.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What a supervisor waits for. Blocked, so that none is lost between two waits.
static sigset_t awaited(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

int clinux_supervise(pid_t parent) {
  sigset_t set = awaited();
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return -1;
  // The parent may have ended before the call above, and then nothing would be sent.
  if (getppid() == parent) return 0;
  errno = ESRCH;
  return -1;
}

int clinux_next_signal(int64_t timeout_ns) {
  sigset_t set = awaited();
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  int signal = timeout_ns < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &timeout);
  return signal > 0 ? signal : 0;
}

// Becomes the program; only `failed` is written, since the memory is the supervisor's.
__attribute__((noreturn, noinline)) static void
become(char *const words[], const int streams[3], volatile int *failed) {
  sigset_t none;
  sigemptyset(&none);
  setpgid(0, 0);
  if (dup2(streams[0], 0) >= 0 && dup2(streams[1], 1) >= 0 && dup2(streams[2], 2) >= 0) {
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(words[0], words);
  }
  *failed = errno;
  _exit(127);
}

// vfork(2) into a control group (CLONE_INTO_CGROUP of clone(2)): a process that enters one later waits for the kernel for
// milliseconds. In place and not by syscall(3), whose return address the child's calls would overwrite.
static inline long vfork_into(int control_group) {
  struct clone_args arguments = {
      .flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)control_group};
#if defined __x86_64__
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_clone3), "D"(&arguments), "S"(sizeof arguments)
                   : "rcx", "r11", "memory");
  return result;
#elif defined __aarch64__
  register long number __asm__("x8") = SYS_clone3;
  register long result __asm__("x0") = (long)&arguments;
  register long size __asm__("x1") = sizeof arguments;
  __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(size) : "memory");
  return result;
#else
  (void)arguments;
  return -ENOSYS;
#endif
}

// By vfork and not by fork, which copies tables of pages: a program of a millisecond would begin a tenth of that later.
__attribute__((noinline)) pid_t
clinux_start_group(char *const words[], const int streams[3], int control_group, int *trouble) {
  volatile int failed = 0;
  long pid;
  if (control_group >= 0) {
    pid = vfork_into(control_group);
    if (pid < 0) {
      errno = (int)-pid;
      pid = -1;
    }
  } else {
    pid = vfork();
  }
  if (pid == 0) become(words, streams, &failed);
  *trouble = failed;
  return (pid_t)pid;
}

// The peak that the kernel tells of a child of vfork begins with the greatest that this process had resident. So it lets go
// of what it needed to start: pages of the program come back from its file where they are needed again.
static int drop_program(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size, (void)unused;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
    uintptr_t from = (object->dlpi_addr + part->p_vaddr) & ~(uintptr_t)(page - 1);
    uintptr_t to = (object->dlpi_addr + part->p_vaddr + part->p_memsz + page - 1) & ~(uintptr_t)(page - 1);
    // Of a page that a part with data of its own reaches into, the copy would be lost.
    for (int j = 0; j < object->dlpi_phnum; j++) {
      const ElfW(Phdr) *other = &object->dlpi_phdr[j];
      if (other->p_type != PT_LOAD || !(other->p_flags & PF_W)) continue;
      uintptr_t start = (object->dlpi_addr + other->p_vaddr) & ~(uintptr_t)(page - 1);
      if (start < to && start >= from) to = start;
    }
    if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
  }
  return 1; // the program comes first, and its libraries stay
}

void clinux_drop_program(void) { dl_iterate_phdr(drop_program, NULL); }

// Room for the descriptors of a run, aligned as a header must be (cmsg(3)).
union run_control {
  char bytes[CMSG_SPACE(3 * sizeof(int))];
  struct cmsghdr header;
};

int clinux_ask_run(int socket, uint32_t which, const int streams[3]) {
  struct iovec part = {&which, sizeof which};
  union run_control control = {{0}};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(3 * sizeof(int));
  memcpy(CMSG_DATA(header), streams, 3 * sizeof(int));
  return (int)sendmsg(socket, &message, MSG_NOSIGNAL);
}

int clinux_next_run(int socket, uint32_t *which, int streams[3]) {
  struct iovec part = {which, sizeof *which};
  union run_control control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return (int)got;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (got != sizeof *which || !header || header->cmsg_type != SCM_RIGHTS
      || header->cmsg_len != CMSG_LEN(3 * sizeof(int))) {
    errno = EMFILE; // beyond RLIMIT_NOFILE the kernel leaves them out
    return -1;
  }
  memcpy(streams, CMSG_DATA(header), 3 * sizeof(int));
  return 1;
}

int clinux_tell_outcome(int socket, const void *bytes, size_t length) {
  return (int)send(socket, bytes, length, MSG_NOSIGNAL);
}

int clinux_peek(pid_t pid, int *stopped_by) {
  siginfo_t info = {.si_pid = 0};
  *stopped_by = 0;
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return 0;
  if (info.si_code != CLD_STOPPED) return 1;
  *stopped_by = info.si_status;
  return 0;
}
