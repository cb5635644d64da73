"""Power cuts: the file that stands for a disk is copied while runs write to the ext4 on it; each copy is mounted and checked.

The copy is made at one moment: the file lies on an XFS, which shares all blocks between the two in one call (FICLONE) that no
write can come into. What the block device was given is there, what ext4 held back is not. Writes are not reordered as a disk
may do it, so what is missing is only what the program or ext4 had not sent yet.

Results that were there before (`--overwrite`) must be old or new. When the run was over before the cut, nothing may be missing.
"""

import fcntl
import os
import random
import shutil
import subprocess
import time

from checker import Checker
import place as places
from place import Batch, End, Place
from report import Skipped

FICLONE = 0x40049409
CUTS_OF_ONE_RUN = 12


def call(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Skipped(f"{' '.join(map(str, words[:3]))}: {done.stderr.strip()}")


class Disk:
    """A small ext4 in a file on an XFS, both mounted through loop devices below `folder`."""

    def __init__(self, folder):
        self.outer, self.mounted, self.copies = folder / "outer", folder / "disk", 0
        self.outer.mkdir()
        self.mounted.mkdir()
        with open(folder / "outer.img", "wb") as file:
            file.truncate(1 << 30)
        call("mkfs.xfs", "-q", "-m", "reflink=1", folder / "outer.img")
        call("mount", "-o", "loop", folder / "outer.img", self.outer)
        self.fresh, self.current = self.outer / "fresh.img", self.outer / "current.img"
        with open(self.fresh, "wb") as file:
            file.truncate(32 << 20)
        call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.fresh)

    def clone(self, source, target):
        with open(source, "rb") as old, open(target, "wb") as new:
            fcntl.ioctl(new, FICLONE, old.fileno())

    def mount(self, image):
        call("mount", "-o", "loop", image, self.mounted)

    def unmount(self):
        call("umount", self.mounted)

    def close(self):
        for folder in (self.mounted, self.outer):
            while os.path.ismount(folder):
                if subprocess.run(["umount", folder], capture_output=True).returncode:
                    subprocess.run(["umount", "-l", folder], capture_output=True)


class Cuts:
    def __init__(self, disk, batches, old, chance, report):
        self.disk, self.batches, self.old, self.chance, self.report = disk, batches, old, chance, report

    def run(self, engine, engines):
        """One run with its cuts; gives how many there were."""
        disk, batch = self.disk, self.chance.choice(self.batches)
        more = ("--overwrite",) if self.chance.random() < 0.5 else ()
        disk.clone(disk.fresh, disk.current)
        disk.mount(disk.current)
        (disk.mounted / "p").mkdir()
        place = Place(batch, folder=disk.mounted / "p")
        if more:
            shutil.copytree(self.old, place.output)
        os.sync()
        old = place.tree()
        place.start(engine, more)
        copies = []
        while len(copies) < CUTS_OF_ONE_RUN:
            time.sleep(self.chance.random() * batch.spans[engine] / CUTS_OF_ONE_RUN * 2)
            is_over = place.process.poll() is not None
            copies.append((disk.outer / f"cut-{len(copies)}.img", is_over))
            disk.clone(disk.current, copies[-1][0])
            if is_over:
                break
        end = place.finish()
        # Runs take longer where every write waits for a disk and the device is copied meanwhile.
        batch.spans[engine] = 0.7 * batch.spans[engine] + 0.3 * end.seconds
        wrong = Checker(batch).after(place, end, (batch.status,), old)
        self.report.add("power", engine, 0, wrong, f"a run under {engine} beside which the disk was copied")
        disk.unmount()
        for image, is_over in copies:
            other = engine if self.chance.random() < 0.5 else self.chance.choice(engines)
            wrong = self.check(image, is_over, batch, old, more, other)
            self.report.add("power", engine, 1, wrong, f"power cut {'after' if is_over else 'under'} {engine} {' '.join(more)}")
            image.unlink()
        return len(copies)

    def check(self, image, is_over, batch, old, more, other):
        """What is wrong on one copy, before and after going on."""
        self.disk.mount(image)
        try:
            place = Place(batch, folder=self.disk.mounted / "p")
            checker = Checker(batch)
            # What was printed went elsewhere in earnest; here it was on the disk that failed.
            end = End(batch.status if is_over else -9, b"", "", 0)
            wrong = checker.results(place, old) + checker.accounts(place, end, told=False)
            if is_over and place.tree() != batch.tree:
                wrong.append("the run was over, and not all its results are there")
            return wrong + checker.resumed(place, other, more)
        finally:
            places.end_all()
            self.disk.unmount()


def power(options, folder, report):
    if os.geteuid() != 0:
        raise Skipped("only root may mount file systems")
    if missing := [name for name in ("mkfs.xfs", "mkfs.ext4") if not shutil.which(name)]:
        raise Skipped(f"{missing[0]} is not installed")
    chance = random.Random(options.seed)
    pool = places.fixtures()
    batches = [Batch(folder / "all", pool), Batch(folder / "some", chance.sample(pool, 20))]
    for batch in batches:
        batch.measure(options.engines)
    disk, done = Disk(folder), 0
    try:
        for batch in batches:
            old = folder / f"old-{batch.folder.name}"
            subprocess.run([places.PROGRAM, "images", "convert", batch.inputs, "-o", old, *batch.options, "--quality", "30"],
                           capture_output=True)
            batch.old = old
        while done < (options.count or 1_000):
            for engine in options.engines:
                batch = chance.choice(batches)
                done += Cuts(disk, [batch], batch.old, chance, report).run(engine, options.engines)
    finally:
        places.end_all()
        disk.close()
