"""Images: each section returns the lines of its part of BENCHMARKS.md."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, List

from . import inputs
from .measure import Contestant, Wrong, run_rounds, table
from .shared import ENGINES, LANES, ROUNDS, commands

OUT = inputs.CACHE / "out"
PYTHON_TOOLS = Path(__file__).resolve().parent
TWO_LANES = ["--mode", "threads", "--cores", "2"]


class Job:
    """A folder for the results of one program, emptied before every round and counted after it."""

    def __init__(self, name: str, originals: Path, each: int = 1):
        self.folder = OUT / "".join(letter if letter.isalnum() else "-" for letter in name)
        self.expected = each * sum(1 for path in originals.rglob("*") if path.is_file())
        self.size = 0

    def empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def check_count(self, _: bytes) -> None:
        sizes = [path.stat().st_size for path in self.folder.rglob("*") if path.is_file()]
        made, self.size = len(sizes), sum(sizes)
        if made != self.expected:
            raise Wrong(f"made {made} of {self.expected} images")


class SameTrees:
    """Checks that all engines make the same tree, byte for byte."""

    def __init__(self):
        self.seen = set()

    def checker(self, job: Job) -> Callable[[bytes], None]:
        def check(output: bytes) -> None:
            job.check_count(output)
            self.seen.add(inputs.checksum_of_tree(job.folder))
            if len(self.seen) > 1:
                raise Wrong("made a tree that differs from those of the other engines")

        return check

    def sentence(self) -> str:
        if len(self.seen) == 1:
            return "All trees that lanes made are the same, byte for byte, in every round."
        return "**The trees that lanes made differ.**"


def lanes(originals: Path, words: List[str], engines, trees: SameTrees) -> List[Contestant]:
    contestants = []
    for name, flags in engines:
        job = Job(f"lanes {name}", originals)
        argv = [LANES, "images", "convert", str(originals), "-o", str(job.folder), *words, *flags]
        contestants.append(Contestant(f"lanes {name}", argv, before=job.remove, after=trees.checker(job)))
    return contestants


def shell(name: str, originals: Path, line: str) -> Contestant:
    """A line of shell in the folder of the originals; OUT in it is where results go."""
    job = Job(name, originals)
    line = f"cd {shlex.quote(str(originals))} && {line.replace('OUT', str(job.folder))}"
    return Contestant(name, ["sh", "-c", line], before=job.empty, after=job.check_count)


def many(name: str, originals: Path, setting: str, command: str, each: int = 8) -> Contestant:
    """A program of one thread, two at a time over `each` files; names without a folder, which gm would make again."""
    return shell(
        name, originals, f"find . -type f -printf '%P\\0' | sort -z | {setting} xargs -0 -P 2 -n {each} {command}")


def current_libvips(originals: Path, suffix: str) -> Contestant:
    job = Job("pyvips", originals)
    argv = [
        str(inputs.peers()), str(PYTHON_TOOLS / "vips_pool.py"), str(originals), str(job.folder), suffix, "2"]
    return Contestant("current libvips, 2 processes", argv, before=job.empty, after=job.check_count)


def thumbnail_peers(originals: Path, suffix: str) -> List[Contestant]:
    options = "[Q=85]" if suffix == "jpg" else ""
    return [
        many(
            "vipsthumbnail, xargs -P2", originals, "VIPS_CONCURRENCY=1",
            f"vipsthumbnail --size '512x512>' -o 'OUT/%s.{suffix}{options}'"),
        current_libvips(originals, suffix),
        many(
            "gm mogrify, xargs -P2", originals, "OMP_NUM_THREADS=1",
            f"gm mogrify -size 512x512 -output-directory OUT -format {suffix} -resize '512x512>' -quality 85"),
        many(
            "mogrify, xargs -P2", originals, "MAGICK_THREAD_LIMIT=1",
            f"mogrify -define jpeg:size=512x512 -path OUT -format {suffix} -resize '512x512>' -quality 85"),
    ]


def about(originals: Path) -> str:
    files = list(originals.iterdir())
    return f"{len(files)} files ({sum(path.stat().st_size for path in files) / 1e6:.0f} MB)"


def measured(intro: str, contestants: List[Contestant], trees: SameTrees) -> List[str]:
    run_rounds(contestants, ROUNDS)
    shutil.rmtree(OUT, ignore_errors=True)
    return [f"{intro} {trees.sentence()}", "", *table(contestants, contestants[0].name), "", *commands(contestants), ""]


THREADS = [("threads ×2", TWO_LANES)]
TO_JPEG = ["--to", "jpeg", "--resize", "512x512", "--quality", "85"]


def images() -> List[str]:
    photographs, trees = inputs.photographs(), SameTrees()
    contestants = lanes(photographs, TO_JPEG, ENGINES, trees)
    run_rounds(contestants, ROUNDS)
    shutil.rmtree(OUT, ignore_errors=True)
    return [
        "## Images", "", f"{about(photographs)}, all of them photographs, to JPEG within 512 × 512. {trees.sentence()}", "",
        *table(contestants, "lanes serial"), "", *commands(contestants), "",
    ]


def jpeg() -> List[str]:
    lines = ["## JPEG to small JPEG", ""]
    for kind, intro in [
        ("jpeg", "All JPEG photographs"), ("sequential", "Those that are coded sequentially"),
        ("progressive", "Those that are progressive"),
    ]:
        originals, trees = inputs.of_kind(kind), SameTrees()
        contestants = lanes(originals, TO_JPEG, THREADS, trees) + thumbnail_peers(originals, "jpg")
        lines += measured(f"{intro}, {about(originals)}, within 512 × 512.", contestants, trees)
    originals, trees = inputs.of_kind("sequential"), SameTrees()
    contestants = lanes(originals, ["--quality", "85"], THREADS, trees)
    # libjpeg-turbo by itself, two at a time; the pixels go through a pipe.
    contestants.append(shell(
        "djpeg to cjpeg, xargs -P2", originals,
        "ls | xargs -P 2 -I NAME sh -c 'djpeg NAME | cjpeg -quality 85 -outfile OUT/NAME'"))
    lines += measured(f"Encoded anew at full size, {about(originals)}.", contestants, trees)
    for flag, option in [("--optimize-coding", "-optimize"), ("--progressive", "-progressive")]:
        trees = SameTrees()
        contestants = lanes(originals, [flag], THREADS, trees)
        contestants.append(shell(
            f"jpegtran {option}, xargs -P2", originals,
            f"ls | xargs -P 2 -I NAME jpegtran {option} -copy all -outfile OUT/NAME NAME"))
        lines += measured(f"Coded anew without loss, `{flag}`, {about(originals)}.", contestants, trees) + sizes(contestants)
    return lines


def size_of(one: Contestant) -> str:
    """What the results of a contestant's last round add up to."""
    owner = getattr(one.after, "__self__", None)
    job = owner if isinstance(owner, Job) else next(
        (cell.cell_contents for cell in one.after.__closure__ or () if isinstance(cell.cell_contents, Job)), None)
    return f"{one.name} {job.size / 1e6:.2f} MB"


