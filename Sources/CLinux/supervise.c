#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
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

// By fork and not by posix_spawn, whose child borrows the memory of its parent until it has become the program: the peak
// that the kernel tells of it would then begin with all that the parent has resident. A fork begins with what it copies.
pid_t clinux_fork_group(char *const words[], int *trouble) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(words[0], words);
    int code = errno;
    // The reader takes an empty pipe for a program that was started; nothing else can be done about a failure.
    if (write(ends[1], &code, sizeof code) < 0) _exit(126);
    _exit(127);
  }
  int code = errno;
  close(ends[1]);
  if (pid > 0) setpgid(pid, pid); // whichever of the two comes first
  if (pid < 0) close(ends[0]);
  *trouble = pid < 0 ? -1 : ends[0];
  errno = code;
  return pid;
}

int clinux_peek(pid_t pid, int *stopped_by) {
  siginfo_t info = {.si_pid = 0};
  *stopped_by = 0;
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return 0;
  if (info.si_code != CLD_STOPPED) return 1;
  *stopped_by = info.si_status;
  return 0;
}
