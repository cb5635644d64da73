"""What the engines themselves cost: `lanes lab`, and what bounds each figure."""

import json
import subprocess
from typing import List

from .sections import LANES, ROUNDS, captured


COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)


def counts() -> List[str]:
    """A table of batches from 10^4 to 10^7 empty units: time of a unit and most memory, which must not grow."""
    found = {}
    for count in COUNTS:
        words = [LANES, "lab", "units", "--count", str(count), "--rounds", "1" if count > 1_000_000 else "5", "--json"]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            run = json.loads(line)
            found.setdefault(run["engine"], []).append(run)
    rows = [
        f"| {engine} | " + " | ".join(f"{run['unit_ns']:.0f} ns, {(run['peak_memory_bytes'] or 0) / 2**20:.0f} MiB" for run in runs) + " |"
        for engine, runs in found.items()
    ]
    return [
        "What a unit takes, and the most memory of all processes together, by the number of units (`lanes lab units --count N`):", "",
        "| units | " + " | ".join(f"{count:,}" for count in COUNTS) + " |", "| --- |" + " ---: |" * len(COUNTS), *rows,
    ]


def section() -> List[str]:
    return [
        "## What the engines cost", "",
        "Made-up units that compute nothing, so that only the engine is left. Targets: an empty unit in at most 2 µs through "
        "threads and 10 µs through processes, 16 MiB through shared memory at 80 % of the speed of a copy or more and "
        "through a pipe at 1 GB/s or more, four workers started in 15 ms.", "",
        *captured([LANES, "lab", "units", "--rounds", str(ROUNDS)]), "",
        *counts(), "",
        *captured([LANES, "lab", "payloads", "--rounds", str(ROUNDS)]), "",
        *captured([LANES, "lab", "start-up", "--rounds", str(max(ROUNDS, 11))]), "",
        "What bounds each:", "", *BOUNDS, "",
    ]


BOUNDS = [
    "- **Empty units, serial and event loop**: the books. Each unit is taken from the plan, timed, folded in order and "
    "reported to an observer; what is left beside reference counts is reading the clock.",
    "- **Empty units, threads**: the feeding thread, which does the same books for all lanes, and a lock for each share. "
    "Lanes take short units up to 32 at a time and hand them back together, so that a lock or a wake-up (futex) is paid "
    "once a share.",
    "- **Empty units, processes**: writing orders and reading replies in the coordinator, one thread for all workers. Up to "
    "64 units share a frame, hence one read and one write for each frame whichever way bytes travel.",
    "- **Payloads, pipe**: the kernel copies every byte twice, into the pipe and out of it, 1 MiB at most at a time; from "
    "64 KiB on that is all that counts. One copy runs on the coordinator's core, the other on the worker's.",
    "- **Payloads, socket**: the same two copies, in memory that is taken and given back for pieces of each write, with 208 KiB at most on the "
    "way (net.core.wmem_max).",
    "- **Payloads, shared memory**: one copy, by the coordinator, into memory that both map. From 1 MiB on it runs as fast as "
    "memory is copied on one core. A file is read straight into that memory and costs no copy beside that read.",
    "- **Break-even**: a unit must compute longer than the coordinator spends on it, or the workers wait for the coordinator. "
    "With as many workers as cores the coordinator has no core of its own and takes its time from theirs.",
    "- **Start-up**: a worker is this program anew: about 1 ms of a core for mapping it and putting its addresses right before "
    "`main`, and 1 ms for the end. Workers start beside each other, so the cores divide that time.",
]
