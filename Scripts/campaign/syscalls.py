"""Errors injected into system calls with strace: for every call that the program makes, into the k-th one of each of its
threads and processes, k = 1, 2, … until a run comes out in which none was hit.

Calls that cannot fail, or whose failure the kernel does not know, are left alone: brk(2) answers with where the break is, and
not with an error, which strace cannot imitate (limits on memory do), and waking never fails in futex(2). What the loader and
the C library do before `main` is theirs: a run that ends there with their word and status 127, or a signal, has touched nothing.
"""

import os
import random
import re
import shutil
import subprocess

from checker import STATUSES, Checker
import place as places
from place import FIXTURES, Batch, Place
from report import Skipped

HANG = 30
# What each call fails with in earnest (its manual page), and what file systems and networks add.
ERRORS = {
    "access": ["EACCES"], "chdir": ["EACCES"], "clone3": ["EAGAIN", "ENOMEM"], "clone": ["EAGAIN", "ENOMEM"],
    "close": ["EIO"], "close_range": ["ENOSYS"], "connect": ["EACCES"], "dup": ["EMFILE"], "dup2": ["EMFILE"], "dup3": ["EMFILE"],
    "epoll_create1": ["EMFILE", "ENOMEM"], "epoll_ctl": ["ENOMEM", "ENOSPC"], "epoll_wait": ["EINTR"], "epoll_pwait": ["EINTR"],
    "eventfd2": ["EMFILE", "ENOMEM"], "execve": ["ENOMEM", "EACCES"], "fallocate": ["ENOSPC", "EINTR", "EOPNOTSUPP"],
    "faccessat2": ["EACCES", "EROFS", "EIO"], "fadvise64": ["EINVAL"], "fchmod": ["EPERM"], "fchown": ["EPERM"], "fcntl": ["EMFILE", "EPERM"],
    "fdatasync": ["EIO", "ENOSPC"], "flock": ["EINTR", "ENOLCK", "EAGAIN"], "fstat": ["EIO", "ENOMEM"], "fsync": ["EIO", "ENOSPC"],
    "ftruncate": ["EIO", "ENOSPC", "EINTR"], "futex": ["EINTR", "EAGAIN"], "getcwd": ["ENOENT"], "getdents64": ["EIO"],
    "getrandom": ["EINTR", "ENOSYS"], "getrusage": ["EINVAL"], "ioctl": ["ENOTTY"], "io_uring_enter": ["EAGAIN", "EBUSY", "EINTR"],
    "io_uring_register": ["ENOMEM", "EINVAL"], "io_uring_setup": ["ENOSYS", "ENOMEM", "EPERM", "EMFILE"],
    "landlock_add_rule": ["ENOSYS"], "landlock_create_ruleset": ["ENOSYS", "EOPNOTSUPP"], "landlock_restrict_self": ["EPERM"],
    "linkat": ["EIO", "ENOSPC", "EDQUOT", "EPERM"], "lseek": ["ESPIPE"], "madvise": ["ENOMEM", "EAGAIN"],
    "memfd_create": ["EMFILE", "ENOMEM", "ENOSYS"], "mkdir": ["EIO", "ENOSPC", "EDQUOT"], "mkdirat": ["EIO", "ENOSPC", "EDQUOT"],
    "mmap": ["ENOMEM"], "mprotect": ["ENOMEM"], "mremap": ["ENOMEM"], "munmap": ["ENOMEM"],
    "newfstatat": ["EIO", "EACCES", "ENOMEM"], "openat": ["EMFILE", "EIO", "EACCES", "EINTR", "ENOMEM"],
    "pidfd_open": ["EMFILE", "ENOSYS"], "pipe2": ["EMFILE", "ENFILE"], "poll": ["EINTR", "ENOMEM"], "prctl": ["EPERM"],
    "pread64": ["EIO", "EINTR"], "preadv2": ["EIO", "EOPNOTSUPP", "EAGAIN"], "prlimit64": ["EPERM"],
    "pwrite64": ["EIO", "ENOSPC", "EDQUOT", "EINTR"], "pwritev": ["EIO", "ENOSPC"], "read": ["EIO", "EINTR"],
    "readlink": ["EACCES"], "readlinkat": ["EACCES"], "recvmsg": ["ENOMEM", "EINTR"], "rename": ["EIO", "ENOSPC"],
    "renameat2": ["EIO", "ENOSPC", "EINVAL"], "rmdir": ["EIO", "EBUSY"], "rt_sigaction": ["EINVAL"], "rt_sigprocmask": ["EINVAL"],
    "sched_getaffinity": ["EINVAL"], "sched_yield": [], "seccomp": ["EINVAL", "ENOSYS"], "setsockopt": ["EINVAL", "ENOBUFS"], "sendmsg": ["ENOBUFS", "EINTR", "EPIPE"],
    "setpgid": ["EPERM"], "setrlimit": ["EPERM"], "socketpair": ["EMFILE"], "statx": ["EIO"], "sync_file_range": ["EIO", "ENOSPC", "EINVAL"], "sysinfo": ["EFAULT"],
    "timerfd_create": ["EMFILE"], "timerfd_settime": ["ENOMEM"], "uname": ["EFAULT"], "unlink": ["EIO"], "unlinkat": ["EIO"],
    "utimensat": ["EPERM", "EIO"], "wait4": ["EINTR"], "waitid": ["EINTR"],
    "write": ["EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN", "EPIPE"], "writev": ["EIO", "ENOSPC", "EPIPE"],
}
UNFAILING = {
    "arch_prctl", "brk", "exit", "exit_group", "getegid", "geteuid", "getgid", "getpid", "getppid", "gettid", "getuid", "pidfd_send_signal", "rseq", "tgkill",
    "rt_sigreturn", "set_robust_list", "set_tid_address", "sigaltstack", "clock_gettime", "kill", "restart_syscall", "umask",
}


