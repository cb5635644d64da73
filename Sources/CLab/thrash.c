#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, STEP = 16 };

struct clab_room {
  clab_file *file;
  size_t pages; // that memory has room for
  bool unified;
  clab_folder *group; // NULL where pages are dropped by hand
};

static bool write_text(const char *folder, const char *name, const char *text) {
  char path[512];
  if (strlen(folder) + strlen(name) + 2 > sizeof path) return false;
  strcpy(path, folder);
  strcat(path, "/");
  strcat(path, name);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = (ssize_t)strlen(text), count = write(file, text, (size_t)length);
  close(file);
  return count == length;
}

static void write_digits(char *end, size_t value) {
  // `end` has room for 20 digits and a zero before it.
  *end = 0;
  do *--end = (char)('0' + value % 10); while (value /= 10);
}

static const char *digits_of(size_t value, char room[24]) {
  memset(room, ' ', 23);
  write_digits(room + 23, value);
  return room + strspn(room, " ");
}

bool clab_room_limit(clab_room *room, const char *parent, bool unified) {
  char digits[24];
  const char *limit = digits_of(room->pages * PAGE, digits);
  clab_folder *group = clab_folder_new(parent);
  if (!group) return false;
  const char *path = clab_folder_path(group);
  if (!write_text(path, unified ? "memory.max" : "memory.limit_in_bytes", limit)) {
    clab_folder_free(group);
    return false;
  }
  // Pages of a file are written back and never swapped; what little else there is shall stay in memory as well.
  if (unified) write_text(path, "memory.swap.max", "0");
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) _exit(write_text(path, "cgroup.procs", "0") ? 0 : 1);
  if (pid < 0 || clab_reap(pid) != 0) {
    clab_folder_free(group);
    return false;
  }
  room->group = group;
  room->unified = unified;
  return true;
}

clab_room *clab_room_new(const char *folder, size_t pages, size_t most) {
  clab_room *room = calloc(1, sizeof *room);
  if (!room) return NULL;
  room->pages = pages;
  room->file = clab_file_new(folder, most * PAGE);
  if (room->file) return room;
  free(room);
  return NULL;
}

void clab_room_free(clab_room *room) {
  if (room->group) clab_folder_free(room->group);
  clab_file_free(room->file);
  free(room);
}

static int64_t refaults(const clab_room *room) {
  char path[512];
  if (!room->group || strlen(clab_folder_path(room->group)) + 16 > sizeof path) return -1;
  strcpy(path, clab_folder_path(room->group));
  strcat(path, "/memory.stat");
  return clab_proc_number(path, "workingset_refault_file ");
}

static void forget(volatile char *memory, int file, size_t page, size_t count) {
  madvise((void *)(memory + page * PAGE), count * PAGE, MADV_DONTNEED);
  posix_fadvise(file, (off_t)(page * PAGE), (off_t)(count * PAGE), POSIX_FADV_DONTNEED);
}

struct shared {
  struct clab_rounds seen;
  int count;
  double samples[];
};

static void go_round(const clab_room *room, size_t working, int64_t span, int limit, struct shared *shared) {
  int file = clab_file_number(room->file);
  bool forgets = !room->group && working > room->pages;
  volatile char *memory = mmap(NULL, working * PAGE, PROT_READ, MAP_SHARED, file, 0);
  char *block = malloc(STEP * PAGE);
  if (memory == MAP_FAILED || !block) _exit(1);
  madvise((void *)memory, working * PAGE, MADV_RANDOM);
  // Once around in larger pieces, so that memory holds what it can.
  for (size_t page = 0; page < working; page += STEP) {
    if (pread(file, block, STEP * PAGE, (off_t)(page * PAGE)) != STEP * PAGE) _exit(1);
    if (forgets && page >= room->pages) forget(memory, file, page - room->pages, STEP);
  }
  struct clab_counts before, after;
  struct clab_rounds *seen = &shared->seen;
  clab_counts(&before);
  int64_t begin = clab_now(), waited = clab_run_delay();
  size_t place = 0;
  while (shared->count < limit && (clab_now() - begin < span || (shared->count < 8 && clab_now() - begin < 4 * span))) {
    long touched = 0;
    int64_t time = clab_thread_time(), start = clab_now(), taken;
    do {
      for (int i = 0; i < STEP; i++) (void)memory[(place + (size_t)i) * PAGE];
      place = (place + STEP) % working;
      touched += STEP;
      taken = clab_now() - start;
    } while (taken < 20000 && !forgets);
    seen->processor += clab_thread_time() - time;
    seen->wall += taken;
    seen->touches += touched;
    shared->samples[shared->count++] = (double)taken / (double)touched;
    if (forgets) forget(memory, file, (place + 2 * working - room->pages - STEP) % working, STEP);
  }
  clab_counts(&after);
  seen->majors = after.major_faults - before.major_faults;
  seen->delay = waited < 0 ? 0 : clab_run_delay() - waited;
}

int clab_room_rounds(clab_room *room, size_t working, int64_t span, double *samples, int limit, struct clab_rounds *seen) {
  size_t bytes = sizeof(struct shared) + (size_t)limit * sizeof *samples;
  struct shared *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return -1;
  // What is in memory already counts for somebody else's group.
  clab_file_drop(room->file);
  int64_t before = refaults(room);
  pid_t pid = clab_fork_bound(-1);
  if (pid == 0) {
    if (room->group && !write_text(clab_folder_path(room->group), "cgroup.procs", "0")) _exit(1);
    go_round(room, working, span, limit, shared);
    _exit(0);
  }
  int count = pid > 0 && clab_reap(pid) == 0 ? shared->count : -1;
  *seen = shared->seen;
  seen->refaults = before < 0 ? -1 : refaults(room) - before;
  for (int i = 0; i < count; i++) samples[i] = shared->samples[i];
  munmap(shared, bytes);
  return count;
}
