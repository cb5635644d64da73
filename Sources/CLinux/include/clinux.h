// Linux calls that Swift's Glibc module does not show, and the two signal handlers, which must be C.
// Every wrapper returns -1 and sets errno on failure, as the call it wraps does.
#ifndef CLINUX_H
#define CLINUX_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// epoll(7)
int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_remove(int epoll, int fd);
// Fills tokens[] and events[] with at most `limit` entries and returns how many; timeout in milliseconds, -1 for ever.
int clinux_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int limit, int timeout);
extern const uint32_t clinux_epollin, clinux_epollout, clinux_epollerr, clinux_epollhup;

// Not blocking: a reader that finds it at 0 gets EAGAIN.
int clinux_eventfd(void);
// Anonymous memory that may grow and not shrink, so that a mapping of one side stays readable whatever the other does.
int clinux_memfd(const char *name);
// Like every descriptor that is made here, both ends close at exec.
int clinux_pipe(int fds[2]);
// A descriptor of a process, readable once it has ended (pidfd_open(2)). Unlike a number it cannot come to mean another
// process.
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_kill(int pidfd, int signal);
// Lets a process that is going to be started begin in `directory` (posix_spawn_file_actions_addchdir_np(3)).
int clinux_spawn_in(posix_spawn_file_actions_t *actions, const char *directory);
// Makes every descriptor from `first` on close at exec, or closes it now.
int clinux_close_from(unsigned first);
// Asks for SIGKILL when the thread that started this process ends (PR_SET_PDEATHSIG); ESRCH when `parent` is already
// gone.
int clinux_die_with_parent(pid_t parent);
// gettid(2): the number of the calling thread.
pid_t clinux_thread_id(void);
// Number of CPUs in this process's affinity mask.
int clinux_cpu_count(void);
// wait4(2) without blocking when `nohang`; returns pid, 0 or -1.
struct clinux_usage {
  int64_t user_ns, system_ns, minor_faults, major_faults, voluntary, involuntary;
  int64_t storage_read, storage_written; // bytes: what /proc/PID/io calls read_bytes and write_bytes
  int64_t peak_memory; // bytes: the largest process's, which begins with what its parent had before it was started
};
pid_t clinux_wait(pid_t pid, int *status, struct clinux_usage *usage, bool nohang);
// The usage of all threads of this process (RUSAGE_SELF).
int clinux_self_usage(struct clinux_usage *usage);
// The same of the calling thread alone (RUSAGE_THREAD).
int clinux_thread_usage(struct clinux_usage *usage);
// Makes this process the one that looks after what its children leave behind (PR_SET_CHILD_SUBREAPER) and that is told by
// SIGTERM when `parent` ends; ESRCH when it is gone. From now on signals are taken by `clinux_next_signal`.
int clinux_supervise(pid_t parent);
// Waits for SIGCHLD, SIGTERM, SIGINT or SIGHUP, `timeout_ns` at most unless that is negative; 0 when none came.
int clinux_next_signal(int64_t timeout_ns);
// Starts a program, found as execvp(3) does, with those standard streams, in a process group of its own and with all
// signals let through; returns its number or -1. `trouble` becomes the errno of a program that could not be started, or 0.
// It begins in a control group of version 2, an open folder, unless that is -1.
pid_t clinux_start_group(char *const words[], const int streams[3], int control_group, int *trouble);
// Lets go of the pages of this program that are in its file too, and come back from there when they are needed.
void clinux_drop_program(void);
// Asks a supervisor for a run: the number of a command and its standard streams.
int clinux_ask_run(int socket, uint32_t which, const int streams[3]);
// Waits for what the above sent: 1, 0 when nothing will come any more, or -1; EMFILE when there was no room for the streams.
int clinux_next_run(int socket, uint32_t *which, int streams[3]);
// Sends what became of a run; EPIPE when nobody listens.
int clinux_tell_outcome(int socket, const void *bytes, size_t length);
// 1 when the child has ended, which remains to be waited for; 0 while it lasts, `stopped_by` being the signal that has
// stopped it, if one has.
int clinux_peek(pid_t pid, int *stopped_by);
// Where `key` first is in `text`, or -1 (memmem(3), which Swift does not see).
long clinux_find(const void *text, size_t length, const void *key, size_t key_length);
// Gives `from` the name `to`, both counted from the open `folder` or from AT_FDCWD. With `replace` it takes the place of
// what has that name, without it EEXIST is the answer.
int clinux_rename(int folder, const char *from, const char *to, bool replace);
// Gives the unnamed file (O_TMPFILE) of `fd` a name, counted from `folder`; EEXIST when it is taken.
int clinux_link_unnamed(int fd, int folder, const char *to);
// Columns of the terminal that `fd` is, or 0.
int clinux_terminal_width(int fd);
// False where the byte at `offset` of a file would have to be read from storage, as far as the file system tells.
bool clinux_is_cached(int fd, int64_t offset);
// Makes sure that a range has memory or blocks (fallocate(2)), so that touching it cannot raise SIGBUS on a full tmpfs.
int clinux_fallocate(int fd, int64_t offset, int64_t length);
// Gives a range's memory or blocks back; it reads as zeros from then on, and the size stays.
int clinux_punch(int fd, int64_t offset, int64_t length);
// Starts to write a file's dirty pages to its storage or, with `wait`, also waits until none is left
// (sync_file_range(2)). Neither commits a journal nor empties the device's cache, as fdatasync(2) does for every file,
// clean or not.
int clinux_write_back(int fd, bool wait);
extern const int clinux_o_tmpfile, clinux_o_path, clinux_madv_populate_read;

