#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

// The same numbers in every run: xorshift, Marsaglia 2003.
static uint64_t next_number(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

int64_t clab_touch(long pages, enum clab_touch kind) {
  size_t bytes = (size_t)pages * PAGE;
  volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -1;
  madvise((void *)memory, bytes, MADV_NOHUGEPAGE);
  if (kind == CLAB_POPULATED && madvise((void *)memory, bytes, MADV_POPULATE_WRITE) != 0) {
    munmap((void *)memory, bytes);
    return -1;
  }
  if (kind == CLAB_AGAIN) {
    for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 1;
  }
  int64_t start = clab_now();
  if (kind == CLAB_AGAIN) {
    for (int pass = 0; pass < CLAB_PASSES; pass++) {
      for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 2;
    }
  } else if (kind == CLAB_ZERO_PAGE) {
    for (size_t i = 0; i < bytes; i += PAGE) (void)memory[i];
  } else {
    for (size_t i = 0; i < bytes; i += PAGE) memory[i] = 2;
  }
  int64_t taken = clab_now() - start;
  munmap((void *)memory, bytes);
  return taken;
}

static int unnamed_file(const char *folder) {
  int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  char path[4096];
  if (strlen(folder) + 20 > sizeof path) return -1;
  strcpy(path, folder);
  strcat(path, "/lanes-lab-XXXXXX");
  file = mkostemp(path, O_CLOEXEC);
  if (file >= 0) unlink(path);
  return file;
}

static bool fill(int file, size_t bytes) {
  uint64_t state = 88172645463325252u, block[8192];
  for (size_t done = 0; done < bytes; done += sizeof block) {
    for (int i = 0; i < 8192; i++) block[i] = next_number(&state);
    if (write(file, block, sizeof block) != (ssize_t)sizeof block) return false;
  }
  return true;
}

int clab_major(const char *folder, int64_t *times, int limit, int64_t *major) {
  size_t bytes = ((size_t)limit * 4 * PAGE + 65535) & ~(size_t)65535;
  int file = unnamed_file(folder), count = 0;
  if (file < 0) return -1;
  if (!fill(file, bytes) || fdatasync(file) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
    close(file);
    return -1;
  }
  volatile char *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
  if (memory != MAP_FAILED) {
    madvise((void *)memory, bytes, MADV_RANDOM);
    struct clab_counts before, after;
    uint64_t state = 2463534242u;
    clab_counts(&before);
    // One page of each four, within which the place is by chance: nothing is touched twice, and no read ahead helps.
    for (; count < limit; count++) {
      size_t page = (size_t)((count * 7919L) % limit) * 4 + next_number(&state) % 4;
      int64_t start = clab_now();
      (void)memory[page * PAGE];
      times[count] = clab_now() - start;
    }
    clab_counts(&after);
    *major = after.major_faults - before.major_faults;
    munmap((void *)memory, bytes);
  }
  close(file);
  return count > 0 ? count : -1;
}

struct clab_chase {
  char *memory;
  size_t pages;
  bool huge;
  void **place;
};

static size_t offset_of(size_t page) { return page * PAGE + (page * 7 % 64) * 64; }

clab_chase *clab_chase_new(size_t pages, bool huge) {
  clab_chase *chase = calloc(1, sizeof *chase);
  size_t *order = malloc(pages * sizeof *order);
  if (chase) chase->memory = clab_map(pages * PAGE, huge);
  if (!chase || !order || !chase->memory) {
    free(order);
    free(chase);
    return NULL;
  }
  chase->pages = pages;
  chase->huge = huge;
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < pages; i++) order[i] = i;
  for (size_t i = pages - 1; i > 0; i--) {
    size_t j = next_number(&state) % (i + 1), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  // A ring through all pages, a cache line of each: the next address is known only when this one was read.
  for (size_t i = 0; i < pages; i++) {
    *(void **)(chase->memory + offset_of(order[i])) = chase->memory + offset_of(order[(i + 1) % pages]);
  }
  chase->place = (void **)(chase->memory + offset_of(0));
  free(order);
  return chase;
}

int64_t clab_chase_steps(clab_chase *chase, long n) {
  void **place = chase->place;
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) place = *place;
  int64_t taken = clab_now() - start;
  chase->place = place;
  return taken;
}

