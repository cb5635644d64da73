"""Several results of each image, and results of limited size: each section returns the lines of its part of BENCHMARKS.md."""

import shutil
import subprocess
from pathlib import Path
from typing import List

from . import inputs
from .images import OUT, PYTHON_TOOLS, TWO_LANES, Job, SameTrees, about
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands

SIZES = "1600,800,400"
LIMIT = 200 * 1024
PARALLEL = [("threads ×2", TWO_LANES), ("processes/shm ×2", ["--mode", "processes", "--ipc", "shm", "--cores", "2"])]


def formats_to_make() -> str:
    """JPEG and WebP, as web pages have them; PNG where lanes was built without WebP."""
    text = subprocess.run([LANES, "images", "convert", "--help"], capture_output=True, text=True, check=True).stdout
    return "jpeg,webp" if "webp" in text else "jpeg,png"


def lanes_parts(originals: Path, words: List[str], each: int, engines, trees: SameTrees) -> List[Contestant]:
    contestants = []
    for name, flags in engines:
        job = Job(f"lanes {name}", originals, each)
        argv = [LANES, "images", "convert", str(originals), "-o", str(job.folder), *words, *flags]
        contestants.append(Contestant(f"lanes {name}", argv, before=job.remove, after=trees.checker(job)))
    return contestants


def formats() -> List[str]:
    originals, trees, made = inputs.of_kind("sequential"), SameTrees(), formats_to_make()
    words = ["--to", made, "--sizes", SIZES]
    each = len(SIZES.split(",")) * len(made.split(","))
    contestants = lanes_parts(originals, words, each, PARALLEL, trees)
    # What one would do without lists: a run for each size and format.
    job = Job("runs", originals, each)
    runs = " && ".join(
        f"{LANES} images convert {originals} -o {job.folder} --to {name} --resize {size} --name '{{name}}-{size}.{{ext}}'"
        f" --quiet --mode threads --cores 2"
        for name in made.split(",") for size in SIZES.split(","))
    contestants.append(Contestant("lanes, a run for each", ["sh", "-c", runs], before=job.empty, after=job.check_count))
    job = Job("vips parts", originals, each)
    argv = [
        str(inputs.peers()), str(PYTHON_TOOLS / "vips_parts.py"), str(originals), str(job.folder), SIZES, made, "2"]
    contestants.append(Contestant("current libvips, 2 processes", argv, before=job.empty, after=job.check_count))
    run_rounds(contestants, ROUNDS)
    shutil.rmtree(OUT, ignore_errors=True)
    return [
        "## Sizes and formats", "",
        f"{about(originals)} in {len(SIZES.split(','))} sizes ({SIZES}) as {made.replace(',', ' and ')}: {each} results of each, from "
        f"one decoding. {trees.sentence()}", "",
        *table(contestants, "lanes threads ×2"), "", *commands(contestants), "",
    ]


class LimitedJob(Job):
    """Notes how many results are above the limit, and how well all of them use it."""

    above = 0

    def check_count(self, output: bytes) -> None:
        super().check_count(output)
        sizes = [path.stat().st_size for path in self.folder.rglob("*") if path.is_file()]
        self.above = sum(1 for size in sizes if size > LIMIT)

    def sentence(self, name: str) -> str:
        return f"- {name}: {self.size / 1e6:.2f} MB, {self.above or 'none'} above the limit"


def limited() -> List[str]:
    originals = inputs.CACHE / "limited-originals"
    shutil.rmtree(originals, ignore_errors=True)
    subprocess.run(
        [LANES, "images", "convert", str(inputs.of_kind("sequential")), "-o", str(originals), "-q", "--resize", "1600x1600",
         "--quality", "95"], check=True)
    jobs, contestants = [], []

    def add(name: str, make_argv, keeps_folder: bool = True) -> None:
        job = LimitedJob(name, originals)
        jobs.append((name, job))
        before = job.empty if keeps_folder else job.remove
        contestants.append(Contestant(name, make_argv(job), before=before, after=job.check_count))

    add(
        "lanes threads ×2",
        lambda job: [LANES, "images", "convert", str(originals), "-o", str(job.folder), "--max-bytes", str(LIMIT), *TWO_LANES],
        keeps_folder=False)
    add(
        "lanes --quality 100",
        lambda job: [
            LANES, "images", "convert", str(originals), "-o", str(job.folder), "--max-bytes", str(LIMIT), "--quality", "100",
            *TWO_LANES],
        keeps_folder=False)
    caesium = inputs.peers().parent / "caesiumclt"
    add(
        "caesiumclt --max-size",
        lambda job: [
            str(caesium), "--max-size", str(LIMIT), "--jpeg-baseline", "-e", "--threads", "2", "-Q", "-o", str(job.folder),
            str(originals)])
    add(
        "jpegoptim -S, xargs -P2",
        lambda job: [
            "sh", "-c",
            f"find {originals} -type f -print0 | sort -z | xargs -0 -P 2 -n 8 jpegoptim -q -S{LIMIT // 1024} -d {job.folder}"])
    run_rounds(contestants, ROUNDS)
    told = [job.sentence(name) for (name, job), one in zip(jobs, contestants) if one.samples]
    described = about(originals)
    for folder in (OUT, originals):
        shutil.rmtree(folder, ignore_errors=True)
    return [
        "## Files of limited size", "",
        f"{described}, JPEGs of quality 95 within 1600 × 1600, each to at most {LIMIT // 1024} KiB. Bytes that a program leaves "
        "unused are quality that it gives away; lanes goes no higher than quality 85 unless it is told to.", "",
        *table(contestants, "lanes threads ×2"), "", *told, "", *commands(contestants), "",
    ]


SECTIONS = {"formats": formats, "limited": limited}
