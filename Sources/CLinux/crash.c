// Signals by which a program crashes. The handler says which unit the crashed thread was working on, removes unfinished
// files, and leaves the rest to whoever handled the signal before: Swift's runtime, a sanitizer's, or the kernel, whose
// way it is to end the process by that signal.
#define _GNU_SOURCE
#include "clinux.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
} crashes[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
               {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"}, {SIGTRAP, "SIGTRAP"}};
enum { kinds = sizeof crashes / sizeof crashes[0] };
static struct sigaction previous[kinds];
static atomic_bool is_installed, has_crashed;

// What the thread works on; a length of 0 is nothing. Only the thread itself writes it, and only its own handler reads it.
enum { longest_label = 255 };
static _Thread_local struct {
  volatile size_t length;
  char label[longest_label];
} work;
static char advice[512];

void clinux_crash_begin(const char *label, size_t length) {
  if (length > longest_label) length = longest_label;
  memcpy(work.label, label, length);
  atomic_signal_fence(memory_order_release);
  work.length = length;
}

void clinux_crash_end(void) { work.length = 0; }

void clinux_crash_advice(const char *text) { strncpy(advice, text, sizeof advice - 1); }

static char *append(char *end, const char *text) {
  while (*text) *end++ = *text++;
  return end;
}

// "lanes: a.jpg: working on it crashed the program (signal 11, SIGSEGV); " and the advice; put together by hand, since
// snprintf(3) is not among the calls that a handler may make.
static void tell(int kind, bool is_sent) {
  char text[longest_label + sizeof advice + 128], *end = append(text, "lanes: ");
  if (!is_sent && work.length > 0) {
    // A name must not forge a line of output.
    for (size_t at = 0; at < work.length; at++)
      *end++ = (unsigned char)work.label[at] < ' ' || work.label[at] == 127 ? '?' : work.label[at];
    end = append(end, ": working on it crashed");
  } else {
    end = append(end, is_sent ? "another process ended" : "something that is no unit's doing crashed");
  }
  int number = crashes[kind].number;
  char digits[] = {(char)('0' + number / 10), (char)('0' + number % 10), 0};
  end = append(end, " the program (signal ");
  end = append(end, number < 10 ? digits + 1 : digits);
  end = append(append(append(end, ", "), crashes[kind].name), ")");
  end = append(append(end, advice), "\n");
  if (write(STDERR_FILENO, text, (size_t)(end - text)) < 0) { /* there is nobody to tell */
  }
}

static void on_crash(int number, siginfo_t *info, void *context) {
  (void)context;
  int kind = 0;
  while (crashes[kind].number != number) kind++;
  // Sent by kill(2) and the like: returning would not raise it again. abort(3) and raise(3) send it to themselves.
  bool is_raised = info->si_code <= 0, is_sent = is_raised && info->si_pid != getpid();
  // Of several threads that crash together, one tells; the others wait to be ended with it.
  if (atomic_exchange(&has_crashed, true))
    while (true) pause();
  tell(kind, is_sent);
  clinux_unfinished_remove_all();
  sigaction(number, &previous[kind], NULL);
  if (!is_raised) return; // the fault happens again
  if (previous[kind].sa_handler == SIG_DFL || previous[kind].sa_handler == SIG_IGN) clinux_die_by(number);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
  clinux_die_by(number);
}

int clinux_crash_install(void) {
  if (atomic_exchange(&is_installed, true)) return 0;
  for (int kind = 0; kind < kinds; kind++) {
    // On a stack of its own, since the thread's may be full.
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(crashes[kind].number, &action, &previous[kind]) != 0) return -1;
  }
  return 0;
}

// Enough for the registers of any processor that Linux runs on (sigaltstack(2)) and for what is put together above.
enum { stack_bytes = 64 << 10 };

void *clinux_crash_stack(void) {
  stack_t now;
  // A sanitizer gives threads one.
  if (!atomic_load(&is_installed) || sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return NULL;
  void *memory = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  // Without it crashes are told all the same, but for those of a full stack.
  if (memory == MAP_FAILED) return NULL;
  stack_t stack = {.ss_sp = memory, .ss_size = stack_bytes};
  if (sigaltstack(&stack, NULL) == 0) return memory;
  munmap(memory, stack_bytes);
  return NULL;
}

void clinux_crash_stack_free(void *memory) {
  if (!memory) return;
  stack_t none = {.ss_flags = SS_DISABLE};
  if (sigaltstack(&none, NULL) == 0) munmap(memory, stack_bytes);
}
