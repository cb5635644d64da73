// The inner loops of the lab's experiments: system calls without a wrapper, forks that run nothing but C, plain and atomic
// increments. Swift sees none of these calls, and may not run between fork and _exit.
//
// A loop does `n` operations and returns the nanoseconds that they took, of wall time where nothing else is said; -1 means
// that the batch cannot be used, or that the system refused, with the reason in errno.
#ifndef CLAB_H
#define CLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Clocks and places
int64_t clab_now(void);             // CLOCK_MONOTONIC
int64_t clab_thread_time(void);     // processor time of this thread
int64_t clab_process_time(void);    // processor time of this process, all threads
int64_t clab_family_time(void);     // the same and that of all children that were waited for
int64_t clab_children_read(void);   // bytes that children which were waited for had fetched from the disk
int64_t clab_timer_step(void);      // the smallest step that CLOCK_MONOTONIC was seen to make
int64_t clab_run_delay(void);       // nanoseconds that this thread waited for a core, or -1
struct clab_counts {
  int64_t minor_faults, major_faults, voluntary, involuntary;
};
void clab_counts(struct clab_counts *counts); // of this process, all threads
int clab_cpus(int *cpus, int limit);          // CPUs this process may run on, as it was started
int clab_current_cpu(void);
int clab_pin(int cpu); // the calling thread; a CPU below 0 means all that it was started with
void clab_end_with_parent(pid_t parent);
// Lets the system end this process, by SIGALRM, in so many seconds.
void clab_end_after(unsigned seconds);
double clab_load(void); // runnable tasks, averaged over a minute; -1 where it is not told
int clab_error(void);   // errno
void clab_sleep(long microseconds); // blocks the thread
// What `fd` was given to is not passed on to programs.
void clab_keep(int fd);

// Crossing into the kernel
int64_t clab_nothing(long n);
int64_t clab_getppid(long n);
int64_t clab_clock_page(long n);
int64_t clab_clock_call(long n);
int64_t clab_read_zeros(long n, size_t piece);

// Threads and processes
int64_t clab_threads(long n);
int64_t clab_forks(long n);
int64_t clab_vforks(long n);
int64_t clab_spawns(long n);
int64_t clab_fork_time(void); // processor time that fork(2) took the parent
int64_t clab_spawn_time(void);
void *clab_reserve(size_t bytes, bool huge); // of which nothing was touched; NULL when there are no addresses
void clab_fill(void *memory, size_t bytes);
void *clab_map(size_t bytes, bool huge); // both
void clab_unmap(void *memory, size_t bytes);
enum clab_cow { CLAB_COW_ALONE, CLAB_COW_SHARED, CLAB_COW_CHILD_GONE, CLAB_COW_READ };
int64_t clab_cow(long pages, enum clab_cow kind); // processor time of writing, or reading, a byte of each page
struct clab_isolation {
  uint64_t address;
  int before, child, parent_after_child, thread, parent_after_thread, shared_after_child;
};
int clab_isolation(struct clab_isolation *result);
enum clab_parked { CLAB_PARKED_THREADS, CLAB_PARKED_FORKS, CLAB_PARKED_PAIRS };
struct clab_memory { // kibibytes for each that was parked
  double virtual_size, resident, proportional, kernel;
  int parked;
};
// For pairs, as many as the limit of descriptors allows.
int clab_park(enum clab_parked kind, int count, struct clab_memory *result);
int64_t clab_alloca(long n, size_t bytes);
int64_t clab_malloc(long n, size_t bytes);
long clab_stack_resident(size_t stack, size_t touched); // bytes of a new thread's stack that are in memory
struct clab_crash {
  int lanes, finished_processes, finished_threads, thread_signal;
};
int clab_crash(int lanes, struct clab_crash *result);
struct clab_layout { // addresses
  uint64_t function, global, heap, mapped, local, deeper;
  uint64_t linker; // where the dynamic linker lies; 0 in a program that holds its libraries
};
// `maps` gets the text of /proc/self/maps as it is while all of them are in use.
int clab_layout(struct clab_layout *result, char *maps, size_t size);
struct clab_side { // a thread as it sees itself
  int process, thread, error;
  uint64_t global, stack, own, frame;
};
struct clab_two {
  struct clab_side first, second;
  bool shares_process, shares_global, shares_heap, shares_descriptors;
  bool owns_thread, owns_stack, owns_registers, owns_error, owns_local;
};
int clab_two_threads(struct clab_two *result);
struct clab_forked {
  bool own_process, same_maps, same_global, same_descriptor;
};
int clab_after_fork(struct clab_forked *result);
// Forks a process that becomes a shell and prints its number, whether a descriptor of each kind, kept and close-on-exec, is
// open, and its maps; the length of the text, or -1.
long clab_after_exec(int *process, char *text, size_t size);

