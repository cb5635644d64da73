"""Runs programs in interleaved rounds and says how long they took, with the spread."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable, List, Optional, Tuple


@dataclass
class Contestant:
    """A program to time: a name for tables, its command line, and what to do outside the time that is taken.

    `statuses` are those of success. `before` runs ahead of every round; `after` gets what the program wrote to standard output, and raises
    `Wrong` when that, or what it left on disk, is not right.
    """

    name: str
    argv: List[str]
    before: Callable[[], None] = lambda: None
    after: Callable[[bytes], None] = lambda output: None
    statuses: Tuple[int, ...] = (0,)
    samples: List["Sample"] = field(default_factory=list)
    problem: Optional[str] = None


@dataclass
class Sample:
    """One run: seconds of wall, user and system time, of the program and all its children.

    No memory: ru_maxrss of a child starts at the peak of this program, so it says little of small ones.
    """

    wall: float
    user: float
    system: float


class Wrong(Exception):
    """A program ended well but its result is not what it must be."""


def run_once(contestant: Contestant) -> Sample:
    """Runs the program once; raises `Wrong` when it fails."""
    contestant.before()
    start = time.perf_counter_ns()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            contestant.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            env={**os.environ, "LC_ALL": "C"})
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = (time.perf_counter_ns() - start) / 1e9
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode not in contestant.statuses:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise Wrong(f"exit status {process.returncode}: {last[0]}")
    contestant.after(output)
    return Sample(wall, usage.ru_utime, usage.ru_stime)


def run_rounds(contestants: List[Contestant], rounds: int) -> None:
    """One warm-up each, then `rounds` rounds; the order moves on by one each round, so that nobody always follows the
    same neighbour. A contestant that fails is out, and keeps the reason as its problem."""
    for number in range(rounds + 1):
        shift = number % len(contestants)
        for contestant in contestants[shift:] + contestants[:shift]:
            if contestant.problem:
                continue
            try:
                sample = run_once(contestant)
            except (Wrong, OSError) as error:
                contestant.problem = str(error)
                continue
            if number > 0:
                contestant.samples.append(sample)
        print(f"  round {number} of {rounds} done", file=sys.stderr)


def median(values: List[float]) -> float:
    return statistics.median(values)


def half_range(values: List[float]) -> float:
    """Half the distance between the quartiles, interpolated as `Statistics` of LanesReport does."""
    if len(values) < 3:
        return 0.0
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return (quartiles[2] - quartiles[0]) / 2


def table(contestants: List[Contestant], baseline: str) -> List[str]:
    """Lines of a Markdown table; ratios are to the contestant called `baseline`."""
    base = next((one for one in contestants if one.name == baseline and one.samples), None)
    lines = [
        f"| | wall (median) | spread | ratio to {baseline} | user | system |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in contestants:
        if one.problem:
            lines.append(f"| {one.name} | {one.problem.replace('|', '/')} | | | | |")
            continue
        walls = [sample.wall for sample in one.samples]
        middle = median(walls)
        ratio = f"{middle / median([sample.wall for sample in base.samples]):.2f}" if base else "–"
        lines.append(
            f"| {one.name} | {seconds(middle)} | ±{half_range(walls) / middle * 100:.1f} % | {ratio} "
            f"| {seconds(median([sample.user for sample in one.samples]))} "
            f"| {seconds(median([sample.system for sample in one.samples]))} |")
    return lines


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
