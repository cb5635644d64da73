#ifndef CLAB_INTERNAL_H
#define CLAB_INTERNAL_H

#include "clab.h"

// Forks a process that ends with this one and runs on `cpu`; as fork(2).
pid_t clab_fork_bound(int cpu);
// Waits for a process that is about to end; its status, or -1.
int clab_reap(pid_t pid);
// Reads a number after `key` in a file of /proc; -1 where there is none.
int64_t clab_proc_number(const char *path, const char *key);

#endif
