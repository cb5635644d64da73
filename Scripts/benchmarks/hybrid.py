"""One event loop that reads and writes for all lanes, beside threads and the event loop alone; and reaching workers through sockets."""

import re
import shutil
import subprocess
from typing import Callable, List

from . import inputs
from .auto import drop
from .images import OUT, TO_JPEG, SameTrees, about, lanes
from .measure import Contestant, run_rounds, table
from .sections import SameOutput
from .shared import LANES, ROUNDS, commands

HYBRID = ("hybrid ×2", ["--mode", "hybrid", "--cores", "2"])
THREADS = [(f"threads ×{count}", ["--mode", "threads", "--cores", str(count)]) for count in (2, 16, 32, 64)]
LOOP = ("eventloop", ["--mode", "eventloop"])
CHANNELS = [
    (f"processes/{channel} ×2", ["--mode", "processes", "--ipc", channel, "--cores", "2"])
    for channel in ("pipe", "socket", "shm")
]


def peak(argv: List[str], before: Callable[[], None]) -> str:
    """Peak memory of all processes, as a run of its own tells it."""
    before()
    done = subprocess.run([*argv, "--stats"], capture_output=True, text=True, errors="replace")
    found = re.search(r"memory +(.*) peak", done.stderr)
    return found.group(1) if found else "unknown"


def measured(intro: str, contestants: List[Contestant], baseline: str) -> List[str]:
    run_rounds(contestants, ROUNDS)
    peaks = ", ".join(f"{one.name} {peak(one.argv, one.before)}" for one in contestants)
    return [intro, "", *table(contestants, baseline), "", f"Peak memory: {peaks}.", "", *commands(contestants), ""]


def section() -> List[str]:
    photographs, small, text = inputs.photographs(), inputs.small_files(), inputs.large_text()
    trees = SameTrees()
    lines = [
        "## One loop for all lanes", "",
        "Aims of `--mode hybrid`: small files that are not in the page cache no slower than with the best number of threads, photographs "
        "within 3 % of two threads and in as much memory.", "",
    ]
    ways = [("serial", ["--mode", "serial"]), *THREADS, LOOP, HYBRID]
    same = SameOutput()
    lines += measured(
        f"{inputs.SMALL_FILES:,} files of 4 to 64 kB, dropped from the page cache before each run.",
        [Contestant(name, [LANES, "files", "count", "-r", str(small), *flags], before=lambda: drop(small), after=same)
         for name, flags in ways], HYBRID[0])
    same = SameOutput()
    lines += measured(
        "The same in the page cache.",
        [Contestant(name, [LANES, "files", "count", "-r", str(small), *flags], after=same)
         for name, flags in [THREADS[0], LOOP, HYBRID]], HYBRID[0])
    converting = lanes(photographs, TO_JPEG, [THREADS[0], LOOP, HYBRID], trees)
    lines += measured(
        f"{about(photographs)}, all of them photographs, within 512 × 512.", converting, converting[0].name)
    lines += [trees.sentence(), ""]
    shutil.rmtree(OUT, ignore_errors=True)
    same = SameOutput()
    lines += measured(
        "Reaching workers: one file of 2 GB, counted.",
        [Contestant(name, [LANES, "files", "count", str(text), *flags], after=same) for name, flags in CHANNELS], CHANNELS[0][0])
    return lines + BOUNDS


BOUNDS = [
    "What bounds it:", "",
    "- **Cold small files**: storage, and then the loop getting a core in time, as far as can be told: it is one thread that must run again and "
    "again for reads to stay under way, and of all it loses most where other programs compete for the cores. Reads by threads of the kernel "
    "cost more processor time than reads by the lanes; the columns say how much. Where cores are busy `auto` stays with threads.",
    "- **Files in the page cache**: the loop, which opens, reads and closes every file by itself while lanes have little to compute.",
    "- **Photographs**: computing. The loop loads about one image ahead of the lanes and keeps the memory of inputs for later ones, which is more "
    "than two threads hold.",
    "- **Pipe and socket**: the kernel copies every byte twice, where shared memory maps the file.", "",
]
