#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
const bool clinux_is_sanitized = true;
#else
const bool clinux_is_sanitized = false;
#endif

// MARK: Limits

// Lowers both limits to `most`, never above the soft limit that the process was started with. A hard limit cannot be
// raised again without privileges.
static int limit(int resource, uint64_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return -1;
  rlim_t value = most < now.rlim_cur ? (rlim_t)most : now.rlim_cur;
  struct rlimit wanted = {value, value};
  return setrlimit(resource, &wanted);
}

int clinux_limit_self(const struct clinux_limits *limits) {
  if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_FSIZE, limits->file_size) != 0) return -1;
  if (limit(RLIMIT_NOFILE, limits->descriptors) != 0) return -1;
  return limits->address_space == 0 ? 0 : limit(RLIMIT_AS, limits->address_space);
}

// MARK: Landlock

// landlock(7). The headers of 2023 know the first two versions of the interface, the kernel eight: the structure and
// the rights are spelled out here as the kernel's documentation has them ("Landlock: unprivileged access control",
// userspace-api).
struct ruleset {
  uint64_t handled_files, handled_network, scoped;
};
enum {
  create_version = 1, // LANDLOCK_CREATE_RULESET_VERSION
  rights_of_1 = 13,   // execute, write, read, read a directory, remove two kinds, make seven
  scope_of_6 = 3,     // abstract sockets and signals
  network_of_4 = 3,   // bind and connect
};

int clinux_landlock_version(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, create_version); }

int clinux_landlock_self(void) {
  int version = clinux_landlock_version();
  if (version < 1) return -1;
  // Refer came with version 2, truncate with 3, ioctl on devices with 5: each is the next bit. Older kernels refuse
  // bits that they do not know.
  int rights = rights_of_1 + (version >= 2) + (version >= 3) + (version >= 5);
  struct ruleset rules = {
      .handled_files = (1u << rights) - 1,
      .handled_network = version >= 4 ? network_of_4 : 0,
      .scoped = version >= 6 ? scope_of_6 : 0,
  };
  size_t size = version >= 6 ? sizeof rules : version >= 4 ? offsetof(struct ruleset, scoped) : sizeof rules.handled_files;
  // What is handled and has no rule is forbidden, and no rule is added.
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (ruleset < 0) return -1;
  int result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
  // close(2) must not change errno.
  int saved = errno;
  close(ruleset);
  errno = saved;
  return result;
}

int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// MARK: seccomp

static int compare_bytes(const void *one, const void *other) {
  return *(const unsigned char *)one - *(const unsigned char *)other;
}

void clinux_ask_ahead(void) {
  // glibc's qsort asks how much memory the machine has the first time it sorts more than a kilobyte, up to version 2.36, and
  // keeps the answer. libwebp sorts colors with it.
  unsigned char bytes[2048] = {1};
  qsort(bytes, sizeof bytes, 1, compare_bytes);
}

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif

bool clinux_seccomp_available(void) {
#ifdef THIS_MACHINE
  uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#else
  return false;
#endif
}

#ifdef THIS_MACHINE

// Calls that a worker makes, found by tracing workers of every workload, and no argument of which reaches anything that
// it does not hold: memory, clocks, its own descriptors and signals.
static const int allowed[] = {
    SYS_read, SYS_write, SYS_pread64, SYS_readv, SYS_writev, SYS_lseek, SYS_close, SYS_fstat, SYS_fallocate,
    SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex, SYS_sched_yield, SYS_getrandom, SYS_clock_gettime, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_getpid, SYS_gettid, SYS_getrusage, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
    SYS_restart_syscall, SYS_exit, SYS_exit_group,
};

// A program of classic BPF (seccomp(2)). A jump has two counts of instructions to pass over: if it holds, and if not.
enum { most_instructions = 96 };
struct program {
  struct sock_filter code[most_instructions];
  unsigned short length;
};

static void add(struct program *to, struct sock_filter instruction) { to->code[to->length++] = instruction; }
// Loads 32 bits of the call's description.
static void load(struct program *to, size_t offset) {
  add(to, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}
// Ends the filter with this action.
static void answer(struct program *to, uint32_t action) { add(to, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action)); }
// Continues with the next instruction when the loaded word is `value`, and after that one otherwise.
static void when(struct program *to, uint32_t value) {
  add(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
}
// Where the lower half of an argument of 64 bits is.
static size_t argument(int index) {
  size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;
  return offsetof(struct seccomp_data, args) + (size_t)index * 8 + low;
}

// `call` is allowed where the low half of an argument is `value`; descriptors and process numbers are 32 bits wide.
static void allow_where(struct program *to, int call, int index, uint32_t value) {
  add(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4));
  load(to, argument(index));
  when(to, value);
  answer(to, SECCOMP_RET_ALLOW);
  answer(to, SECCOMP_RET_KILL_PROCESS);
}

// Memory may become anything but code: without PROT_EXEC.
static void allow_without_execution(struct program *to, int call) {
  add(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4));
  load(to, argument(2));
  add(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0));
  answer(to, SECCOMP_RET_ALLOW);
  answer(to, SECCOMP_RET_KILL_PROCESS);
}

int clinux_seccomp_self(int receiving) {
  struct program program = {.length = 0};
  // Numbers of system calls belong to an architecture; a call by another one, such as 32-bit x86, ends the process.
  load(&program, offsetof(struct seccomp_data, arch));
  add(&program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_MACHINE, 1, 0));
  answer(&program, SECCOMP_RET_KILL_PROCESS);
  // The numbers of the x32 interface have bit 30 set and equal none of these.
  load(&program, offsetof(struct seccomp_data, nr));
  for (size_t at = 0; at < sizeof allowed / sizeof allowed[0]; at++) {
    when(&program, (uint32_t)allowed[at]);
    answer(&program, SECCOMP_RET_ALLOW);
  }
  allow_without_execution(&program, SYS_mmap);
  allow_without_execution(&program, SYS_mprotect);
  if (receiving >= 0) allow_where(&program, SYS_recvmsg, 0, (uint32_t)receiving);
  allow_where(&program, SYS_prlimit64, 0, 0);               // its own limits, none of which can be raised
  allow_where(&program, SYS_tgkill, 0, (uint32_t)getpid()); // abort(3)
  answer(&program, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog filter = {.len = program.length, .filter = program.code};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

#else

int clinux_seccomp_self(int receiving) {
  (void)receiving;
  errno = ENOSYS;
  return -1;
}

#endif

// MARK: Handing over descriptors

int clinux_socket_pair(int ends[2], bool keeps_messages) {
  int type = keeps_messages ? SOCK_SEQPACKET : SOCK_STREAM;
  return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends);
}

// CMSG_SPACE bytes, aligned as a header must be (cmsg(3)).
union control {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr header;
};

// MSG_NOSIGNAL: a worker that died must not end the coordinator by SIGPIPE.
int clinux_send_descriptor(int socket, int fd) {
  // A message must carry a byte of data: one without is not told from the end of the connection.
  char byte = 0;
  struct iovec part = {&byte, 1};
  union control control = {{0}};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return (int)sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int clinux_receive_descriptor(int socket) {
  char byte;
  struct iovec part = {&byte, 1};
  union control control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (got == 0 || !header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = got == 0 ? EPIPE : EMFILE; // beyond RLIMIT_NOFILE the kernel leaves it out
    return -1;
  }
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}
