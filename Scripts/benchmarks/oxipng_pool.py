"""PNGs made smaller by oxipng -o 2 in a pool of processes, each with one thread.

Usage: oxipng_pool.py ORIGINALS DESTINATION PROCESSES     (in the Python of the peers)
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"

import oxipng  # noqa: E402: it reads the variable when it is loaded


def optimize(job) -> None:
    source, target = job
    oxipng.optimize(source, target, level=2)


def main() -> None:
    originals, destination, processes = sys.argv[1:]
    jobs = [(str(path), f"{destination}/{path.name}") for path in sorted(Path(originals).iterdir())]
    with ProcessPoolExecutor(int(processes)) as pool:
        list(pool.map(optimize, jobs))


if __name__ == "__main__":
    main()