def sizes(contestants: List[Contestant]) -> List[str]:
    return ["Results add up to: " + ", ".join(size_of(one) for one in contestants if not one.problem) + ".", ""]


def png() -> List[str]:
    originals, trees = inputs.of_kind("png"), SameTrees()
    ours = lanes(originals, ["--resize", "512x512"], THREADS, trees)
    # What vips writes: larger files, since it leaves the rows unfiltered.
    ours += lanes(
        originals, ["--resize", "512x512", "--png-level", "5", "--png-filter", "none"],
        [("threads ×2, unfiltered", THREADS[0][1])], SameTrees())
    peers = thumbnail_peers(originals, "png")
    lines = ["## PNG", "", *measured(
        f"{about(originals)} to PNG within 512 × 512; the current libvips is pyvips-binary {inputs.version_of_peer('pyvips-binary')}. "
        "lanes filters rows, which makes files smaller than those of libvips and takes time; `--png-filter none` does as libvips does.",
        ours + peers, trees), *sizes(ours + peers)]
    trees = SameTrees()
    full = lanes(originals, ["--to", "jpeg", "--quality", "85"], THREADS, trees)
    # vips copy takes one file at a time.
    copy = shell(
        "vips copy, xargs -P2", originals,
        "ls | sed 's/.png$//' | VIPS_CONCURRENCY=1 xargs -P 2 -I NAME vips copy NAME.png 'OUT/NAME.jpg[Q=85,background=255]'")
    # libjpeg-turbo by itself reads no PNG; the pixels go through a pipe.
    cjpeg = shell(
        "gm convert to cjpeg, xargs -P2", originals,
        "ls | sed 's/.png$//' | OMP_NUM_THREADS=1 xargs -P 2 -I NAME sh -c "
        "'gm convert NAME.png -background white -flatten ppm:- | cjpeg -quality 85 -outfile OUT/NAME.jpg'")
    lines += measured(f"{about(originals)} to JPEG of the same size.", full + [copy, cjpeg], trees)
    return lines + optimized(originals)