def made_calls(batch, engine):
    """Names of all system calls that the program and its workers make."""
    with Place(batch) as place:
        counts = batch.folder / "counts"
        place.run(engine, prefix=["strace", "-f", "-qq", "-c", "-U", "name,calls", "-o", str(counts)])
        names = [line.split()[0] for line in counts.read_text().splitlines() if len(line.split()) == 2]
    return [name for name in names if re.fullmatch("[a-z0-9_]+", name) and name not in ("syscall", "total")]


def has_woken(trace):
    """True when a call was hit that wakes others. These never fail, and the C library ends a process in which one does."""
    begun = {}
    for line in trace.splitlines():
        pid, _, text = line.partition(" ")
        if "<unfinished" in text:
            begun[pid] = text
        if "INJECTED" in line and "FUTEX_WAKE" in (begun.get(pid, "") if "resumed>" in text else text):
            return True
    return False


class Sweep:
    def __init__(self, batch, report):
        self.batch, self.report, self.checker = batch, report, Checker(batch)
        self.trace = batch.folder / "trace"

    def inject(self, engine, call, error, k):
        """One run; false when nothing was hit."""
        with Place(self.batch) as place:
            words = f"inject={call}:error={error}:when={k}"
            prefix = ["strace", "-f", "-qq", "-o", str(self.trace), "-e", f"trace={call}", "-e", "signal=none", "-e", words]
            end = place.run(engine, prefix=prefix, longest=HANG)
            trace = self.trace.read_text(errors="replace")
            if "(INJECTED)" not in trace:
                return False
            if has_woken(trace):
                return True
            what = f"{words} under {engine}"
            if self.ended_in_loader(end, place):
                wrong = [f"process {pid} is left: {command}" for pid, command in places.reap()]
            else:
                took_words = re.search(r"\bwritev?\([12],[^\n]*INJECTED", trace) is not None
                wrong = self.checker.after(place, end, STATUSES, told=not took_words)
                if not (end.status == self.batch.status and place.tree() == self.batch.tree):
                    wrong += self.checker.resumed(place, engine)
            self.report.add("syscalls", engine, 1, wrong, what)
            return True

    def ended_in_loader(self, end, place):
        """Before `main`: nothing was touched, and what is said is the loader's."""
        untouched = not place.output.exists() and not place.journal.exists()
        by_loader = end.status == 127 or (end.status not in (0, None) and "lanes:" not in end.errors and end.status not in STATUSES)
        return untouched and by_loader and self.is_before_main(end)

    def is_before_main(self, end):
        # The loader and the C library say what failed in their own words; a crash of theirs says nothing.
        return end.status == 127 or (end.status in (-11, -6) and not self.has_started())

    def has_started(self):
        """True when the program's own first call was traced: only it asks whether its streams are open (fcntl)."""
        return "fcntl(" in self.trace.read_text(errors="replace")


def syscalls(options, folder, report):
    if not shutil.which("strace"):
        raise Skipped("strace is not installed")
    chance = random.Random(options.seed)
    names = ["kinds/420.jpg", "images/photos/nuthatch-bits.png", "images/damaged/damaged-truncated.png", "images/photos/seeds-restarts.jpg"]
    sweep = Sweep(Batch(folder / "batch", [FIXTURES / name for name in names]), report)
    for engine in options.engines:
        calls = made_calls(sweep.batch, engine)
        if unknown := [name for name in calls if name not in ERRORS and name not in UNFAILING]:
            report.skip("syscalls", f"{engine} makes calls that nothing is known of: {', '.join(unknown)}")
        pairs = [(name, error) for name in calls for error in ERRORS.get(name, [])]
        # Short of a count the sweep is complete; with one, that many of all, by chance.
        for name, error in (chance.sample(pairs, min(options.count, len(pairs))) if options.count else pairs):
            # strace itself makes the first execve.
            k = 2 if name == "execve" else 1
            while sweep.inject(engine, name, error, k):
                k += 1
