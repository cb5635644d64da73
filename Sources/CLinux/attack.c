#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// What code in a hijacked decoder would try. Nothing of it does harm where it succeeds: files are opened and closed,
// signals are number 0, programs are /bin/true, what is made is removed.

// 0 for a descriptor, which is closed, else why there is none.
static int opened(int fd) {
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int read_parent(pid_t parent, const char *file) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/%s", (int)parent, file);
  return opened(open(name, O_RDONLY));
}

static int make_file(void) {
  char name[] = "/tmp/lanes-doctor-XXXXXX";
  int fd = mkstemp(name);
  if (fd < 0) return errno;
  unlink(name);
  close(fd);
  return 0;
}

// The discard port of this machine: nothing leaves it.
static int reach_network(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  int result = connect(fd, (struct sockaddr *)&address, sizeof address);
  int code = result == 0 || errno == ECONNREFUSED ? 0 : errno; // refused by the other side means that it was reached
  close(fd);
  return code;
}

// Nobody listens at this name. ENOENT means that names were looked up, so the attempt counts as a success.
static int reach_local_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/lanes-doctor"};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  int result = connect(fd, (struct sockaddr *)&address, sizeof address);
  int code = result == 0 || errno == ENOENT || errno == ECONNREFUSED ? 0 : errno;
  close(fd);
  return code;
}

static int start_process(void) {
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  return 0;
}

// Where it succeeds, this process becomes /bin/true and ends with status 0.
static int run_program(void) {
  char *arguments[] = {"true", NULL}, *environment[] = {NULL};
  execve("/bin/true", arguments, environment);
  return errno;
}

static int trace_parent(pid_t parent) {
  if (ptrace(PTRACE_SEIZE, parent, NULL, NULL) != 0) return errno;
  ptrace(PTRACE_DETACH, parent, NULL, NULL);
  return 0;
}

// More than any limit leaves: 16 TiB, of which no page is touched.
static int take_memory(void) {
  size_t size = (size_t)1 << 44;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  munmap(memory, size);
  return 0;
}

// A page that is writable and executable.
static int make_code(void) {
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  munmap(memory, 4096);
  return 0;
}

// Any descriptor that it was given beside its own channel, which is below `first`. Writing no bytes changes nothing.
static int write_given(int first) {
  int code = EBADF;
  for (int fd = first; fd < 256; fd++) {
    if (write(fd, "", 0) == 0) return 0;
    if (errno != EBADF) code = errno;
  }
  return code;
}

// Raising the hard limit takes CAP_SYS_RESOURCE where it was lowered.
static int raise_limit(void) {
  struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
  return setrlimit(RLIMIT_FSIZE, &more) == 0 ? 0 : errno;
}

int clinux_attack(enum clinux_attack_kind kind, pid_t parent, int first_given) {
  switch (kind) {
  case clinux_attack_read_file: return opened(open("/etc/passwd", O_RDONLY));
  case clinux_attack_make_file: return make_file();
  case clinux_attack_list_folder: return opened(open("/", O_RDONLY | O_DIRECTORY));
  case clinux_attack_network: return reach_network();
  case clinux_attack_local_socket: return reach_local_socket();
  case clinux_attack_start_process: return start_process();
  case clinux_attack_run_program: return run_program();
  case clinux_attack_trace_parent: return trace_parent(parent);
  case clinux_attack_signal_parent: return kill(parent, 0) == 0 ? 0 : errno;
  case clinux_attack_parent_memory: return read_parent(parent, "mem");
  case clinux_attack_parent_environment: return read_parent(parent, "environ");
  case clinux_attack_take_memory: return take_memory();
  case clinux_attack_make_code: return make_code();
  case clinux_attack_write_given: return write_given(first_given);
  case clinux_attack_raise_limit: return raise_limit();
  }
  return EINVAL;
}
