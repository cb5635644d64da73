"""Thumbnails by the current libvips in a pool of processes, each with one thread.

Usage: vips_pool.py ORIGINALS DESTINATION jpg|png PROCESSES     (in the Python of the peers)
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips  # noqa: E402: it reads the variable when it is loaded

pyvips.cache_set_max(0)


def thumbnail(job) -> None:
    source, target = job
    image = pyvips.Image.thumbnail(source, 512, height=512, size="down")
    if target.endswith(".png"):
        image.pngsave(target)
        return
    image = image.flatten(background=255) if image.hasalpha() else image
    image.jpegsave(target, Q=85)


def main() -> None:
    originals, destination, suffix, processes = sys.argv[1:]
    jobs = [(str(path), f"{destination}/{path.stem}.{suffix}") for path in sorted(Path(originals).iterdir())]
    with ProcessPoolExecutor(int(processes)) as pool:
        list(pool.map(thumbnail, jobs))


if __name__ == "__main__":
    main()
