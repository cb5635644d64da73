"""Images to WebP, or from it to small JPEGs, by the current libvips in a pool of processes, each with one thread.

Usage: webp_pool.py ORIGINALS DESTINATION webp|jpg PROCESSES     (in the Python of the peers)
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips  # noqa: E402: it reads the variable when it is loaded

pyvips.cache_set_max(0)


def convert(job) -> None:
    source, target = job
    if target.endswith(".webp"):
        pyvips.Image.new_from_file(source, access="sequential").webpsave(target, Q=85, effort=4)
        return
    pyvips.Image.thumbnail(source, 512, height=512, size="down").jpegsave(target, Q=85)


def main() -> None:
    originals, destination, suffix, processes = sys.argv[1:]
    jobs = [(str(path), f"{destination}/{path.stem}.{suffix}") for path in sorted(Path(originals).iterdir())]
    with ProcessPoolExecutor(int(processes)) as pool:
        list(pool.map(convert, jobs))


if __name__ == "__main__":
    main()