// io_uring(7). A request is queued by `open`, `read` or `write`, which return false when the queue is full, and handed
// to the kernel by `submit`; `next` takes a completion, false when there is none. Names and memory stay as they are
// until `submit` and the completion.
typedef struct clinux_ring clinux_ring;
// How a request is carried out that would have to wait for the disk.
enum clinux_way {
  CLINUX_WHEN_READY, // the kernel decides
  CLINUX_IF_CACHED,  // not at all: EAGAIN, or fewer bytes
  CLINUX_BY_WORKER,  // by a thread of the kernel, even if it would not have to wait
};
// `wake_fd`, an eventfd, becomes readable with every completion; at most `workers` threads of the kernel wait for
// files.
clinux_ring *clinux_ring_new(unsigned depth, int wake_fd, unsigned workers);
void clinux_ring_free(clinux_ring *ring);
bool clinux_ring_open(clinux_ring *ring, const char *path, uint64_t token);
// An offset of -1 is the descriptor's own.
bool clinux_ring_read(
    clinux_ring *ring, int fd, void *room, unsigned length, int64_t offset, enum clinux_way way, uint64_t token);
// Whether `load` can be asked for (Linux 5.19).
bool clinux_ring_can_load(clinux_ring *ring);
// Opens a file, reads from its start once and closes it: one after the other on one thread of the kernel, with one completion, that of the
// read, or of the open where that failed. EBADF is to be tried otherwise: the kernel, short of memory, took the chain apart.
bool clinux_ring_load(clinux_ring *ring, const char *path, void *room, unsigned length, uint64_t token);
bool clinux_ring_write(
    clinux_ring *ring, int fd, const void *bytes, unsigned length, int64_t offset, enum clinux_way way, uint64_t token);
// The number of requests that the kernel took, or a negative errno. EAGAIN and EBUSY pass: requests stay queued.
int clinux_ring_submit(clinux_ring *ring);
// The version of liburing, such as 2.6; empty before 2.4, whose headers do not tell.
const char *clinux_ring_version(void);
// Requests that the kernel has not taken.
unsigned clinux_ring_queued(clinux_ring *ring);
bool clinux_ring_next(clinux_ring *ring, uint64_t *token, int32_t *result);

// Stop requests. The first SIGINT or SIGTERM is counted and told through `wake_fd` (an eventfd); the second removes the
// files registered below and ends the process by that signal at once.
int clinux_stop_install(int wake_fd);
// 0, or the first signal that asked to stop since the last reset.
int clinux_stop_signal(void);
// How many signals were answered to the end; one less than came where the last ended the process.
unsigned clinux_stop_answered(void);
// Makes the next signal the first one again.
void clinux_stop_reset(void);
// Ends this process as if nobody had handled the signal, so that the parent sees it in the status. Does not return.
void clinux_die_by(int signal);

// The first signal is answered at once on standard error: how many units are going to be finished, "finishing 2 images;
// again to stop now"; nothing when none is, and nothing before the words are given. `start` comes first, such as what
// clears the line of a terminal; parts are units that are not whole, such as slices of a file, and one of them names
// all. At most 31 bytes each.
void clinux_stop_words(const char *start, const char *one, const char *many, const char *one_part, const char *many_parts);
// What a lane, of at most 4096, is busy with from now on; called by that lane alone.
void clinux_stop_busy(unsigned lane, unsigned units, unsigned parts);
// Numbers that lanes may have here.
extern const int clinux_stop_lanes;