// Ping-pong between this thread and a partner, one message to and fro
enum clab_channel {
  CLAB_PIPE, CLAB_STREAM, CLAB_DATAGRAM, CLAB_TCP, CLAB_EVENTFD, CLAB_MQUEUE, CLAB_SYSV, CLAB_FUTEX, CLAB_SPIN, CLAB_FIFO,
  CLAB_FILE, // polled; all others can be waited for
};
enum clab_partner { CLAB_SELF, CLAB_THREAD, CLAB_PROCESS };
typedef struct clab_pair clab_pair;
// Both touch `touched` bytes of their own each time they are woken. CPUs below 0 leave the choice to the kernel.
clab_pair *clab_pair_new(enum clab_channel channel, enum clab_partner partner, int cpu, int partner_cpu, size_t touched);
int64_t clab_pair_trips(clab_pair *pair, long n);
void clab_pair_free(clab_pair *pair);
// One way: `n` pieces of `size` bytes through a channel to a process that reads them all; processor time of both. Spinning, -1
// where either waited for its core.
int64_t clab_stream(enum clab_channel channel, size_t size, long n, int cpu, int partner_cpu);

// Scheduling
// How long each turn of one of `busy` processes on `cpu` lasted, in nanoseconds; returns how many were seen in `span`.
int clab_turns(int busy, int cpu, int64_t span, int64_t *turns, int limit);
struct clab_crowd {
  int64_t processor, wall, switches;
  int started;
};
// -1 when not so many threads may be had; those that were started have ended.
int clab_crowd(int threads, int64_t work, struct clab_crowd *result);
int64_t clab_work(int64_t work); // computes without memory or calls
int64_t clab_thread_each(long tasks, int64_t work); // processor time of the whole process
int64_t clab_pool(long tasks, int64_t work, int lanes);
// Writes the numbers of `lanes` threads, each `times` times, in the order in which they came.
int clab_interleave(int lanes, int times, uint8_t *order);
// Shares of processor time on one CPU: a process with three busy threads beside one with one; 0...1, or -1.
double clab_fair(int cpu, int64_t span);

// Sharing
enum clab_increment { CLAB_PLAIN, CLAB_ATOMIC, CLAB_MUTEX, CLAB_SPINLOCK, CLAB_RWLOCK, CLAB_SEMAPHORE };
int64_t clab_alone(enum clab_increment kind, long n);
// Two threads on two CPUs at the same moment. -1 when either waited for its core.
typedef struct clab_duo clab_duo;
clab_duo *clab_duo_new(enum clab_increment kind, size_t distance, int cpu, int other_cpu);
int64_t clab_duo_batch(clab_duo *duo, long n);
// The share of all increments so far that left no trace.
double clab_duo_lost(const clab_duo *duo);
void clab_duo_free(clab_duo *duo);
enum clab_order { CLAB_OPPOSITE, CLAB_SAME_ORDER, CLAB_TRY, CLAB_DETECT };
struct clab_deadlock {
  int64_t turns, nanoseconds, recoveries;
  int deadlocked, forced, holds[2], wants[2];
};
int clab_deadlock(enum clab_order order, long turns, bool forced, struct clab_deadlock *result);
enum clab_lock { CLAB_UNFAIR, CLAB_TICKET };
struct clab_starved {
  // Turns of the thread that waits; turns of the other that began while it did, in all and during one wait at most.
  int64_t own, passed, most;
};
int clab_starve(enum clab_lock kind, int cpu, int other_cpu, int64_t span, struct clab_starved *result);
struct clab_niced { // processor time of two busy processes on one CPU, one as nice as this process and one of nice 19
  int64_t plain, nice;
  int own;
};
// Until both together had `wanted`, or `span` is over.
int clab_nice(int cpu, int64_t wanted, int64_t span, struct clab_niced *result);

