"""The section on primes: counts and lists beside primesieve, memory per lane, and values that are too slow for tests."""

import json
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import List, Optional

from .measure import Contestant, Wrong, half_range, median, run_rounds, seconds

TOP = 18446744073709551615
# The peer; a build of its current release can be named, since distributions lag.
PRIMESIEVE = os.environ.get("PRIMESIEVE", "primesieve")


@dataclass
class Case:
    """A range to count: how lanes and primesieve spell it, its count where one is published, and rounds to run."""

    name: str
    lanes: List[str]
    primesieve: List[str]
    expected: Optional[int]
    rounds: int
    bound: str


CASES = [
    Case("[0, 1e9]", ["1e9"], ["1e9"], 50847534, 5,
         "crossing off in L1, at a little over a cycle for each multiple of primes below 8192"),
    Case("[0, 1e10]", ["1e10"], ["1e10"], 455052511, 5,
         "two thirds of it crossing off multiples of primes below 8192 in L1, a cycle each; a third those of larger ones, two cycles each"),
    Case("[0, 1e11]", ["1e11"], ["1e11"], 4118054813, 1, "the same, with more of the larger primes"),
    Case("[1e12, +1e10]", ["1e12", "1e12+1e10"], ["1e12", "-d1e10"], 361840208, 2,
         "multiples of primes from 32768 on: L2 holds neither more of the sieve beside the primes' state nor fewer visits"),
    Case("[1e15, +1e9]", ["1e15", "1e15+1e9"], ["1e15", "-d1e9"], 28946421, 5,
         "primes above 10^6, of which a segment in L2 holds a few multiples or none; with AVX2 a group of eight costs as much as one of sixteen"),
    Case("[1e18, +1e9]", ["1e18", "1e18+1e9"], ["1e18", "-d1e9"], 24127085, 2,
         "making 51 million sieving primes for each of two intervals, and one line of L3 or memory for a few marks"),
    Case("[2^64-1e9, 2^64-1]", ["2^64-1e9", "2^64-1"], [str(TOP + 1 - 10**9), str(TOP)], None, 1,
         "making 203 million sieving primes, of which each of four units makes its share; on two lanes their bitmaps, 33 MB each, compete "
         "for caches and are copied and combined"),
]


def check_count(expected: Optional[int]):
    """Raises `Wrong` for an output that is not `expected`, or not what the first program printed."""
    seen = [expected]

    def check(output: bytes) -> None:
        number = int(output.split()[0])
        if seen[0] is None:
            seen[0] = number
        if number != seen[0]:
            raise Wrong(f"printed {number} where {seen[0]} was expected")

    return check


def contestants_of(case: Case, lanes: str) -> List[Contestant]:
    check = check_count(case.expected)
    line = [lanes, "primes", *case.lanes]
    peer = [PRIMESIEVE, *case.primesieve, "--quiet"]
    return [
        Contestant("lanes ×1", [*line, "--mode", "serial"], after=check),
        Contestant("primesieve ×1", [*peer, "--threads=1"], after=check),
        Contestant("lanes ×2", [*line, "--mode", "threads", "--cores", "2"], after=check),
        Contestant("primesieve ×2", [*peer, "--threads=2"], after=check),
        Contestant("processes", [*line, "--mode", "processes", "--ipc", "shm", "--cores", "2"], after=check),
    ]


def wall(contestant: Contestant) -> Optional[float]:
    return median([sample.wall for sample in contestant.samples]) if contestant.samples else None


def cell(contestant: Contestant) -> str:
    """The median with its spread, or why there is none."""
    middle = wall(contestant)
    if middle is None:
        return (contestant.problem or "not run").replace("|", "/")
    spread = half_range([sample.wall for sample in contestant.samples]) / middle * 100
    return f"{seconds(middle)} ±{spread:.1f} %"


def ratio(peer: Contestant, own: Contestant) -> str:
    """How many times as fast `own` is."""
    first, second = wall(peer), wall(own)
    return f"{first / second:.2f}" if first and second else "–"


