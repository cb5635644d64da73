#define _GNU_SOURCE
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A folder goes with the process that made it, however that ends: another process waits at a pipe whose other end is held here,
// and removes the folder when that end is closed.
struct clab_folder {
  char path[400];
  int held;
  pid_t cleaner;
};

static bool remove_folder(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return errno == ENOENT;
  // Control groups have files that cannot be removed and need not be.
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] != '.') unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
  return rmdir(path) == 0 || errno == ENOENT;
}

static void clean_when_alone(const char *path, int end) {
  char byte;
  // Ctrl-C and a closed terminal are meant for the others.
  setsid();
  for (int signal_number = 1; signal_number < 32; signal_number++) signal(signal_number, SIG_IGN);
  if (chdir("/") != 0 || dup2(end, 0) < 0) _exit(1);
  close_range(1, ~0U, 0);
  while (read(0, &byte, 1) < 0 && errno == EINTR) {}
  // A process that is in a control group may take a moment to be gone.
  for (int attempt = 0; attempt < 100 && !remove_folder(path); attempt++) usleep(20000);
  _exit(0);
}

clab_folder *clab_folder_new(const char *parent) {
  clab_folder *folder = calloc(1, sizeof *folder);
  int ends[2];
  if (!folder || strlen(parent) + 24 > sizeof folder->path) {
    free(folder);
    return NULL;
  }
  strcpy(folder->path, parent);
  strcat(folder->path, "/lanes-lab-XXXXXX");
  if (!mkdtemp(folder->path)) {
    free(folder);
    return NULL;
  }
  if (pipe2(ends, O_CLOEXEC) != 0 || (folder->cleaner = fork()) < 0) {
    rmdir(folder->path);
    free(folder);
    return NULL;
  }
  if (folder->cleaner == 0) {
    close(ends[1]);
    clean_when_alone(folder->path, ends[0]);
  }
  close(ends[0]);
  folder->held = ends[1];
  return folder;
}

const char *clab_folder_path(const clab_folder *folder) { return folder->path; }

void clab_folder_free(clab_folder *folder) {
  close(folder->held);
  clab_reap(folder->cleaner);
  free(folder);
}

static int open_numbered(const clab_folder *folder, int number, int flags) {
  char path[512];
  size_t length = strlen(folder->path);
  memcpy(path, folder->path, length);
  path[length++] = '/';
  for (int divisor = 100000; divisor > 0; divisor /= 10) path[length++] = (char)('0' + number / divisor % 10);
  path[length] = 0;
  return open(path, flags | O_CLOEXEC, 0600);
}

int clab_folder_fill(const clab_folder *folder, int count, size_t bytes, int64_t span) {
  uint64_t state = 88172645463325252u;
  char *block = malloc(bytes);
  int64_t end = clab_now() + span;
  int made = 0;
  while (block && made < count && clab_now() < end) {
    for (size_t place = 0; place + 8 <= bytes; place += 8) {
      // xorshift, Marsaglia 2003
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      memcpy(block + place, &state, 8);
    }
    int file = open_numbered(folder, made, O_WRONLY | O_CREAT | O_EXCL);
    bool is_written = file >= 0 && write(file, block, bytes) == (ssize_t)bytes;
    // On their way to the disk, all beside each other.
    if (file >= 0) sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
    if (file >= 0) close(file);
    if (!is_written) break;
    made++;
  }
  free(block);
  return made;
}

void clab_folder_drop(const clab_folder *folder, int count) {
  for (int i = 0; i < count; i++) {
    int file = open_numbered(folder, i, O_RDONLY);
    if (file < 0) continue;
    sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

bool clab_folder_write(const clab_folder *folder, int number, const void *block, size_t bytes, int times) {
  int file = open_numbered(folder, number, O_WRONLY | O_CREAT | O_EXCL);
  bool is_written = file >= 0;
  for (int i = 0; i < times && is_written; i++) is_written = write(file, block, bytes) == (ssize_t)bytes;
  if (file >= 0) close(file);
  return is_written;
}