def optimized(originals: Path) -> List[str]:
    """PNGs made smaller without a change of their pixels."""
    thumbnails = inputs.CACHE / "thumbnails"
    shutil.rmtree(thumbnails, ignore_errors=True)
    subprocess.run([LANES, "images", "convert", str(originals), "-o", str(thumbnails), "--resize", "512x512", "-q"], check=True)
    contestants = []
    for level in ("9", "11", "12"):
        contestants += lanes(
            thumbnails, ["--png-level", level], [(f"threads ×2, level {level}", THREADS[0][1])], SameTrees())
    job = Job("oxipng", thumbnails)
    argv = [str(inputs.peers()), str(PYTHON_TOOLS / "oxipng_pool.py"), str(thumbnails), str(job.folder), "2"]
    name = f"oxipng -o 2 (pyoxipng {inputs.version_of_peer('pyoxipng')}), 2 processes"
    contestants.append(Contestant(name, argv, before=job.empty, after=job.check_count))
    run_rounds(contestants, ROUNDS)
    lines = [
        f"{about(thumbnails)} within 512 × 512 made smaller, pixel for pixel.", "", *table(contestants, contestants[0].name), "",
        *commands(contestants), "", *sizes(contestants)]
    for folder in (OUT, thumbnails):
        shutil.rmtree(folder, ignore_errors=True)
    return lines


def small() -> List[str]:
    originals, trees = inputs.small_photographs(), SameTrees()
    contestants = lanes(originals, ["--resize", "100x100", "--quality", "85"], [("serial", ["--mode", "serial"])] + THREADS, trees)
    script = inputs.CACHE / "gm-batch.txt"
    job = Job("gm batch", originals)
    script.write_text("".join(
        f"convert -size 100x100 {path} -resize 100x100 -quality 85 {job.folder / path.name}\n"
        for path in sorted(originals.iterdir())))
    batch = Contestant("gm batch", ["gm", "batch", str(script)], before=job.empty, after=job.check_count)
    halves = shell(
        "gm batch, 2 at a time", originals,
        f"sed 's:{job.folder}:OUT:' {script} > OUT/all && split -n l/2 OUT/all OUT/part- && "
        "for part in OUT/part-*; do gm batch $part & done; wait; rm OUT/all OUT/part-*")
    return ["## Small files", "", *measured(
        f"{about(originals)} of about 30 kB to JPEG within 100 × 100.", contestants + [batch, halves], trees)]


def peak(argv: List[str]) -> float:
    """Peak memory in MB as GNU time tells it; a child of this program would begin with the peak of Python."""
    with tempfile.NamedTemporaryFile() as report:
        subprocess.run(
            ["/usr/bin/time", "-f", "%M", "-o", report.name, *argv], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "VIPS_CONCURRENCY": "1"})
        return int(Path(report.name).read_text().split()[-1]) * 1024 / 1e6


