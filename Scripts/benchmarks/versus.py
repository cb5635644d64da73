"""lanes compare --command beside hyperfine: the same means for the same commands, and what a run costs around the command."""

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import List, Tuple

from . import inputs
from .shared import LANES

# Rounds of each command for each program; the two take turns, a block of runs at a time.
ROUNDS = 20
BLOCKS = 5


def commands() -> List[Tuple[str, str]]:
    text = str(inputs.large_text())
    return [
        ("waits", "sleep 0.01"),
        ("computes", "seq 300000 | sort -r | md5sum"),
        ("reads a file", f"head -c 200000000 {text}"),
        ("next to nothing", "true"),
    ]


def of_hyperfine(command: str, flags: List[str], folder: Path) -> Tuple[List[float], float]:
    """Wall times of the runs in seconds, and what the program took for all of them."""
    out = folder / "hyperfine.json"
    start = time.perf_counter()
    subprocess.run(
        ["hyperfine", *flags, "--runs", str(ROUNDS), "--warmup", "1", "--style", "none", "--export-json", str(out), command],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())["results"][0]["times"], time.perf_counter() - start


def of_lanes(command: str, flags: List[str]) -> Tuple[List[float], float]:
    start = time.perf_counter()
    done = subprocess.run(
        [LANES, "compare", "--json", *flags, "--rounds", str(ROUNDS), "--warmup", "1", "--command", command],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    took = time.perf_counter() - start
    return [value / 1e9 for value in json.loads(done.stdout.splitlines()[0])["samples"]["wall_ns"]], took


def row(name: str, command: str, flags: List[str], folder: Path) -> str:
    times = {"hyperfine": [], "lanes": []}
    around = {"hyperfine": [], "lanes": []}
    for _ in range(BLOCKS):
        for program, (runs, took) in (("hyperfine", of_hyperfine(command, flags, folder)), ("lanes", of_lanes(command, flags))):
            times[program].append(statistics.mean(runs))
            around[program].append((took - sum(runs)) / (ROUNDS + 1))
    def shown(values: List[float], unit: float = 1e3) -> str:
        return f"{statistics.median(values) * unit:.2f} ms ({min(values) * unit:.2f}–{max(values) * unit:.2f})"
    ratio = [lanes / hyperfine for lanes, hyperfine in zip(times["lanes"], times["hyperfine"])]
    return (
        f"| {name}{' (-N)' if flags else ''} | {shown(times['hyperfine'])} | {shown(times['lanes'])} | "
        f"{statistics.median(ratio):.3f} ({min(ratio):.3f}–{max(ratio):.3f}) | "
        f"{statistics.median(around['hyperfine']) * 1e3:.1f} ms | {statistics.median(around['lanes']) * 1e3:.1f} ms |")


def section() -> List[str]:
    lines = [
        "## Any command: lanes compare beside hyperfine", "",
        f"The mean of {ROUNDS} runs, the median of {BLOCKS} such means with the least and the greatest, hyperfine and lanes in turn; and "
        "what either took for each run beside the command itself: starting, preparing, and working out figures.", "",
        "| command | hyperfine | lanes compare | lanes / hyperfine | around a run: hyperfine | lanes |", "|---|---:|---:|---:|---:|---:|",
    ]
    if not shutil.which("hyperfine"):
        return lines[:2] + ["hyperfine is not installed here.", ""]
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands():
            lines.append(row(name, command, [], Path(folder)))
        for name, command in (("waits", "sleep 0.01"), ("next to nothing", "true")):
            lines.append(row(name, command, ["-N"], Path(folder)))
    return lines + [""]
