"""What is measured: each section returns the lines of its part of BENCHMARKS.md."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import List

from . import inputs, tables
from . import primes as primes_section
from .images import SECTIONS as IMAGES
from .measure import Contestant, Wrong, run_rounds, table
from .shared import ENGINES, LANES, ROUNDS, commands, engines_without


class SameOutput:
    """Checks that what every program printed, after `pick`, is the same."""

    def __init__(self, pick=lambda output: output.strip()):
        self.pick = pick
        self.expected = None

    def __call__(self, output: bytes) -> None:
        picked = self.pick(output)
        if self.expected is None:
            self.expected = picked
        if picked != self.expected:
            raise Wrong(f"printed {picked[:60]!r} where {self.expected[:60]!r} was expected")


# Primes


def primes() -> List[str]:
    return primes_section.primes(LANES)


# Files


def first_number(output: bytes) -> bytes:
    return output.split()[0] if output.split() else b""


def files() -> List[str]:
    text = str(inputs.large_text())
    check = SameOutput(first_number)
    contestants = [
        Contestant(f"lanes {name}", [LANES, "files", "count", text, *flags], after=check) for name, flags in ENGINES
    ] + [
        Contestant("lanes -l threads ×2", [LANES, "files", "count", "-l", text, "--mode", "threads", "--cores", "2"], after=check),
        Contestant("wc", ["wc", text], after=check),
        Contestant("wc -l", ["wc", "-l", text], after=check),
        Contestant("cat", ["sh", "-c", f"cat {shlex.quote(text)} > /dev/null"]),
    ]
    run_rounds(contestants, ROUNDS)
    return [
        "## A large file", "",
        f"Lines, words and bytes of a text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache (`LC_ALL=C`); `wc -l` and "
        "`lanes -l` count lines alone, and `cat` shows what reading costs.", "",
        *table(contestants, "wc"), "", *commands(contestants), "",
    ]


# Compare, and dying workers


def captured(argv: List[str]) -> List[str]:
    """What a command printed, as a block of text under its command line."""
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    text = done.stdout.rstrip() or done.stderr.rstrip()
    if done.returncode != 0:
        text += f"\n(exit status {done.returncode}) {done.stderr.strip()}"
    print(text, file=sys.stderr)
    shown = "\n".join([f"$ {shlex.join(argv).replace(LANES, 'lanes')}", text])
    return ["```", *shown.replace(str(inputs.CACHE), ".build-bench").splitlines(), "```"]


def comparison(*words: str) -> List[str]:
    return captured([LANES, "compare", "--rounds", str(ROUNDS), *words])


def compare() -> List[str]:
    small = ["files", "count", "-r", str(inputs.small_files())]
    photographs = ["images", "convert", str(inputs.photographs()), "--resize", "512x512", "--to", "jpeg"]
    return [
        "## lanes compare", "",
        "Photographs:", "", *comparison("--cores", "2", *photographs), "",
        "Primes:", "", *comparison("primes", "1e10"), "",
        "One large file, warm:", "", *comparison("--cores", "2", "files", "count", str(inputs.large_text())), "",
        f"{inputs.SMALL_FILES:,} files of 4 to 64 kB, dropped from the page cache before each run, with two lanes and with more "
        "lanes than cores:", "", *comparison("--cold", "--cores", "2,16", *small), "",
    ]


def kill() -> List[str]:
    return [
        "## Dying workers", "",
        "Fifty times a worker process is killed at random (SIGKILL) while the photographs are converted.", "",
        *captured(["Scripts/kill-storm", str(inputs.photographs()), "50"]), "",
    ]


def adding_up(section):
    return lambda: section(LANES, ENGINES, ROUNDS, SameOutput, commands)


SECTIONS = {
    **IMAGES, "primes": primes, "files": files, "stats": adding_up(tables.stats),
    "top": adding_up(tables.top), "histogram": adding_up(tables.histogram), "compare": compare, "kill": kill,
}
