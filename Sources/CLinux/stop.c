#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static atomic_int first_signal;
static atomic_uint answered_signals;
static atomic_int wake = -1;

// Names of unfinished files. Nothing is allocated or freed, since the handler may read a name at any moment; `version`
// tells it whether the name was whole and stayed the same while it copied it. Pages that are never written take no
// memory.
enum { slots = 512 };
// The state of a slot is version % slot_states; version / slot_states counts the names that it has held. The file of a
// slot that is making may appear at any moment; that of a listed one is there.
enum { slot_free, slot_changing, slot_making, slot_listed, slot_states };
static struct {
  atomic_uint version;
  _Atomic(const char *) maker; // &my_thread of the thread that makes the file
  _Atomic char name[PATH_MAX];
} unfinished[slots];
// Its address tells threads apart.
static _Thread_local const char my_thread;
// Set once, by the handler that ends the process.
static atomic_bool is_ending;

int clinux_unfinished_add(const char *path) {
  size_t size = strlen(path) + 1;
  if (size > PATH_MAX) return -1;
  for (int slot = 0; slot < slots; slot++) {
    unsigned version = atomic_load(&unfinished[slot].version);
    if (version % slot_states != slot_free) continue;
    if (!atomic_compare_exchange_strong(&unfinished[slot].version, &version, version + slot_changing)) continue;
    for (size_t at = 0; at < size; at++) atomic_store_explicit(&unfinished[slot].name[at], path[at], memory_order_relaxed);
    atomic_store(&unfinished[slot].maker, &my_thread);
    atomic_store(&unfinished[slot].version, version + slot_making);
    // The handler, which set this first, may have passed the slot by: the file must not be made any more.
    while (atomic_load(&is_ending)) pause();
    return slot;
  }
  return -1;
}

// Each function adds the distance to the next state, so that `version` never returns to an earlier value.
void clinux_unfinished_made(int slot) {
  if (slot >= 0) atomic_fetch_add(&unfinished[slot].version, slot_listed - slot_making);
}

void clinux_unfinished_remove(int slot) {
  if (slot >= 0) atomic_fetch_add(&unfinished[slot].version, slot_states - slot_listed);
}

// Waits until no other thread is about to make a file whose name is listed, at most a second. The thread that this
// handler interrupted may be; it will not go on.
static void await_makers(void) {
  int milliseconds = 1000;
  // One second for all slots together.
  for (int slot = 0; slot < slots; slot++) {
    while (atomic_load(&unfinished[slot].version) % slot_states == slot_making &&
           atomic_load(&unfinished[slot].maker) != &my_thread && milliseconds-- > 0)
      poll(NULL, 0, 1);
  }
}

// Removes the files that are listed. Only calls that signal-safety(7) lists. A name that changed while it was copied
// belongs to a file that was finished, or is not made any more.
void clinux_unfinished_remove_all(void) {
  atomic_store(&is_ending, true);
  await_makers();
  for (int slot = 0; slot < slots; slot++) {
    unsigned version = atomic_load(&unfinished[slot].version);
    if (version % slot_states < slot_making) continue;
    char name[PATH_MAX];
    size_t at = 0;
    do name[at] = atomic_load_explicit(&unfinished[slot].name[at], memory_order_relaxed);
    while (name[at] != 0 && ++at < PATH_MAX);
    atomic_thread_fence(memory_order_acquire);
    if (at < PATH_MAX && atomic_load(&unfinished[slot].version) / slot_states == version / slot_states) unlink(name);
  }
}

// Inside a handler the signal is blocked: it is unblocked and raised with its default action. `_exit` is for
// signals whose default action does not end a process.
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

// Units that each lane is busy with, whole ones in the lower half; a cache line for each lane, which alone writes it.
enum { busy_lanes = 4097 };
const int clinux_stop_lanes = busy_lanes;
static struct {
  _Alignas(64) _Atomic uint64_t units;
} busy[busy_lanes];
static char words[5][32]; // in the order of clinux_stop_words; an empty second one means that none were given

void clinux_stop_words(const char *start, const char *one, const char *many, const char *one_part, const char *many_parts) {
  const char *given[] = {start, one, many, one_part, many_parts};
  for (int index = 0; index < 5; index++) {
    strncpy(words[index], given[index], sizeof words[index] - 1);
  }
}

void clinux_stop_busy(unsigned lane, unsigned units, unsigned parts) {
  // Relaxed: the sum is a message to a person, and orders nothing.
  if (lane < busy_lanes)
    atomic_store_explicit(&busy[lane].units, units | (uint64_t)parts << 32, memory_order_relaxed);
}

// Texts are put together by hand: snprintf(3) is not among the calls that a handler may make.
static char *append(char *end, const char *text) {
  while (*text) *end++ = *text++;
  return end;
}

static char *append_number(char *end, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count-- > 0) {
    *end++ = digits[count];
    if (count > 0 && count % 3 == 0) *end++ = ',';
  }
  return end;
}

// Says what is still going to be finished, if anything is. Lanes go on meanwhile, so the sum is that of one moment or
// nearly so.
static void acknowledge(void) {
  uint64_t units = 0, parts = 0;
  for (int lane = 0; lane < busy_lanes; lane++) {
    uint64_t mine = atomic_load_explicit(&busy[lane].units, memory_order_relaxed);
    units += (uint32_t)mine;
    parts += mine >> 32;
  }
  if (words[1][0] == 0 || units + parts == 0) return;
  char text[5 * sizeof words[0] + 96], *end = append(text, words[0]);
  end = append_number(append(end, "finishing "), units + parts);
  const char *one = parts > 0 ? words[3] : words[1], *many = parts > 0 ? words[4] : words[2];
  end = append(append(end, " "), units + parts == 1 ? one : many);
  end = append(end, "; again to stop now\n");
  if (write(STDERR_FILENO, text, (size_t)(end - text)) < 0) { /* there is nobody to tell */
  }
}

static void on_stop(int number) {
  // The handler may have interrupted code that is about to read errno.
  int saved = errno;
  int none = 0;
  if (!atomic_compare_exchange_strong(&first_signal, &none, number)) {
    clinux_unfinished_remove_all();
    clinux_die_by(number);
  }
  uint64_t one = 1;
  if (write(atomic_load(&wake), &one, sizeof one) < 0) { /* nobody waits yet; the flag is set */
  }
  acknowledge();
  errno = saved;
  atomic_fetch_add(&answered_signals, 1);
}

int clinux_stop_install(int wake_fd) {
  atomic_store(&wake, wake_fd);
  // Without SA_RESTART, so that blocking calls return EINTR.
  struct sigaction action = {.sa_handler = on_stop};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, NULL) != 0) return -1;
  return sigaction(SIGTERM, &action, NULL);
}

unsigned clinux_stop_answered(void) { return atomic_load(&answered_signals); }
int clinux_stop_signal(void) { return atomic_load(&first_signal); }
void clinux_stop_reset(void) { atomic_store(&first_signal, 0); }
