#define _GNU_SOURCE
#include "clinux.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

// One entry per mapping in use; a lane has one or two at a time, so the table never fills in practice. Entries are
// atomic, since the handler runs on whichever thread reads the page, and must not take a lock.
enum { slots = 1024 };
static struct {
  atomic_uintptr_t base; // 0: free, 1: being changed
  atomic_size_t length;
  atomic_llong fault; // offset of the first page that could not be read, -1 for none
} guards[slots];
static struct sigaction previous;

static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)context;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int slot = 0; slot < slots; slot++) {
    uintptr_t base = atomic_load(&guards[slot].base);
    size_t length = atomic_load(&guards[slot].length);
    // A slot that is being changed guards no reader yet: its range is handed out after this is set.
    if (base < 2 || address < base || address - base >= length) continue;
    uintptr_t page = address & ~((uintptr_t)getpagesize() - 1);
    // mmap is a bare system call on Linux, hence safe here; the rest of the range is replaced at once so that a long
    // scan does not fault page by page.
    if (mmap((void *)page, base + length - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
      break;
    // The first fault counts.
    long long none = -1;
    atomic_compare_exchange_strong(&guards[slot].fault, &none, (long long)(page - base));
    return;
  }
  // Not ours: let the fault happen again under the handling that was there before.
  sigaction(number, &previous, NULL);
}

int clinux_guard_install(void) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &previous);
}

int clinux_guard_add(void *base, size_t length) {
  for (int slot = 0; slot < slots; slot++) {
    uintptr_t empty = 0;
    // Taken before the rest is written; the address comes last, so the handler finds the length that belongs to it.
    if (!atomic_compare_exchange_strong(&guards[slot].base, &empty, 1)) continue;
    atomic_store(&guards[slot].length, length);
    atomic_store(&guards[slot].fault, -1);
    atomic_store(&guards[slot].base, (uintptr_t)base);
    return slot;
  }
  return -1;
}

int64_t clinux_guard_fault(int slot) { return atomic_load(&guards[slot].fault); }
void clinux_guard_remove(int slot) { atomic_store(&guards[slot].base, 0); }
