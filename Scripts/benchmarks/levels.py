"""Each kernel under each level of vector instructions, and primes beside primesieve with AVX2 alone."""

import os
import subprocess
from typing import Callable, List

from . import inputs, primes
from .measure import Contestant, median, run_rounds, seconds
from .shared import LANES, ROUNDS, commands

LEVELS = ["portable", "sse2", "avx2", "avx512", "avx512-vbmi"]


def limited(level: str) -> List[str]:
    """A command line that keeps lanes at or below a level."""
    return ["env", f"LANES_INSTRUCTIONS={level}", LANES]


def available() -> List[str]:
    """The levels that this processor has: those under which --version does not repeat itself."""
    seen, levels = set(), []
    for level in LEVELS:
        name = subprocess.run([*limited(level), "--version"], capture_output=True, text=True).stdout.splitlines()[-1]
        if name not in seen:
            levels.append(level)
        seen.add(name)
    return levels


def section(same: Callable) -> List[str]:
    text, rows = str(inputs.large_text()), str(inputs.measurements())
    sequential = str(inputs.CACHE / "kinds" / "sequential")
    out = inputs.CACHE / "out" / "levels"
    out.mkdir(parents=True, exist_ok=True)
    cases = [
        ("primes 1e10", ["primes", "1e10"]),
        ("primes 1e15 1e15+1e9", ["primes", "1e15", "1e15+1e9"]),
        ("files count, 2 GB", ["files", "count", text]),
        ("files search, a rare word", ["files", "search", "-c", "zebrafish", text]),
        ("files histogram", ["files", "histogram", text]),
        ("files stats --by", ["files", "stats", "--delimiter", ";", "--column", "2", "--by", "1", rows]),
        ("files top --words", ["files", "top", "--words", str(inputs.part_of_text())]),
        ("images convert, sequential JPEG", ["images", "convert", sequential, "-o", str(out), "--resize", "512x512", "--to", "jpeg",
                                             "--overwrite", "-q"]),
    ]
    levels = available()
    lines, shown = [], []
    for name, words in cases:
        check = same()
        contestants = [
            Contestant(level, [*limited(level), *words, "--mode", "serial"], after=check, statuses=(0, 1)) for level in levels
        ]
        run_rounds(contestants, ROUNDS)
        problems = [one.problem for one in contestants if one.problem]
        if problems:
            lines.append(f"| {name} | {problems[0]} |" + " |" * (len(levels) - 1))
            continue
        times = [median([sample.user + sample.system for sample in one.samples]) for one in contestants]
        lines.append(f"| {name} | {' | '.join(seconds(time) for time in times)} |")
        shown += contestants[-1:]
    return [
        "## Levels of instructions", "",
        "Processor time on one lane with kernels kept at or below a level by `LANES_INSTRUCTIONS`; all levels printed the same. "
        "Libraries, such as those for JPEG and for digests, choose for themselves.", "",
        f"| | {' | '.join(levels)} |", "| --- |" + " ---: |" * len(levels), *lines, "", *commands(shown), "",
    ]


def primes_with_avx2() -> List[str]:
    os.environ["LANES_INSTRUCTIONS"] = "avx2"
    try:
        return ["## Primes with AVX2 alone", "", "With `LANES_INSTRUCTIONS=avx2`; primesieve chooses its instructions by itself.", "",
                *primes.counts(LANES)]
    finally:
        del os.environ["LANES_INSTRUCTIONS"]
