"""Converts a folder with the current libvips in several processes; runs in the Python of the peers, see `peers`.

Usage: avif_pool.py ORIGINALS RESULTS SUFFIX PROCESSES OPTIONS SIDE      (SIDE 0: no change of size)
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# Read when libvips is loaded.
os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips  # noqa: E402


def convert(job) -> None:
    source, target, side = job
    if side:
        image = pyvips.Image.thumbnail(str(source), side, height=side, size="down")
    else:
        image = pyvips.Image.new_from_file(str(source), access="sequential")
    image.write_to_file(target)


def main() -> None:
    originals, results, suffix, processes, options, side = sys.argv[1:]
    jobs = [
        (path, f"{Path(results) / path.stem}.{suffix}[{options}]", int(side)) for path in sorted(Path(originals).iterdir())]
    with ProcessPoolExecutor(int(processes)) as pool:
        list(pool.map(convert, jobs))


main()
