"""How much time `--mode auto` loses against the best engine that could have been chosen, batch by batch."""

import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List

from . import inputs
from .measure import Contestant, run_rounds, seconds
from .sections import LANES, SameOutput

CPUS = len(os.sched_getaffinity(0))
OUT = inputs.CACHE / "out" / "auto"
FIXED = [
    ("serial", ["--mode", "serial"]),
    (f"threads ×{CPUS}", ["--mode", "threads", "--cores", str(CPUS)]),
    (f"threads ×{CPUS * 8}", ["--mode", "threads", "--cores", str(CPUS * 8)]),
    (f"processes/shm ×{CPUS}", ["--mode", "processes", "--cores", str(CPUS)]),
    ("eventloop", ["--mode", "eventloop"]),
    (f"hybrid ×{CPUS}", ["--mode", "hybrid", "--cores", str(CPUS)]),
]
# The least regret that is called one: a tenth.
LIMIT = 0.10


@dataclass
class BatchOfWork:
    """A command to run under every engine; `cold` are files and folders dropped from the page cache before each run."""

    name: str
    words: List[str]
    rounds: int
    cold: List[Path] = field(default_factory=list)
    writes: bool = False


def drop(path: Path) -> None:
    """Drops a file, or all files below a folder, from the page cache; needs no rights."""
    files = [entry for entry in path.rglob("*") if entry.is_file()] if path.is_dir() else [path]
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def some_photographs() -> Path:
    """Every fourth photograph, by links, so that a round takes a second or two."""
    folder = inputs.CACHE / "some-photographs"
    if not folder.exists():
        folder.mkdir(parents=True)
        for path in sorted(inputs.photographs().iterdir())[::4]:
            shutil.copyfile(path, folder / path.name)
    return folder


def batches() -> List[BatchOfWork]:
    photographs, some, text, small = (
        inputs.photographs(), some_photographs(), inputs.large_text(), inputs.small_files())
    one = sorted(some.glob("*.jpg"))[0]
    convert = ["--resize", "512x512", "--to", "jpeg", "--quiet", "-o", str(OUT)]
    folders = [str(small / f"{number:03}") for number in range(10)]
    return [
        BatchOfWork("primes to 1e7", ["primes", "1e7"], 21),
        BatchOfWork("primes to 1e9", ["primes", "1e9"], 9),
        BatchOfWork("primes to 1e10", ["primes", "1e10"], 3),
        BatchOfWork("one photograph", ["images", "convert", str(one), *convert[:-1], str(OUT) + "/"], 7, writes=True),
        BatchOfWork(
            f"{sum(1 for _ in some.iterdir())} photographs", ["images", "convert", str(some), *convert], 3, writes=True),
        BatchOfWork("headers of photographs, cold", ["images", "info", str(photographs)], 5, cold=[photographs]),
        BatchOfWork("200 small files, warm", ["files", "count", "-r", folders[0]], 21),
        BatchOfWork("20,000 small files, warm", ["files", "count", "-r", str(small)], 5),
        BatchOfWork("20,000 small files, cold", ["files", "count", "-r", str(small)], 5, cold=[small]),
        BatchOfWork("one file of 2 GB, warm", ["files", "count", str(text)], 7),
        BatchOfWork(
            "mixed: 2,000 small files, cold, then 2 GB, warm", ["files", "count", "-r", *folders, str(text)], 5,
            cold=[Path(folder) for folder in folders]),
    ]


def preparation(batch: BatchOfWork) -> Callable[[], None]:
    def prepare() -> None:
        if batch.writes:
            shutil.rmtree(OUT, ignore_errors=True)
        for path in batch.cold:
            drop(path)
    return prepare


def contestants(batch: BatchOfWork) -> List[Contestant]:
    check = (lambda output: None) if batch.writes else SameOutput()
    return [
        Contestant(name, [LANES, *batch.words, *flags], before=preparation(batch), after=check)
        for name, flags in [("auto", [])] + FIXED
    ]


def chosen(batch: BatchOfWork) -> str:
    """What auto says that it chose, in a run of its own."""
    preparation(batch)()
    done = subprocess.run([LANES, *batch.words, "--stats"], capture_output=True, text=True, errors="replace")
    found = re.search(r"auto chose ([^:]*):", done.stderr)
    return found.group(1) if found else "unknown"


def row(batch: BatchOfWork) -> str:
    racers = contestants(batch)
    print(f"  {batch.name}", file=sys.stderr)
    run_rounds(racers, batch.rounds)
    broken = [one for one in racers if one.problem]
    if broken:
        return f"| {batch.name} | {broken[0].name}: {broken[0].problem} |" + " |" * (len(FIXED) + 2)
    medians = [statistics.median(sample.wall for sample in one.samples) for one in racers]
    best = min(medians[1:])
    regret = medians[0] / best - 1
    # A middle of short runs may lie a little below the best by chance: that is no loss.
    text = f"{max(regret, 0) * 100:.0f} %"
    cells = [f"**{seconds(value)}**" if value == best else seconds(value) for value in medians]
    shown = text if regret <= LIMIT else f"**{text}**"
    return "| " + " | ".join([batch.name, *cells, shown, chosen(batch)]) + " |"


def section() -> List[str]:
    rows = [row(batch) for batch in batches()]
    shutil.rmtree(OUT, ignore_errors=True)
    names = ["auto"] + [name for name, _ in FIXED]
    return [
        "## What auto loses", "",
        "Wall time of whole commands (median of interleaved rounds) under `--mode auto` and under every engine that could have "
        "been named instead, the best of them in bold. The regret is the time that auto lost against that one; aimed at is at "
        f"most {LIMIT * 100:.0f} % on each batch. Cold inputs are dropped from the page cache before every run.", "",
        "| | " + " | ".join(names) + " | regret | auto chose |",
        "| --- |" + " ---: |" * (len(names) + 1) + " --- |",
        *rows, "",
    ]
