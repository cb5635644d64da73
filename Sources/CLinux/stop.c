#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int first_signal;
static atomic_int wake = -1;

enum { slots = 512 };
static _Atomic(char *) unfinished[slots];

int clinux_unfinished_add(const char *path) {
  char *copy = strdup(path);
  if (!copy) return -1;
  for (int slot = 0; slot < slots; slot++) {
    char *empty = NULL;
    if (atomic_compare_exchange_strong(&unfinished[slot], &empty, copy)) return slot;
  }
  free(copy);
  return -1;
}

void clinux_unfinished_remove(int slot) {
  if (slot >= 0) free(atomic_exchange(&unfinished[slot], NULL));
}

void clinux_die_by(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(number, &action, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
  _exit(128 + number);
}

static void on_stop(int number) {
  int saved = errno;
  int none = 0;
  if (!atomic_compare_exchange_strong(&first_signal, &none, number)) {
    // The second request: only calls that signal-safety(7) lists.
    for (int slot = 0; slot < slots; slot++) {
      char *path = atomic_load(&unfinished[slot]);
      if (path) unlink(path);
    }
    clinux_die_by(number);
  }
  uint64_t one = 1;
  if (write(atomic_load(&wake), &one, sizeof one) < 0) { /* nobody waits yet; the flag is set */
  }
  errno = saved;
}

int clinux_stop_install(int wake_fd) {
  atomic_store(&wake, wake_fd);
  struct sigaction action = {.sa_handler = on_stop};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, NULL) != 0) return -1;
  return sigaction(SIGTERM, &action, NULL);
}

int clinux_stop_signal(void) { return atomic_load(&first_signal); }
void clinux_stop_reset(void) { atomic_store(&first_signal, 0); }
