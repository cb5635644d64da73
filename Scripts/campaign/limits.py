"""Too little of everything: room, inodes, descriptors, memory, file size; and standard streams that are closed, full or unread."""

import os
import pathlib
import resource
import signal
import subprocess

from checker import STATUSES, Checker
import place as places
from place import Batch, Place

MEGABYTE = 1 << 20
# Where the few bytes are refused that Swift's runtime asks for itself it ends the program, and all other promises are kept.
ENDS = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGILL, -signal.SIGTRAP)


class Cases:
    """One campaign of single runs, each under another limit, all of one batch."""

    def __init__(self, title, folder, count, report):
        self.title, self.report = title, report
        self.batch = Batch(folder / "batch", places.fixtures(count))
        self.checker = Checker(self.batch)
        self.ended = 0

    def run(self, engine, what, allowed, told=True, place=None, after=None, **other):
        """Runs under a limit, then goes on without it; `after` lifts what does not go with the process."""
        with place or Place(self.batch) as place:
            end = place.run(engine, **other)
            # There are no descriptors or no memory to load libraries with: nothing has begun.
            if end.status == 127 and not place.journal.exists() and not place.output.exists():
                wrong = [f"process {pid} is left" for pid, _ in places.reap()]
            else:
                wrong = self.checker.after(place, end, allowed, told=told)
            self.ended += end.status in ENDS
            if after:
                after(place)
            if place.tree() != self.batch.tree or not place.journal.exists():
                wrong += self.checker.resumed(place, engine)
            self.report.add(self.title, engine, 1, wrong, f"{what} under {engine}")


def limits(options, folder, report):
    cases = Cases("limits", folder, 8, report)
    for engine in options.engines:
        for count in range(3, 65):
            cases.run(engine, f"{count} descriptors", (0, 1, 69, 74), limits=[(resource.RLIMIT_NOFILE, count)])
        for size in [*range(8, 200, 8), *range(200, 1000, 100)]:
            for which, name in ((resource.RLIMIT_AS, "addresses"), (resource.RLIMIT_DATA, "data")):
                cases.run(engine, f"{size} MB of {name}", (*STATUSES, *ENDS), limits=[(which, size * MEGABYTE)], told=False)
        for size in (0, 1, 500, 800, 1000, 1500, 4096):
            cases.run(engine, f"files of {size} bytes", (0, 1, 74), limits=[(resource.RLIMIT_FSIZE, size)], told=False)
    if cases.ended:
        report.note("limits", f"{cases.ended} runs with little memory ended by a signal of Swift's runtime, all else kept")
    if os.geteuid() != 0:
        return report.skip("limits", "small file systems and cgroups: only root makes them")
    small_disks(cases, folder, options.engines)
    namespaces(cases, options.engines)
    memory_groups(cases, options.engines)


def small_disks(cases, folder, engines):
    """A tmpfs of few pages or few inodes, and one that may only be read."""
    disk = folder / "disk"
    disk.mkdir()
    sizes = [f"size={pages * 4}k,nr_inodes=1000" for pages in (*range(1, 40, 2), *range(40, 100, 10))]
    for engine in engines:
        for option in [*sizes, *(f"size=10m,nr_inodes={count}" for count in range(4, 48, 2))]:
            subprocess.run(["mount", "-t", "tmpfs", "-o", option, "none", disk], check=True)
            try:
                # Run file and messages are elsewhere; on the disk is what is made.
                with Place(cases.batch) as place:
                    place.output = disk / "out"
                    cases.run(engine, f"tmpfs {option}", (0, 1, 74), place=place,
                              after=lambda _: subprocess.run(["mount", "-o", "remount,size=20m,nr_inodes=1000", disk], check=True))
            finally:
                places.end_all()
                subprocess.run(["umount", disk], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m,ro", "none", disk], check=True)
        try:
            with Place(cases.batch) as place:
                place.output = disk / "out"
                cases.run(engine, "a disk that may only be read", (64, 74), place=place,
                          after=lambda _: subprocess.run(["mount", "-o", "remount,rw", disk], check=True))
        finally:
            places.end_all()
            subprocess.run(["umount", disk], check=True)


def namespaces(cases, engines):
    """/dev/shm full or gone, and no /proc, in mount namespaces of their own."""
    for engine in engines:
        for what, script in (("a full /dev/shm", "mount -t tmpfs -o size=4k none /dev/shm && head -c 4096 /dev/zero > /dev/shm/full"),
                             ("no /proc", "mount -t tmpfs none /proc")):
            prefix = ["unshare", "-m", "sh", "-c", script + ' && exec "$@"', "sh"]
            cases.run(engine, what, STATUSES, prefix=prefix)


def memory_groups(cases, engines):
    """The kernel ends whoever takes more than a cgroup's memory: a worker, or the program as a whole."""
    old, new = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")
    name = f"lanes-faults-{os.getpid()}"
    if (old / "memory.limit_in_bytes").exists():
        group, limit = old / name, "memory.limit_in_bytes"
    elif "memory" in (new / "cgroup.subtree_control").read_text().split() if (new / "cgroup.subtree_control").exists() else False:
        group, limit = new / name, "memory.max"
    else:
        return cases.report.skip("limits", "memory of cgroups: there is no such controller")
    group.mkdir()
    try:
        for engine in engines:
            for size in (2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96):
                (group / limit).write_text(str(size * MEGABYTE))
                enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
                cases.run(engine, f"a cgroup of {size} MB", (*STATUSES, -9), prefix=enter, told=False)
    finally:
        places.end_all()
        group.rmdir()


def streams(options, folder, report):
    cases = Cases("streams", folder, 4, report)
    shell = lambda redirection: ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    lost = (0, 1, 74)
    whole = ("<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "1</dev/null", "<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&-", "<&- 2>&-",
             ">/dev/full 2>/dev/full", "2</dev/null", "0>/dev/null", "0</")
    for engine in options.engines:
        for which in whole[:4] if options.is_short else whole:
            cases.run(engine, f"streams {which}", lost, told=which in ("<&-", "0>/dev/null", "0</"), prefix=shell(which))
        for reader in ("head -n 1",) if options.is_short else ("head -n 1", "head -c 1", "true"):
            # The status is the program's, whatever the reader does.
            script = f'{{ "$@"; echo $? >&3; }} 3>&2 | {reader} > /dev/null'
            unread(cases, engine, f"a pipe into {reader}", ["sh", "-c", script, "sh"])


def unread(cases, engine, what, prefix):
    """Standard output is a pipe that nobody reads to its end: all results are made, and nothing is said of it."""
    with Place(cases.batch) as place:
        end = place.run(engine, prefix=prefix)
        said = end.errors.splitlines()
        end.status = int(said[-1]) if said and said[-1].isdigit() else None
        wrong = cases.checker.after(place, end, (cases.batch.status,), told=False)
        if place.tree() != cases.batch.tree:
            wrong.append("not all results were made")
        cases.report.add("streams", engine, 1, wrong, f"{what} under {engine}")