def memory() -> List[str]:
    photographs = inputs.photographs()
    largest = {
        "most pixels, JPEG": "photo-006.jpg", "largest file, progressive JPEG": "photo-019.jpg",
        "largest PNG": "photo-097.png",
    }
    lines = [
        "## Memory", "", "Peak memory (VmHWM) of one process with one lane, to JPEG within 512 × 512.", "",
        "| | lanes serial | vipsthumbnail | ratio |", "| --- | ---: | ---: | ---: |",
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    for name, file in largest.items():
        path = photographs / file
        ours = peak([LANES, "images", "convert", str(path), "-o", str(OUT / "a.jpg"), "--overwrite", *TO_JPEG, "--mode", "serial"])
        theirs = peak(["vipsthumbnail", "--size", "512x512>", "-o", str(OUT / "b.jpg[Q=85]"), str(path)])
        lines.append(f"| {name}: {file}, {path.stat().st_size / 1e6:.1f} MB | {ours:.1f} MB | {theirs:.1f} MB | {ours / theirs:.2f} |")
    lines += ["", "Peak memory of one process over batches of small files; names are read as they are needed.", "",
              "| files | lanes serial | lanes threads ×2 |", "| ---: | ---: | ---: |"]
    for count in (1_000, 10_000):
        folder, peaks = inputs.linked_photographs(count), []
        for flags in (["--mode", "serial"], TWO_LANES):
            shutil.rmtree(OUT, ignore_errors=True)
            peaks.append(peak([LANES, "images", "convert", str(folder), "-o", str(OUT), "--resize", "32x32", *flags]))
        lines.append(f"| {count:,} | {peaks[0]:.1f} MB | {peaks[1]:.1f} MB |")
    shutil.rmtree(OUT, ignore_errors=True)
    return lines + [""]


def quality() -> List[str]:
    photographs, trees = inputs.photographs(), SameTrees()
    contestants = lanes(photographs, TO_JPEG, THREADS, trees) + thumbnail_peers(photographs, "jpg")[:2]
    folders = []
    for one in contestants:
        one.before()
        subprocess.run(one.argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        folders.append(f"{one.name}={one.after.__self__.folder if hasattr(one.after, '__self__') else OUT / 'lanes-threads--2'}")
    done = subprocess.run(
        [str(inputs.peers()), str(PYTHON_TOOLS / "quality.py"), str(photographs), *folders], check=True,
        capture_output=True, text=True)
    shutil.rmtree(OUT, ignore_errors=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        "## Quality", "",
        f"The {rows[0]['images']} photographs that become smaller, to JPEG within 512 × 512 at quality 85 with 4:2:0. The "
        "reference is the full-size decode, resized with Lanczos3 in double precision (`Scripts/benchmarks/quality.py`); "
        "mean and worst over all images, higher is closer. Some PNGs are transparent in places; vipsthumbnail lays them on black "
        "instead of white, which makes its worst.", "",
        "| | PSNR, mean | PSNR, worst | of | SSIM, mean | SSIM, worst |", "| --- | ---: | ---: | --- | ---: | ---: |",
        *[f"| {row['name']} | {row['psnr']:.3f} dB | {row['worst_psnr']:.3f} dB | {row['worst_image']} "
          f"| {row['ssim']:.5f} | {row['worst_ssim']:.5f} |" for row in rows], "",
    ]


# What a symbol or a library belongs to, by the first pattern that its name has.
STAGES = [
    ("JPEG entropy decoding", ["decode_band", "decode_dc", "decode_all", "decode_mcus", "scaled_open", "scaled_fetch", "scaled_decode"]),
    ("JPEG inverse transform and colors", ["make_samples", "make_row", "color_avx2", "color_portable", "scaled_row", "scaled_color"]),
    ("resampling", ["widen", "resample", "blend", "narrow", "ResampleStage"]),
    ("inflate", ["run_codes", "png_make_table", "inflate", "crc32"]),
    ("deflate", ["deflate_", "adler32", "_matchfinder", "libdeflate"]),
    ("PNG filters", ["group_avx2", "group_sse2", "row_sse2", "row_avx2", "row_portable", "filter_avx2", "filter_portable", "png_"]),
    ("JPEG encoding, and decoding by libjpeg-turbo", ["libjpeg", "jsimd", "encode_mcu", "compress_data"]),
    ("system", ["kernel", "[k]"]),
]


def stage_of(line: str) -> str:
    return next((stage for stage, patterns in STAGES if any(pattern in line for pattern in patterns)), "everything else")


def profile_of(words: List[str]) -> List[str]:
    shutil.rmtree(OUT, ignore_errors=True)
    data = inputs.CACHE / "perf.data"
    subprocess.run(
        ["perf", "record", "-q", "-o", str(data), LANES, "images", "convert", *words, "-o", str(OUT), "--mode", "serial"],
        check=True, capture_output=True)
    report = subprocess.run(
        ["perf", "report", "-i", str(data), "--stdio", "-q", "--no-children", "--sort", "dso,symbol"], check=True,
        capture_output=True, text=True).stdout
    data.unlink()
    shares = {}
    for line in report.splitlines():
        first, _, rest = line.strip().partition("%")
        if rest:
            shares[stage_of(rest)] = shares.get(stage_of(rest), 0) + float(first)
    return [f"| {stage} | {share:.0f} % |" for stage, share in sorted(shares.items(), key=lambda item: -item[1])]


def stages() -> List[str]:
    lines = ["## Where the time goes", "", "Shares of the samples of `perf record`, one lane.", ""]
    if not shutil.which("perf"):
        return lines + ["`perf` is not installed.", ""]
    for intro, kind, words in [
        ("Sequential JPEG to JPEG within 512 × 512", "sequential", TO_JPEG),
        ("Progressive JPEG to JPEG within 512 × 512", "progressive", TO_JPEG),
        ("PNG to PNG within 512 × 512", "png", ["--resize", "512x512", "--png-level", "6"]),
        ("PNG to JPEG of the same size", "png", ["--to", "jpeg", "--quality", "85"]),
    ]:
        lines += [f"{intro}:", "", "| stage | share |", "| --- | ---: |", *profile_of([str(inputs.of_kind(kind)), *words]), ""]
    shutil.rmtree(OUT, ignore_errors=True)
    return lines + [
        "JPEG is bound by entropy decoding: every code's place depends on the code before it, so that no two can be read at "
        "once, and a branch that was guessed wrong costs more than the code itself. PNG is bound by inflate for the same reason, and by deflate where a PNG "
        "is written; filters, where a pixel waits for the one to its left, are undone four rows at a time. Reading and writing files is a part of "
        "`system`, and no case waits for the disk.", "",
    ]


SECTIONS = {
    "images": images, "jpeg": jpeg, "png": png, "small": small, "memory": memory, "quality": quality, "stages": stages,
}