def counts(lanes: str) -> List[str]:
    rows, bounds = [], []
    for case in CASES:
        one, peer_one, two, peer_two, processes = contestants = contestants_of(case, lanes)
        run_rounds(contestants, case.rounds)
        rows.append(
            f"| {case.name} | {cell(one)} | {cell(peer_one)} | **{ratio(peer_one, one)}** | {cell(two)} | {cell(peer_two)} "
            f"| **{ratio(peer_two, two)}** | {cell(processes)} | {ratio(two, processes)} |")
        bounds.append(f"- {case.name}: {case.bound}.")
    return [
        "Counts. Ratios say how many times as fast as primesieve lanes is, on one core (serial) and on two (threads); the last "
        "columns are two worker processes over shared memory and their speed beside the two threads. All programs printed the "
        "same count, the published one where there is one. Ranges that take long were run in one or two rounds after the "
        "warm-up, the others in five.", "",
        "| range | lanes ×1 | primesieve ×1 | ratio | lanes ×2 | primesieve ×2 | ratio | processes ×2 | beside threads |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows, "", "What bounds each case:", "", *bounds, "",
    ]


def combinatorial(lanes: str) -> List[str]:
    """Counts without sieving beside primecount, each on all cores."""
    rows, version = [], "primecount is not installed"
    if shutil.which("primecount"):
        version = subprocess.run(["primecount", "--version"], capture_output=True, text=True).stdout.splitlines()[0].split(",")[0]
        for bound, expected in [("1e12", 37607912018), ("1e13", 346065536839), ("1e14", 3204941750802), ("1e15", 29844570422669)]:
            own = Contestant("lanes", [lanes, "primes", bound, "--algorithm", "combinatorial"], after=check_count(expected))
            peer = Contestant("primecount", ["primecount", bound], after=check_count(expected))
            run_rounds([own, peer], 5 if bound != "1e15" else 3)
            rows.append(f"| π({bound}) | {cell(own)} | {cell(peer)} | **{ratio(peer, own)}** |")
    return [
        f"Combinatorial: counts up to a bound with `--algorithm combinatorial` beside {version}, both on all cores; the ratio says how "
        "many times as fast lanes is. The method here is that of Lagarias, Miller and Odlyzko; primecount chooses Gourdon's, "
        "which has fewer leaves. Two thirds of the time go into the partial sieve, where each multiple that "
        "a prime above 150 removes is counted in its block, and a quarter into pairs of large primes, a division each.", "",
        "| count | lanes | primecount | ratio |", "| --- | ---: | ---: | ---: |", *rows, "",
    ]


def lists(lanes: str) -> List[str]:
    def piped(name: str, *argv: str) -> Contestant:
        return Contestant(name, ["sh", "-c", f"{shlex.join(argv)} | tail -n 1"], after=check_count(999999937))

    contestants = [
        piped("primesieve -p", PRIMESIEVE, "1e9", "-p"),
        piped("lanes ×1", lanes, "primes", "1e9", "--list", "--mode", "serial"),
        piped("lanes ×2", lanes, "primes", "1e9", "--list", "--mode", "threads", "--cores", "2"),
        piped("lanes ×2, processes", lanes, "primes", "1e9", "--list", "--mode", "processes", "--cores", "2"),
    ]
    run_rounds(contestants, 3)
    return [
        "Lists: all primes below 1e9 through a pipe to `tail -n 1`, which reads them all. primesieve prints with one thread. The reader bounds it: "
        "`tail` takes 0.35 to 0.4 s of processor time for these 500 MB, copying from the pipe included, whoever writes; making the text takes "
        "lanes 0.25 s of one core, and with two lanes half of the outputs are copied once while they wait for their turn.", "",
        "| | wall | times as fast |", "| --- | ---: | ---: |",
        *[f"| {one.name} | {cell(one)} | {ratio(contestants[0], one)} |" for one in contestants], "",
    ]


def memory(lanes: str) -> List[str]:
    def peak(*words: str) -> int:
        """The largest peak of a worker process, in bytes."""
        line = [lanes, "primes", *words, "--mode", "processes", "--cores", "2", "--stats", "--json"]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        return max(worker["peak_memory_bytes"] for worker in json.loads(done.stdout.splitlines()[-1])["workers"])

    idle = peak("10")
    rows = []
    for case in CASES:
        if case.name == "[0, 1e11]":
            continue
        most = peak(*case.lanes)
        rows.append(f"| {case.name} | {most / 2**20:.1f} MiB | {(most - idle) / 2**20:.1f} MiB |")
    return [
        "Memory per lane: the peak of a worker process, and what it is above that of a worker that has nothing to sieve.", "",
        "| range | peak | above an idle worker |", "| --- | ---: | ---: |", *rows, "",
    ]