// Waiting for many
enum clab_wait { CLAB_SELECT, CLAB_POLL, CLAB_EPOLL };
typedef struct clab_crowded clab_crowded;
clab_crowded *clab_crowded_new(int count);
// No call has to wait. -1 when the thread lost its core meanwhile.
int64_t clab_crowded_wait(clab_crowded *crowded, enum clab_wait kind, long n);
void clab_crowded_free(clab_crowded *crowded);
struct clab_waiting {
  int room;   // descriptors that fd_set has room for
  int beyond; // calls with a longer set that found a descriptor above 1,500
  int left;   // descriptors of 100 that are in a set after a call with one ready
  int kept;   // waits of 100 that returned what was registered once
  int level, edge, again; // of ten waits for what nobody reads, those that returned it; after one more arrival
};
int clab_waiting(struct clab_waiting *result);
enum clab_answers { CLAB_ONE_BY_ONE, CLAB_THREAD_EACH, CLAB_ASK_AGAIN, CLAB_LOOP };
struct clab_answered {
  int64_t wall, processor, switches, calls;
};
int clab_answers(enum clab_answers kind, int count, int64_t delay, struct clab_answered *result);
// A server in other processes: a thread for each connection, one loop for all, or sixteen processes that take one connection
// after the other. Eight of the connections are active.
enum clab_serving { CLAB_SERVE_THREADS, CLAB_SERVE_LOOP, CLAB_SERVE_PREFORK };
enum { CLAB_ACTIVE = 8, CLAB_PREFORKED = 16 };
typedef struct clab_server clab_server;
clab_server *clab_server_new(enum clab_serving kind, int count, int cpu); // below 0, on all of them
// Asks over all connections at once; how many were answered when nothing came any more.
int clab_server_answered(clab_server *server);
// Bytes that serving takes: private pages and page tables, grown since the start, or of all processes that were forked for it.
int64_t clab_server_memory(const clab_server *server);
int64_t clab_server_requests(clab_server *server, long n); // one after the other
// All active connections ask at once, `n` times; `times` gets how long each waited, unless it is NULL.
int64_t clab_server_rounds(clab_server *server, long n, int64_t *times);
// How long a request takes that comes just after one for which the server computes some milliseconds.
int64_t clab_server_behind(clab_server *server, int milliseconds);
void clab_server_free(clab_server *server);
struct clab_limit {
  int64_t soft, hard, opened, after;
  int error;
};
int clab_limits(struct clab_limit *result);
int64_t clab_hard_limit(void); // of descriptors; -1 for none

// Memory and files
enum clab_touch { CLAB_FIRST, CLAB_AGAIN, CLAB_ZERO_PAGE, CLAB_POPULATED };
// Touching again is over too soon for the clock: it is done so many times.
enum { CLAB_PASSES = 256 };
int64_t clab_touch(long pages, enum clab_touch kind);
// Times of first touches of pages of a file that is not in memory, in nanoseconds; returns how many, or -1. `major` counts
// those for which the kernel went to the disk.
int clab_major(const char *path, int64_t *times, int limit, int64_t *major);
typedef struct clab_chase clab_chase;
clab_chase *clab_chase_new(size_t pages, bool huge);
int64_t clab_chase_steps(clab_chase *chase, long n);
bool clab_chase_is_huge(const clab_chase *chase);
void clab_chase_free(clab_chase *chase);
typedef struct clab_file clab_file;
clab_file *clab_file_new(const char *folder, size_t bytes); // unnamed, in the page cache
enum clab_reading { CLAB_READ, CLAB_MAP, CLAB_MAP_POPULATED, CLAB_PREAD_RANDOM, CLAB_MAP_RANDOM };
// Sums `bytes` from a place that wanders through the file; `piece` is the length of a read, or of what is summed at random.
int64_t clab_file_sum(clab_file *file, enum clab_reading kind, size_t bytes, size_t piece, uint64_t *sum);
// 4 KiB each at places by chance, with pages dropped from memory before the clock starts or not.
int64_t clab_file_reads(clab_file *file, long n, bool dropping);
int clab_file_number(const clab_file *file);
void clab_file_drop(clab_file *file);
int64_t clab_file_place(clab_file *file);
void clab_file_free(clab_file *file);
// A file of `most` pages, and memory with room for `pages` of them.
typedef struct clab_room clab_room;
clab_room *clab_room_new(const char *folder, size_t pages, size_t most);
// Makes a control group below `parent` whose limit is that memory; false where this process may not. Without one, pages that
// were touched longest ago are dropped by hand.
bool clab_room_limit(clab_room *room, const char *parent, bool unified);
struct clab_rounds {
  int64_t touches, wall, processor, delay, majors, refaults; // refaults: -1 where nobody counts them
};
// Touches the first `working` pages in their order, round and round, in a process of its own for `span` nanoseconds. A sample is
// nanoseconds of a touch; returns how many there are, or -1.
int clab_room_rounds(clab_room *room, size_t working, int64_t span, double *samples, int limit, struct clab_rounds *seen);
void clab_room_free(clab_room *room);

// Folders for files of experiments, which go with this process at the latest, however it ends
typedef struct clab_folder clab_folder;
clab_folder *clab_folder_new(const char *parent);
const char *clab_folder_path(const clab_folder *folder);
// Makes files of chance bytes whose names are their numbers of six digits, for `span` nanoseconds at most; returns how many.
int clab_folder_fill(const clab_folder *folder, int count, size_t bytes, int64_t span);
// Takes them out of memory.
void clab_folder_drop(const clab_folder *folder, int count);
bool clab_folder_write(const clab_folder *folder, int number, const void *block, size_t bytes, int times);
void clab_folder_free(clab_folder *folder);

#endif