// Names of unfinished files to remove when the process is ended by a second signal. Returns a slot, or -1 when all are
// in use. A name is added before its file is made, on the thread that makes it, and `made` follows whether that worked
// or not: while the process is being ended the first does not return, and the second is waited for.
int clinux_unfinished_add(const char *path);
void clinux_unfinished_made(int slot);
void clinux_unfinished_remove(int slot);
// Removes the files of all slots, for a handler that ends the process: no thread makes another one from then on.
void clinux_unfinished_remove_all(void);

// Crashes of this process: SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP are told on standard error with what the
// thread works on, unfinished files are removed, and the signal takes its former way.
int clinux_crash_install(void);
// What the calling thread works on from now on; at most 255 bytes of the label are copied.
void clinux_crash_begin(const char *label, size_t length);
void clinux_crash_end(void);
// What the message ends with; at most 511 bytes.
void clinux_crash_advice(const char *text);
// A stack for handlers of the calling thread, or NULL; free it on the same thread.
void *clinux_crash_stack(void);
void clinux_crash_stack_free(void *memory);

// The words that the process was started with, the program's name among them. Swift's own look for them in
// /proc/self/maps, and are none where that cannot be read.
int clinux_argument_count(void);
const char *clinux_argument(int index);

// What a hijacked decoder would try, to find out whether it can: 0 when it succeeded, which does no harm, else errno.
// Where the sandbox holds, most end the process instead. `first_given` is the first descriptor that is not the worker's
// own channel.
enum clinux_attack_kind {
  clinux_attack_read_file,
  clinux_attack_make_file,
  clinux_attack_list_folder,
  clinux_attack_network,
  clinux_attack_local_socket,
  clinux_attack_start_process,
  clinux_attack_run_program,
  clinux_attack_trace_parent,
  clinux_attack_signal_parent,
  clinux_attack_parent_memory,
  clinux_attack_parent_environment,
  clinux_attack_take_memory,
  clinux_attack_make_code,
  clinux_attack_write_given,
  clinux_attack_raise_limit,
};
int clinux_attack(enum clinux_attack_kind kind, pid_t parent, int first_given);

// fstat(2) itself: the C library's asks by an empty name, for which a sandbox would have to allow names.
struct stat;
int clinux_fstat(int fd, struct stat *status);

// Mapped files that may shrink. When a page of a guarded range cannot be read (SIGBUS), zero pages are put in its place
// up to the end of the range and the offset is remembered, so that the reader goes on and can ask afterwards.
int clinux_guard_install(void);
int clinux_guard_add(void *base, size_t length); // slot, or -1 when all are in use
int64_t clinux_guard_fault(int slot);            // offset of the first unreadable byte's page, or -1
void clinux_guard_remove(int slot);

// What a worker process gives up for good, from the outside in. The order is that of the functions.
struct clinux_limits {
  uint64_t address_space; // bytes; 0 leaves it
  uint64_t file_size;     // bytes that a file may grow to, memfds included
  uint64_t descriptors;   // the highest number and one
};
// setrlimit(2), soft and hard; no core file either.
int clinux_limit_self(const struct clinux_limits *limits);
// Neither this process nor one that it runs gains rights by exec (PR_SET_NO_NEW_PRIVS); Landlock and seccomp ask for
// it.
int clinux_no_new_privileges(void);
// The version of Landlock's interface, or -1 where the kernel has none.
int clinux_landlock_version(void);
// No file is opened, made, removed or run by its name any more, nor a connection made (as far as the version goes).
int clinux_landlock_self(void);
// Has the C library ask the system now what it would otherwise ask while it computes, by calls that the filter forbids.
void clinux_ask_ahead(void);
// Whether the kernel can end a process for a system call (SECCOMP_RET_KILL_PROCESS), on processors whose numbers are
// known.
bool clinux_seccomp_available(void);
// From now on any system call but those of the list in sandbox.c ends the process by SIGSYS; `receiving`, or -1, is the
// one descriptor that recvmsg(2) may be called on.
int clinux_seccomp_self(int receiving);

// True in builds for a sanitizer, whose runtime needs more of the system than a worker does.
extern const bool clinux_is_sanitized;

// A pair of local sockets (unix(7)): for messages of their own each, such as descriptors (SCM_RIGHTS), or one stream of bytes.
int clinux_socket_pair(int ends[2], bool keeps_messages);
// Sending never waits: EAGAIN.
int clinux_send_descriptor(int socket, int fd);
// Waits for a message. EPIPE when the other end is closed, EMFILE when there was no room for the descriptor.
int clinux_receive_descriptor(int socket);

#endif