# Too slow for the tests: published values (OEIS A006880, A046731) and how long they take on two cores.
VALUES = [
    (["1e10"], "455052511"), (["1e11"], "4118054813"), (["1e10", "--sum"], "2220822432581729238"),
    (["1e11", "--sum"], "201467077743744681014"), (["1e10", "--twins"], "27412679"),
    (["1e12", "--algorithm", "combinatorial"], "37607912018"),
    (["1e14", "--algorithm", "combinatorial"], "3204941750802"),
    (["1e15", "--algorithm", "combinatorial"], "29844570422669"),
    (["--nth", "1e9"], "22801763489"),
]


def values(lanes: str) -> List[str]:
    rows = []
    for words, expected in VALUES:
        start = time.perf_counter()
        done = subprocess.run([lanes, "primes", *words], capture_output=True, text=True)
        took = time.perf_counter() - start
        answer = done.stdout.strip()
        rows.append(f"| `lanes primes {' '.join(words)}` | {answer if answer == expected else f'**{answer}, not {expected}**'} "
                    f"| {seconds(took)} |")
    return [
        "Published values that tests have no time for, run once on all cores:", "",
        "| command | answer | wall |", "| --- | ---: | ---: |", *rows, "",
    ]


# Measured by hand while each technique was added, in a loop that does nothing but sieve and count, kept here as a record.
TECHNIQUES = [
    "Gain of each technique: primes to 1e10 on one core of a Sapphire Rapids (48 KiB of L1, 2 MiB of L2), in a loop that only "
    "sieves and counts, measured when each was added and not by this script. primesieve 11.0 took 1.35 s there.", "",
    "| technique | time |", "| --- | ---: |",
    "| whole turns of the wheel, primes to 8192 in blocks of 32 KiB, others in segments of 512 KiB; patterns to 163 | 1.46 s |",
    "| turns inside blocks for primes to 24576: a mark costs 1 cycle in L1 and 4 in L2 | 1.29 s |",
    "| from 12288 on sixteen primes side by side with notes, cofactors without factor 7, all in blocks | 0.98 s |",
    "| the program as a whole, each residue's turns in a function of its own (1.18 s before) | 1.03 s |",
    "| larger segments for marks in L2: 128, 256, 512 and 1024 KiB | none (1.41, 1.46, 1.46, 1.53 s at the first row) |",
    "| patterns to 199 and to 251 instead of 163 | 2 % and 1 %: not kept |",
    "| large pages for the sieve, prefetching marks | none: not kept |",
    "| 1e9 numbers at 1e18: dividing sieving primes eight at a time, walking sixteen at a time | 1.60 to 1.31 s |",
    "| the same: 16 MiB of notes instead of 2.5, so that marks share cache lines of the bitmap | to 1.10 s |",
    "| the same: primes to 2^24 instead of 2^22 kept from segment to segment, segments of 1 MiB | to 1.00 s |", "",
    "On a Zen 5 (48 KiB of L1, 1 MiB of L2), for each multiple of primes from 12288 to 10^6 in a loop that only crosses off; the machine "
    "was shared, so that these are the lowest of several runs:", "",
    "| technique | time |", "| --- | ---: |",
    "| AVX-512 in blocks of 32 KiB, in segments of 512 KiB | 1.08 and 0.79 ns |",
    "| the same without masks while all sixteen primes are in the segment | 0.94 and 0.65 ns |",
    "| a tail of two rounds without a branch | none: not kept |",
    "| AVX2, wheel of 210, in blocks and in segments | 1.93 and 1.34 ns |",
    "| AVX2, wheel of 30, without masks likewise | 1.59 and 0.98 ns |",
    "| one prime after the other, lists by wheel index as in primesieve, wheel of 30 and of 210 | 1.23 and 1.28 ns: not kept |", "",
]


def primes(lanes: str) -> List[str]:
    return ["## Primes", "", *counts(lanes), *combinatorial(lanes), *lists(lanes), *memory(lanes), *values(lanes), *TECHNIQUES]
