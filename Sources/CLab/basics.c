#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clab_now(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t clab_thread_time(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
int64_t clab_process_time(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

int64_t clab_family_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  int64_t microseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  return clab_process_time() + microseconds * 1000;
}

int64_t clab_children_read(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_inblock * 512;
}

int64_t clab_timer_step(void) {
  int64_t smallest = INT64_MAX;
  for (int i = 0; i < 1000; i++) {
    int64_t before = clab_now(), after;
    while ((after = clab_now()) == before) {}
    if (after - before < smallest) smallest = after - before;
  }
  return smallest;
}

int64_t clab_run_delay(void) {
  static __thread int file = -1;
  if (file < 0) file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  char text[96];
  ssize_t count = file < 0 ? -1 : pread(file, text, sizeof text - 1, 0);
  if (count <= 0) return -1;
  text[count] = 0;
  char *second = strchr(text, ' ');
  return second ? strtoll(second, NULL, 10) : -1;
}

void clab_counts(struct clab_counts *counts) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  *counts = (struct clab_counts){usage.ru_minflt, usage.ru_majflt, usage.ru_nvcsw, usage.ru_nivcsw};
}

// The CPUs of the process as it was started: pinning changes the mask of each thread.
static cpu_set_t *allowed(void) {
  static cpu_set_t set;
  static bool is_known;
  if (!is_known) {
    sched_getaffinity(0, sizeof set, &set);
    is_known = true;
  }
  return &set;
}

int clab_cpus(int *cpus, int limit) {
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < limit; cpu++) {
    if (CPU_ISSET(cpu, allowed())) cpus[count++] = cpu;
  }
  return count;
}

int clab_current_cpu(void) { return sched_getcpu(); }

int clab_pin(int cpu) {
  cpu_set_t *all = allowed(), one;
  CPU_ZERO(&one);
  if (cpu >= 0) CPU_SET(cpu, &one);
  return sched_setaffinity(0, sizeof one, cpu < 0 ? all : &one);
}

void clab_end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
}

void clab_end_after(unsigned seconds) {
  signal(SIGALRM, SIG_DFL);
  alarm(seconds);
}

double clab_load(void) {
  double load;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

void clab_sleep(long microseconds) { usleep((useconds_t)microseconds); }

int clab_error(void) { return errno; }

void clab_keep(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

pid_t clab_fork_bound(int cpu) {
  pid_t parent = getpid(), pid = fork();
  if (pid != 0) return pid;
  clab_end_with_parent(parent);
  clab_pin(cpu);
  return 0;
}

int clab_reap(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

int64_t clab_time_of(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) == 0 ? read_clock(clock) : 0;
}

int64_t clab_proc_number(const char *path, const char *key) {
  char text[16384];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return -1;
  text[count] = 0;
  char *place = strstr(text, key);
  return place ? strtoll(place + strlen(key), NULL, 10) : -1;
}

int64_t clab_nothing(long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) __asm__ volatile("" ::: "memory");
  return clab_now() - start;
}

int64_t clab_getppid(long n) {
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) syscall(SYS_getppid);
  return clab_now() - start;
}

int64_t clab_clock_page(long n) {
  struct timespec time;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) clock_gettime(CLOCK_MONOTONIC, &time);
  return clab_now() - start;
}

int64_t clab_clock_call(long n) {
  struct timespec time;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return clab_now() - start;
}

int64_t clab_read_zeros(long n, size_t piece) {
  static char *room;
  static int file = -1;
  if (!room) {
    room = malloc(1 << 20);
    if (!room) return -1;
    memset(room, 1, 1 << 20);
    file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  }
  if (file < 0 || piece > 1 << 20) return -1;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    if (read(file, room, piece) != (ssize_t)piece) return -1;
  }
  return clab_now() - start;
}