bool clab_chase_is_huge(const clab_chase *chase) {
  // What the kernel says of the mapping that holds the address.
  int file = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
  size_t room = 1 << 20, length = 0;
  char *text = malloc(room + 1);
  if (file < 0 || !text) return false;
  for (ssize_t count; length < room && (count = read(file, text + length, room - length)) > 0;) length += (size_t)count;
  close(file);
  text[length] = 0;
  bool found = false;
  uint64_t wanted = (uint64_t)(uintptr_t)chase->memory;
  for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    char *end;
    uint64_t first = strtoull(line, &end, 16);
    if (*end != '-' || end == line) continue;
    uint64_t last = strtoull(end + 1, NULL, 16);
    if (wanted < first || wanted >= last) continue;
    char *huge = strstr(line, "AnonHugePages:");
    found = huge && strtoll(huge + 14, NULL, 10) > 0;
    break;
  }
  free(text);
  return found;
}

void clab_chase_free(clab_chase *chase) {
  clab_unmap(chase->memory, chase->pages * PAGE);
  free(chase);
}

struct clab_file {
  int file;
  size_t bytes, place;
  char *whole, *room;
  char *fresh; // a mapping of which nothing from `place` on was touched
  uint64_t state;
};

clab_file *clab_file_new(const char *folder, size_t bytes) {
  clab_file *file = calloc(1, sizeof *file);
  if (!file || (file->file = unnamed_file(folder)) < 0) return NULL;
  file->bytes = bytes;
  file->state = 2463534242u;
  file->room = malloc(1 << 20);
  bool filled = file->room && fill(file->file, bytes);
  file->whole = filled ? mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, file->file, 0) : MAP_FAILED;
  if (file->whole != MAP_FAILED) return file;
  close(file->file);
  free(file->room);
  free(file);
  return NULL;
}

void clab_file_free(clab_file *file) {
  munmap(file->whole, file->bytes);
  if (file->fresh) munmap(file->fresh, file->bytes);
  close(file->file);
  free(file->room);
  free(file);
}

static uint64_t sum_words(const char *bytes, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    sum += word;
  }
  return sum;
}

int64_t clab_file_sum(clab_file *file, enum clab_reading kind, size_t bytes, size_t piece, uint64_t *sum) {
  bool random = kind == CLAB_PREAD_RANDOM || kind == CLAB_MAP_RANDOM;
  if (bytes > file->bytes) return -1;
  if (file->place + bytes > file->bytes) file->place = 0;
  size_t place = file->place;
  file->place += bytes;
  int64_t start = clab_now();
  if (kind == CLAB_MAP || kind == CLAB_MAP_POPULATED) {
    // Mapped anew at each beginning: a page that was touched before would cost nothing.
    if (place == 0 || !file->fresh) {
      int flags = MAP_SHARED | (kind == CLAB_MAP_POPULATED ? MAP_POPULATE : 0);
      if (file->fresh) munmap(file->fresh, file->bytes);
      file->fresh = mmap(NULL, file->bytes, PROT_READ, flags, file->file, 0);
      if (file->fresh == MAP_FAILED) {
        file->fresh = NULL;
        return -1;
      }
    }
    *sum += sum_words(file->fresh + place, bytes);
    return clab_now() - start;
  }
  for (size_t done = 0; done < bytes; done += piece) {
    size_t at = random ? next_number(&file->state) % (file->bytes / 64) * 64 : place + done;
    if (kind == CLAB_MAP_RANDOM) {
      *sum += sum_words(file->whole + at, piece);
    } else {
      if (pread(file->file, file->room, piece, (off_t)at) != (ssize_t)piece) return -1;
      *sum += sum_words(file->room, piece);
    }
  }
  return clab_now() - start;
}

int clab_file_number(const clab_file *file) { return file->file; }

void clab_file_drop(clab_file *file) {
  // The mapping that stays would keep the pages.
  madvise(file->whole, file->bytes, MADV_DONTNEED);
  // What is dirty cannot be dropped; and chance has no use for what the kernel would read ahead.
  fdatasync(file->file);
  posix_fadvise(file->file, 0, 0, POSIX_FADV_RANDOM);
  posix_fadvise(file->file, 0, 0, POSIX_FADV_DONTNEED);
}

int64_t clab_file_place(clab_file *file) { return (int64_t)(next_number(&file->state) % (file->bytes / 4096) * 4096); }

int64_t clab_file_reads(clab_file *file, long n, bool dropping) {
  if (dropping) clab_file_drop(file);
  int64_t start = clab_now();
  for (long i = 0; i < n; i++) {
    int64_t at = clab_file_place(file);
    if (pread(file->file, file->room, 4096, (off_t)at) != 4096) return -1;
  }
  return clab_now() - start;
}
