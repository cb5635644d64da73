"""What is measured: each section returns the lines of its part of BENCHMARKS.md."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import List

from . import cache_states, inputs, levels, packed, tables, values
from . import primes as primes_section
from .colors import SECTIONS as COLORS
from .images import SECTIONS as IMAGES
from .measure import Contestant, Wrong, median, run_rounds, table
from .shared import ENGINES, LANES, ROUNDS, commands, engines_without


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


# Primes


def primes() -> List[str]:
    return primes_section.primes(LANES)


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


# Title, words of lanes and rg, the pattern of grep -E with its flags; with all engines or with two. The words are some of the
# text's own (`inputs.large_text`): cqwz stands in one line in two thousand.
SEARCHES = [
    ("a rare word", ["zebrafish"], ["zebrafish"], True),
    ("a word that one in two thousand has", ["cqwz"], ["cqwz"], False),
    ("a word in either case", ["-i", "tqwkrjmxz"], ["-i", "tqwkrjmxz"], False),
    ("any of five words", [f"-e{word}" for word in ["cqwz", "tqwkrjmxz", "zebrafish", "zvuqu", "cpsubhom"]],
     ["cqwz|tqwkrjmxz|zebrafish|zvuqu|cpsubhom"], False),
    ("any of three words in either case", ["-i", "cqwz|tqwkrjmxz|zebrafish"], ["-i", "cqwz|tqwkrjmxz|zebrafish"], False),
    ("an expression without literals", ["[0-9]{2,}|[A-Z][a-z]+ [A-Z]"], ["[0-9]{2,}|[A-Z][a-z]+ [A-Z]"], True),
]


def search() -> List[str]:
    text, small = str(inputs.large_text()), str(inputs.small_files())
    threads = ["--mode", "threads", "--cores", "2"]
    lines = ["## Searching", ""]
    for title, words, pattern, by_all in SEARCHES:
        check = SameOutput(number_or_zero)
        contestants = [
            Contestant(f"lanes {name}", [LANES, "files", "search", "-c", *words, text, *flags], after=check, statuses=(0, 1))
            for name, flags in (ENGINES if by_all else ENGINES[:2])
        ] + [
            Contestant("rg", ["rg", "-c", *words, text], after=check, statuses=(0, 1)),
            Contestant("grep", ["env", "LC_ALL=C", "grep", "-cE", *pattern, text], after=check, statuses=(0, 1)),
        ]
        run_rounds(contestants, ROUNDS)
        lines += [f"Lines with {title} in a text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache.", ""]
        lines += [*table(contestants, "rg"), "", *commands(contestants), ""]
    contestants = [
        Contestant("lanes serial", [LANES, "files", "search", "-rl", "zebrafish", small, "--mode", "serial"], statuses=(0, 1)),
        Contestant("lanes threads ×2", [LANES, "files", "search", "-rl", "zebrafish", small, *threads], statuses=(0, 1)),
        Contestant("rg, one thread", ["rg", "-j1", "-uuu", "-l", "zebrafish", small], statuses=(0, 1)),
        Contestant("rg", ["rg", "-uuu", "-l", "zebrafish", small], statuses=(0, 1)),
        Contestant("grep", ["grep", "-rl", "zebrafish", small], statuses=(0, 1)),
    ]
    run_rounds(contestants, ROUNDS)
    lines += [f"{inputs.SMALL_FILES:,} files of 4 to 64 kB in the page cache.", ""]
    lines += [*table(contestants, "rg"), "", *commands(contestants), ""]
    return lines + [
        "A search for text, or for any of several, is bound by the memory that a core reaches: the kernels find it in one pass, "
        "together with zero bytes, which rg does not look for, at 23 GB/s from memory and twice that from a cache. rg searches one file "
        "with one thread. A search for an expression is bound by computing, one of small files by the kernel: three fifths of the "
        "processor time are spent on opening, copying and closing them. Of the rest two fifths are looking at the text, and 2 to 3 µs "
        "for each file go to finding, planning and handing it over and to taking its result, which rg, whose threads walk and search by "
        "themselves in no order, does not need; names come in byte order here.", "",
    ]


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
    small = str(inputs.small_files())
    many = [
        of("lanes sha256 serial", [LANES, "files", "hash", "-a", "sha256", "-r", small, "--mode", "serial"]),
        of("lanes sha256 threads ×2", [LANES, "files", "hash", "-a", "sha256", "-r", small, "--mode", "threads", "--cores", "2"]),
        of("sha256sum, xargs -P2", ["sh", "-c", f"find {shlex.quote(small)} -type f -print0 | xargs -0 -P 2 -n 64 sha256sum"]),
        of("openssl dgst, xargs -P2", ["sh", "-c", f"find {shlex.quote(small)} -type f -print0 | xargs -0 -P 2 -n 64 openssl dgst -sha256"]),
    ]
    run_rounds(many, ROUNDS)
    return [
        "## Hashing", "",
        f"A text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache; `count -l` shows what reading costs. CRC-32 is "
        "bound by memory and uses all lanes; XXH3 is bound by the memory that one core reaches "
        "- it asks for that a page ahead, without which it took half as long again - and SHA-256 by computing.", "",
        *table(contestants, "lanes count -l serial"), "", *commands(contestants), "",
        f"SHA-256 of {inputs.SMALL_FILES:,} files of 4 to 64 kB in the page cache, on all lanes.", "",
        *table(many, "sha256sum, xargs -P2"), "", *commands(many), "",
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


def comparison(name: str, *words: str) -> List[str]:
    """The text of a comparison, whose page goes to .build-bench/reports for `Scripts/pictures`."""
    page = inputs.CACHE / "reports" / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = captured([LANES, "compare", "--rounds", str(ROUNDS), "--report", str(page), *words])
    page.write_text(page.read_text().replace(f"{inputs.CACHE.parent}/", ""))
    return [line.replace(f" --report .build-bench/reports/{name}.html", "") for line in lines]


def compare() -> List[str]:
    small = ["files", "count", "-r", str(inputs.small_files())]
    text = ["--cores", "2", "files", "count", str(inputs.large_text())]
    photographs = ["images", "convert", str(inputs.photographs()), "--resize", "512x512", "--to", "jpeg"]
    return [
        "## lanes compare", "",
        "The same as pages with charts: [docs/comparisons.md](docs/comparisons.md).", "",
        "Photographs:", "", *comparison("photographs", "--cores", "2", *photographs), "",
        "Primes:", "", *comparison("primes", "primes", "1e10"), "",
        "One large file, warm:", "", *comparison("large-warm", *text), "",
        "The same, dropped from the page cache before each run:", "", *comparison("large-cold", "--cold", *text), "",
        f"{inputs.SMALL_FILES:,} files of 4 to 64 kB, dropped from the page cache before each run, with two lanes and with more "
        "lanes than cores:", "", *comparison("small-cold", "--cold", "--cores", "2,16", *small), "",
    ]


def kill() -> List[str]:
    return [
        "## Dying workers", "",
        "Fifty times a worker process is killed at random (SIGKILL) while the photographs are converted.", "",
        *captured(["Scripts/kill-storm", str(inputs.photographs()), "50"]), "",
    ]


# Starting


def first_answers() -> List[str]:
    """Rows of how long one worker takes from being asked for to its first answer."""
    done = subprocess.run(
        [LANES, "lab", "start-up", "--rounds", "51", "--json"], check=True, capture_output=True, text=True)
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        f"| a worker's first answer, {run['engine']} | – | {run['answered_ns'] / 1e6:.1f} ms | – |"
        for run in runs if run["engine"].startswith("processes") and run["engine"].endswith("×1")
    ]


def start() -> List[str]:
    contestants = [
        Contestant("lanes --version", [LANES, "--version"]),
        Contestant("lanes primes 100", [LANES, "primes", "100"]),
        Contestant("lanes files count", [LANES, "files", "count", "/etc/hostname"]),
        Contestant("rg --version", ["rg", "--version"]),
        Contestant("true", ["/bin/true"]),
    ]
    run_rounds(contestants, 200)
    rows = [
        f"| {one.name} | {1e3 * min(walls):.1f} ms | {1e3 * median(walls):.1f} ms | {1e3 * median(used):.1f} ms |"
        for one in contestants if not one.problem
        for walls, used in [([each.wall for each in one.samples], [each.user + each.system for each in one.samples])]
    ]
    return [
        "## Start-up", "",
        "Runs that do next to nothing, 200 rounds; wall time includes what starting any program costs the one that measures, as `true` "
        "shows. The least of it is of a run that no other program disturbed. A worker's first answer is from the start of a run with one worker and "
        "one empty unit to that unit's result (`lanes lab start-up`).", "",
        "| | least wall | median wall | processor time |", "| --- | ---: | ---: | ---: |", *rows, *first_answers(), "", *commands(contestants), "",
        "What bounds it: half is the kernel, which maps the program, copies the 170 pages that hold addresses as these are put right, "
        "and takes everything down again; a program at fixed addresses would start in 0.5 ms less and be the easier to attack. "
        "The rest is Swift's runtime, which makes its types as they are first used, and asking cgroups for CPUs and memory. "
        "`files count` has the parser describe that command to itself by reflection; `primes` with its usual options does not.", "",
    ]


def adding_up(section):
    return lambda: section(LANES, ENGINES, ROUNDS, SameOutput, commands)


SECTIONS = {
    **IMAGES, **COLORS, "primes": primes, "files": files, "search": search, "hash": hash,
    "stats": adding_up(tables.stats), "values": adding_up(values.section),
    "search-output": lambda: values.searches(LANES, ROUNDS, commands),
    "top": adding_up(tables.top), "histogram": adding_up(tables.histogram), "compare": compare, "kill": kill, "start": start,
    "packed": lambda: packed.section(SameOutput),
    "page-cache": lambda: cache_states.section(SameOutput),
    "levels": lambda: levels.section(SameOutput), "primes-avx2": levels.primes_with_avx2,
}
