#ifndef CLAB_INTERNAL_H
#define CLAB_INTERNAL_H

#include "clab.h"

#include <mqueue.h>

// Forks a process that ends with this one and runs on `cpu`; as fork(2).
pid_t clab_fork_bound(int cpu);
// Waits for a process that is about to end; its status, or -1.
int clab_reap(pid_t pid);
// Reads a number after `key` in a file of /proc; -1 where there is none.
int64_t clab_proc_number(const char *path, const char *key);
// Processor time of a process that has not been waited for, all threads.
int64_t clab_time_of(pid_t pid);
// Whether a lane of a batch waited for its core: two microseconds and a twentieth are what reading both clocks and an interrupt
// take.
static inline bool clab_waited(int64_t wall, int64_t processor) { return wall - processor > 2000 + wall / 20; }

// Both ends of a named pipe whose name is gone, of a connection over the loopback, and a queue for messages of up to `size`
// bytes; false, or (mqd_t)-1, with the reason in errno.
bool clab_open_fifo(int ends[2]);
// A template for mkstemp(3) in the folder of TMPDIR, or in `otherwise` where that is not set; false when it has no room.
bool clab_temporary(char *path, size_t room, const char *otherwise, const char *prefix);
bool clab_connect_tcp(int ends[2]);
mqd_t clab_open_queue(int number, long size);

#endif
