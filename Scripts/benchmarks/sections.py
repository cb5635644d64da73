"""What is measured: each section returns the lines of its part of BENCHMARKS.md."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

from . import inputs
from .measure import Contestant, Wrong, run_rounds, table

LANES = os.environ.get("LANES_BINARY", ".build/release/lanes")
ROUNDS = max(5, int(os.environ.get("ROUNDS", "5")))
ENGINES = [
    ("serial", ["--mode", "serial"]),
    ("threads ×2", ["--mode", "threads", "--cores", "2"]),
    ("processes/pipe ×2", ["--mode", "processes", "--ipc", "pipe", "--cores", "2"]),
    ("processes/shm ×2", ["--mode", "processes", "--ipc", "shm", "--cores", "2"]),
    ("eventloop", ["--mode", "eventloop"]),
]


def commands(contestants: List[Contestant]) -> List[str]:
    """The command lines as one would type them, in the top folder of the project."""
    lines = []
    for one in contestants:
        text = one.argv[2] if one.argv[:2] == ["sh", "-c"] else shlex.join(one.argv)
        for path, name in [(LANES, "lanes"), (str(inputs.CACHE), ".build-bench")]:
            text = text.replace(path, name)
        lines.append(text)
    return ["```sh", *lines, "```"]


def engines_without(*left_out: str):
    return [(name, flags) for name, flags in ENGINES if name not in left_out]


class SameOutput:
    """Checks that what every program printed, after `pick`, is the same."""

    def __init__(self, pick=lambda output: output.strip()):
        self.pick = pick
        self.expected = None

    def __call__(self, output: bytes) -> None:
        picked = self.pick(output)
        if self.expected is None:
            self.expected = picked
        if picked != self.expected:
            raise Wrong(f"printed {picked[:60]!r} where {self.expected[:60]!r} was expected")


# Images


class ImageJob:
    """Converts the photographs into a folder of its own, emptied before every round."""

    trees = set()

    def __init__(self, name: str, photographs: Path):
        self.folder = inputs.CACHE / "out" / "".join(letter if letter.isalnum() else "-" for letter in name)
        self.expected = sum(1 for _ in photographs.iterdir())

    def empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def check_count(self, _: bytes) -> None:
        made = sum(1 for path in self.folder.rglob("*") if path.is_file())
        if made != self.expected:
            raise Wrong(f"made {made} of {self.expected} images")

    def check_tree(self, output: bytes) -> None:
        self.check_count(output)
        ImageJob.trees.add(inputs.checksum_of_tree(self.folder))
        if len(ImageJob.trees) > 1:
            raise Wrong("made a tree that differs from those of the other engines")


def image_engines(photographs: Path) -> List[Contestant]:
    contestants = []
    for name, flags in ENGINES:
        job = ImageJob(name, photographs)
        argv = [LANES, "images", "convert", str(photographs), "-o", str(job.folder), "--resize", "512x512", "--to", "jpeg"]
        contestants.append(Contestant(f"lanes {name}", argv + flags, before=job.remove, after=job.check_tree))
    return contestants


def image_peers(photographs: Path) -> List[Contestant]:
    """The others, each with two processes of one thread and the size hint that lets it decode less."""

    def peer(name: str, setting: str, command: str) -> Contestant:
        job = ImageJob(name, photographs)
        # Names without a folder: gm puts the folders of its inputs below its output directory.
        line = (
            f"cd {shlex.quote(str(photographs))} && find . -type f -printf '%P\\0' | sort -z | "
            f"{setting} xargs -0 -P 2 -n 8 {command.replace('OUT', str(job.folder))}")
        return Contestant(name, ["sh", "-c", line], before=job.empty, after=job.check_count)

    return [
        peer(
            "vipsthumbnail, xargs -P2", "VIPS_CONCURRENCY=1", "vipsthumbnail --size '512x512>' -o 'OUT/%s.jpg[Q=85]'"),
        peer(
            "gm mogrify, xargs -P2", "OMP_NUM_THREADS=1",
            "gm mogrify -size 512x512 -output-directory OUT -format jpg -resize '512x512>' -quality 85"),
        peer(
            "mogrify, xargs -P2", "MAGICK_THREAD_LIMIT=1",
            "mogrify -define jpeg:size=512x512 -path OUT -format jpg -resize '512x512>' -quality 85"),
    ]


def images() -> List[str]:
    photographs = inputs.photographs()
    contestants = image_engines(photographs) + image_peers(photographs)
    ImageJob.trees.clear()
    run_rounds(contestants, ROUNDS)
    shutil.rmtree(inputs.CACHE / "out", ignore_errors=True)
    files = list(photographs.iterdir())
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    same = "All trees that lanes made are the same, byte for byte, in every round." if len(ImageJob.trees) == 1 else (
        "**The trees that lanes made differ.**")
    return [
        "## Images", "",
        f"{len(files)} photographs ({megabytes:.0f} MB) to JPEG within 512 × 512. {same}", "",
        *table(contestants, "lanes serial"), "", *commands(contestants), "",
    ]


# Primes


def primes() -> List[str]:
    lines = ["## Primes", ""]
    for limit in ["1e9", "1e10"]:
        check = SameOutput()
        contestants = [
            Contestant(f"lanes {name}", [LANES, "primes", limit, *flags], after=check)
            for name, flags in engines_without("eventloop")
        ] + [
            Contestant("primesieve ×1", ["primesieve", limit, "--quiet", "--threads=1"], after=check),
            Contestant("primesieve ×2", ["primesieve", limit, "--quiet", "--threads=2"], after=check),
        ]
        run_rounds(contestants, ROUNDS)
        count = (check.expected or b"?").decode(errors="replace")
        lines += [f"Primes up to {limit}: {count}, the same by all that are listed with a time.", ""]
        lines += [*table(contestants, "primesieve ×2"), "", *commands(contestants), ""]
    return lines


# Files


def first_number(output: bytes) -> bytes:
    return output.split()[0] if output.split() else b""


def files() -> List[str]:
    text = str(inputs.large_text())
    check = SameOutput(first_number)
    contestants = [
        Contestant(f"lanes {name}", [LANES, "files", "count", text, *flags], after=check) for name, flags in ENGINES
    ] + [
        Contestant("lanes -l threads ×2", [LANES, "files", "count", "-l", text, "--mode", "threads", "--cores", "2"], after=check),
        Contestant("wc", ["wc", text], after=check),
        Contestant("wc -l", ["wc", "-l", text], after=check),
        Contestant("cat", ["sh", "-c", f"cat {shlex.quote(text)} > /dev/null"]),
    ]
    run_rounds(contestants, ROUNDS)
    return [
        "## A large file", "",
        f"Lines, words and bytes of a text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache (`LC_ALL=C`); `wc -l` and "
        "`lanes -l` count lines alone, and `cat` shows what reading costs.", "",
        *table(contestants, "wc"), "", *commands(contestants), "",
    ]


def number_or_zero(output: bytes) -> bytes:
    """What -c prints; rg prints nothing where grep prints 0."""
    return output.strip() or b"0"


def search() -> List[str]:
    text, small = str(inputs.large_text()), str(inputs.small_files())
    threads = ["--mode", "threads", "--cores", "2"]
    lines = ["## Searching", ""]
    for title, pattern in [("a rare word", "zebrafish"), ("an expression without literals", "[0-9]{2,}|[A-Z][a-z]+ [A-Z]")]:
        check = SameOutput(number_or_zero)
        contestants = [
            Contestant(f"lanes {name}", [LANES, "files", "search", "-c", pattern, text, *flags], after=check, statuses=(0, 1))
            for name, flags in ENGINES
        ] + [
            Contestant("rg", ["rg", "-c", pattern, text], after=check, statuses=(0, 1)),
            Contestant("grep", ["env", "LC_ALL=C", "grep", "-cE", pattern, text], after=check, statuses=(0, 1)),
        ]
        run_rounds(contestants, ROUNDS)
        lines += [f"Lines with {title} in a text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache.", ""]
        lines += [*table(contestants, "rg"), "", *commands(contestants), ""]
    contestants = [
        Contestant("lanes threads ×2", [LANES, "files", "search", "-rl", "zebrafish", small, *threads], statuses=(0, 1)),
        Contestant("rg", ["rg", "-uuu", "-l", "zebrafish", small], statuses=(0, 1)),
        Contestant("grep", ["grep", "-rl", "zebrafish", small], statuses=(0, 1)),
    ]
    run_rounds(contestants, ROUNDS)
    lines += [f"{inputs.SMALL_FILES:,} files of 4 to 64 kB in the page cache.", ""]
    lines += [*table(contestants, "rg"), "", *commands(contestants), ""]
    return lines + ["A search for text is bound by memory, one for an expression by computing.", ""]


def hash() -> List[str]:
    text = str(inputs.large_text())

    def of(name: str, argv: List[str]) -> Contestant:
        return Contestant(name, argv)

    contestants = [
        of(f"lanes {algorithm} {name}", [LANES, "files", "hash", "-a", algorithm, text, *flags])
        for algorithm in ["crc32", "xxh3", "sha256"] for name, flags in engines_without("processes/pipe ×2")
    ] + [
        of("lanes count -l threads ×2", [LANES, "files", "count", "-l", text, "--mode", "threads", "--cores", "2"]),
        of("lanes count -l serial", [LANES, "files", "count", "-l", text, "--mode", "serial"]),
        of("xxhsum -H3", ["xxhsum", "-H3", text]),
        of("b3sum", ["b3sum", "--num-threads", "2", text]),
        of("openssl dgst -sha256", ["openssl", "dgst", "-sha256", text]),
        of("sha256sum", ["sha256sum", text]),
    ]
    run_rounds(contestants, ROUNDS)
    return [
        "## Hashing", "",
        f"A text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache; `count -l` shows what reading mapped pages costs. CRC-32 is "
        "bound by memory and uses all lanes; XXH3 is bound by the memory that one core reaches, SHA-256 by computing.", "",
        *table(contestants, "lanes count -l serial"), "", *commands(contestants), "",
    ]


# Compare, and dying workers


def captured(argv: List[str]) -> List[str]:
    """What a command printed, as a block of text under its command line."""
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    text = done.stdout.rstrip() or done.stderr.rstrip()
    if done.returncode != 0:
        text += f"\n(exit status {done.returncode}) {done.stderr.strip()}"
    print(text, file=sys.stderr)
    shown = "\n".join([f"$ {shlex.join(argv).replace(LANES, 'lanes')}", text])
    return ["```", *shown.replace(str(inputs.CACHE), ".build-bench").splitlines(), "```"]


def comparison(*words: str) -> List[str]:
    return captured([LANES, "compare", "--rounds", str(ROUNDS), *words])


def compare() -> List[str]:
    small = ["files", "count", "-r", str(inputs.small_files())]
    photographs = ["images", "convert", str(inputs.photographs()), "--resize", "512x512", "--to", "jpeg"]
    return [
        "## lanes compare", "",
        "Photographs:", "", *comparison("--cores", "2", *photographs), "",
        "Primes:", "", *comparison("primes", "1e10"), "",
        "One large file, warm:", "", *comparison("--cores", "2", "files", "count", str(inputs.large_text())), "",
        f"{inputs.SMALL_FILES:,} files of 4 to 64 kB, dropped from the page cache before each run, with two lanes and with more "
        "lanes than cores:", "", *comparison("--cold", "--cores", "2,16", *small), "",
    ]


def kill() -> List[str]:
    return [
        "## Dying workers", "",
        "Fifty times a worker process is killed at random (SIGKILL) while the photographs are converted.", "",
        *captured(["Scripts/kill-storm", str(inputs.photographs()), "50"]), "",
    ]


SECTIONS = {"images": images, "primes": primes, "files": files, "search": search, "hash": hash, "compare": compare, "kill": kill}
