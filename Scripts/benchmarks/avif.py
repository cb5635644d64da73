"""AVIF beside avifenc and libvips: time, size and how close the results come."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import List

from . import inputs
from .images import OUT, PYTHON_TOOLS, THREADS, Job, SameTrees, about, lanes, shell, size_of
from .measure import Contestant, run_rounds, table
from .shared import ROUNDS, commands

# libaom's quantizer for quality 60, and speed 6, which are the defaults of lanes and of current versions of avifenc.
QUANTIZER = 25
ENCODE = ["--to", "avif"]


def scaled(side: int) -> Path:
    """The sequential JPEGs within a square, as PNG, so that all encoders get the same pixels and no profile."""
    folder = inputs.CACHE / f"avif-{side}"
    if not folder.exists():
        making = inputs.CACHE / f"avif-{side}.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for path in sorted(inputs.of_kind("sequential").iterdir()):
            target = f"{making / path.stem}.png[profile=none,strip]"
            subprocess.run(["vipsthumbnail", "--size", f"{side}x{side}>", "-o", target, str(path.resolve())], check=True)
        making.rename(folder)
    return folder


def avifenc(originals: Path) -> Contestant:
    flags = (
        f"-j 1 -s 6 -y 420 --cicp 1/13/6 --min 0 --max 63 -a end-usage=q -a cq-level={QUANTIZER} -a tune=ssim")
    return shell(
        "avifenc -j1, xargs -P2", originals,
        f"ls | sed 's/.png$//' | xargs -P 2 -I NAME sh -c 'avifenc {flags} NAME.png OUT/NAME.avif > OUT.log'")


def vips_pool(originals: Path, suffix: str, options: str, side: str = "0") -> Contestant:
    job = Job(f"pyvips {suffix}", originals)
    argv = [
        str(inputs.peers()), str(PYTHON_TOOLS / "avif_pool.py"), str(originals), str(job.folder), suffix, "2", options, side]
    return Contestant("current libvips, 2 processes", argv, before=job.empty, after=job.check_count)


def quality(originals: Path, contestants: List[Contestant]) -> List[str]:
    """PSNR and SSIM of each one's results, beside their originals of the same size."""
    folders = []
    for one in contestants:
        one.before()
        subprocess.run(one.argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        job = getattr(one.after, "__self__", None)
        folders.append(f"{one.name}={job.folder if job else OUT / 'lanes-threads--2'}")
    done = subprocess.run(
        [str(inputs.peers()), str(PYTHON_TOOLS / "avif_quality.py"), str(originals), *folders], check=True,
        capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        "| | PSNR, mean | SSIM, mean |", "| --- | ---: | ---: |",
        *[f"| {row['name']} | {row['psnr']:.2f} dB | {row['ssim']:.4f} |" for row in rows], ""]


def section() -> List[str]:
    originals, trees = scaled(1024), SameTrees()
    contestants = lanes(originals, ENCODE, THREADS, trees) + [
        avifenc(originals), vips_pool(originals, "avif", "Q=60,effort=3,compression=av1,subsample_mode=on")]
    run_rounds(contestants, ROUNDS)
    lines = [
        "## AVIF", "",
        f"{about(originals)}, photographs within 1024 × 1024 as PNG, to AVIF: quality 60, speed 6, 4:2:0, one thread for each "
        f"picture. {trees.sentence()} "
        "Nearly all of the time is libaom's; lanes and avifenc have the system's, libvips of PyPI a newer one of its own.", "", *table(contestants, contestants[0].name), "",
        "Results add up to: " + ", ".join(size_of(one) for one in contestants if not one.problem) + ".", "",
        *quality(originals, [one for one in contestants if not one.problem]), *commands(contestants), "",
    ]
    made = inputs.CACHE / "avif-made"
    shutil.rmtree(made, ignore_errors=True)
    first = contestants[0]
    subprocess.run(
        shlex.split(shlex.join(first.argv).replace(str(OUT / "lanes-threads--2"), str(made))), check=True,
        stdout=subprocess.DEVNULL)
    trees = SameTrees()
    contestants = lanes(made, ["--to", "jpeg", "--resize", "512x512", "--quality", "85"], THREADS, trees) + [
        vips_pool(made, "jpg", "Q=85", "512")]
    run_rounds(contestants, ROUNDS)
    for folder in (OUT, made):
        shutil.rmtree(folder, ignore_errors=True)
    return lines + [
        f"Those back to JPEG within 512 × 512, {about(originals)} before. {trees.sentence()}", "",
        *table(contestants, contestants[0].name), "", *commands(contestants), "",
    ]
