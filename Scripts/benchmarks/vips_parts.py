"""Several sizes and formats of each image by the current libvips, in a pool of processes of one thread each.

Usage: vips_parts.py ORIGINALS DESTINATION SIZES FORMATS PROCESSES     (in the Python of the peers)

Each size is made from the file, as `vipsthumbnail` does, and kept in memory for its formats.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips  # noqa: E402: it reads the variable when it is loaded

pyvips.cache_set_max(0)

SAVERS = {
    "jpeg": lambda image, name: image.jpegsave(name + ".jpg", Q=85),
    "png": lambda image, name: image.pngsave(name + ".png"),
    "webp": lambda image, name: image.webpsave(name + ".webp", Q=80),
    "avif": lambda image, name: image.heifsave(name + ".avif", compression="av1", Q=60, effort=3),
}


def parts(job) -> None:
    source, target, sizes, formats = job
    for size in sizes:
        image = pyvips.Image.thumbnail(source, size, height=size, size="down").copy_memory()
        for name in formats:
            SAVERS[name](image, f"{target}-{size}")


def main() -> None:
    originals, destination, sizes, formats, processes = sys.argv[1:]
    jobs = [
        (str(path), f"{destination}/{path.stem}", [int(size) for size in sizes.split(",")], formats.split(","))
        for path in sorted(Path(originals).iterdir())
    ]
    with ProcessPoolExecutor(int(processes)) as pool:
        list(pool.map(parts, jobs))


if __name__ == "__main__":
    main()
