"""Sections about operations on files that add up: statistics of a column, most frequent words, histograms."""

import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from typing import Callable, Dict, List

from . import inputs
from .measure import Contestant, run_rounds, table

POLARS = """
import polars as pl, sys
lines = pl.scan_csv(sys.argv[1], separator=";", has_header=False, schema={"name": pl.String, "value": pl.Float64})
value = pl.col("value")
groups = lines.group_by("name").agg(
    pl.len().alias("count"), value.sum().alias("sum"), value.min().alias("min"), value.max().alias("max"),
    value.mean().alias("mean"), value.std().alias("stddev")).sort("name").collect(engine="streaming")
print(groups.height, groups["count"].sum())
"""

DUCKDB = """
import duckdb, sys
duckdb.sql("set threads = 2; set enable_progress_bar = false")
groups = duckdb.sql(
    "select name, count(*), sum(value), min(value), max(value), avg(value), stddev_samp(value) from read_csv($$"
    + sys.argv[1] + "$$, delim = ';', header = false, auto_detect = false, "
    "columns = {'name': 'varchar', 'value': 'double'}) group by name order by name").fetchall()
print(len(groups), sum(group[1] for group in groups))
"""

WORDS = "{ for (i = 1; i <= NF; i++) count[$i]++ } END { for (word in count) print count[word], word }"


def python_peers() -> str:
    """A Python with polars and duckdb, installed once below .build-bench."""
    folder = inputs.CACHE / "peers"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print("  installing polars and duckdb", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "polars", "duckdb"], check=True)
        (folder / "complete").touch()
    return str(python)


def groups_and_lines(output: bytes) -> bytes:
    """How many groups a program found in how many lines: from a table of ours, or what the others print."""
    lines = output.splitlines()
    if len(lines) == 1:
        return lines[0]
    rows = [line.split() for line in lines[1:]]
    return b"%d %d" % (len(rows), sum(int(row[0]) for row in rows))


def billion_rows() -> List[Contestant]:
    """The program that ONE_BILLION_ROWS names, which takes a file and a number of threads, as those of the one billion row
    challenge do; such as https://github.com/austindonisan/1brc, the quickest in C, built with UNMAP true so that it waits for
    its own processes. It finds least, mean and greatest of numbers with one decimal place, and no deviation."""
    program = os.environ.get("ONE_BILLION_ROWS")
    return [Contestant("1brc in C ×2", [program, str(inputs.measurements()), "2"])] if program else []


def stats(lanes: str, engines: list, rounds: int, same: Callable, commands: Callable) -> List[str]:
    rows = str(inputs.measurements())
    python = python_peers()
    os.environ["POLARS_MAX_THREADS"] = "2"
    check = same(groups_and_lines)
    argv = [lanes, "files", "stats", "--delimiter", ";", "--column", "2", "--by", "1", rows]
    contestants = [Contestant(f"lanes {name}", argv + flags, after=check) for name, flags in engines]
    contestants += [
        Contestant("lanes --split tasks ×2", argv + ["--split", "tasks", "--cores", "2"], after=check),
        Contestant("polars ×2", [python, "-c", POLARS, rows], after=check),
        Contestant("duckdb ×2", [python, "-c", DUCKDB, rows], after=check),
        *billion_rows(),
    ]
    run_rounds(contestants, rounds)
    found = (check.expected or b"? ?").decode().split()
    size = Path(rows).stat().st_size / 1e6
    return [
        "## Statistics by a key", "",
        f"Count, sum, least, greatest, mean and standard deviation of the numbers in {int(found[1]):,} lines of `name;number` "
        f"({size:.0f} MB, {found[0]} names, in the page cache). polars and duckdb run with two threads, their interpreter's "
        "start included. `1brc in C`, where there is one, is the quickest program known to us; it finds no deviation.", "",
        *table(contestants, "polars ×2"), "", *commands(short(contestants, python)), "",
        "What bounds it: instructions. A line costs six to seven nanoseconds of one core, and reading its fourteen bytes from a "
        "cache would cost less than one. Sampling the kernel's steps shows where they go: a sixth finds separators and cuts lines, "
        "another sixth turns sixteen numbers at a time into integers, and the rest masks, hashes, compares and adds one line "
        "after the other, thirty instructions each, a third of which read or write the nearest cache. Lines are cut in a step of "
        "their own so that no line waits for the end of the one before; that alone was worth a factor of two. The next window is "
        "asked for while one is worked on, which took an eighth off. "
        "Task parallelism makes every lane read, cut and look up "
        "everything, so that it costs nearly six times as much as data parallelism and gains nothing from more cores beyond "
        "sharing that.", "",
    ]


def top(lanes: str, engines: list, rounds: int, same: Callable, commands: Callable) -> List[str]:
    text = str(inputs.part_of_text())
    check = same(lambda output: b"\n".join(b" ".join(line.split()) for line in output.splitlines()[:10]))
    argv = [lanes, "files", "top", "--words", text]
    contestants = [Contestant(f"lanes {name}", argv + flags, after=check) for name, flags in engines]
    contestants += [
        Contestant(name, ["sh", "-c", f"{name} {shlex.quote(WORDS)} {shlex.quote(text)} | sort -k1,1nr -k2 | head"], after=check)
        for name in ("mawk", "gawk")
    ]
    run_rounds(contestants, rounds)
    size = Path(text).stat().st_size / 1e6
    return [
        "## Most frequent words", "",
        f"The ten most frequent words of a text of {size:.0f} MB in the page cache, which all find equally.", "",
        *table(contestants, "mawk"), "", *commands(contestants), "",
        "What bounds it: a word costs about nine nanoseconds of one core. Its count is somewhere in a table of a megabyte, "
        "which is fetched from the second-level cache while thirty others are on their way; what is left are instructions and "
        "wrong guesses about words of more than sixteen bytes. Each slice sends all its different words once, and adding those "
        "up is the only part that one thread does alone: slices have 16 MiB to keep it small.", "",
    ]


def histogram(lanes: str, engines: list, rounds: int, same: Callable, commands: Callable) -> List[str]:
    text = str(inputs.large_text())
    check = same()
    argv = [lanes, "files", "histogram", text]
    contestants = [Contestant(f"lanes {name}", argv + flags, after=check) for name, flags in engines]
    contestants += [
        Contestant("lanes files count -l ×2", [lanes, "files", "count", "-l", text, "--cores", "2"]),
        Contestant("cat", ["sh", "-c", f"cat {shlex.quote(text)} > /dev/null"]),
    ]
    run_rounds(contestants, rounds)
    return [
        "## Histogram of bytes", "",
        f"How often each byte occurs in a text of {inputs.TEXT_BYTES / 1e9:.0f} GB in the page cache; `count -l` and `cat` show "
        "what reading costs.", "",
        *table(contestants, "cat"), "", *commands(contestants), "",
        "What bounds it: with AVX-512 computing, at 35 to 40 GB/s of one core for text. Bytes are turned into planes of bits; where "
        "the upper six bits have a value that has occurred, four counts of set bits give those of four bytes, 512 bits an instruction, "
        "and whether that was all is told by their sum. Elsewhere additions to memory, one a cycle: counting pairs of bytes halves their number, "
        "which makes 4.4 to 7 GB/s of text out of 2.7 with eight tables of single bytes; for data with many different bytes the "
        "table of pairs does not stay in the first-level cache, and the eight tables are quicker.", "",
    ]


def short(contestants: List[Contestant], python: str) -> List[Contestant]:
    """The same with programs given to Python left out of their command lines."""
    names: Dict[str, str] = {POLARS: "…polars…", DUCKDB: "…duckdb…"}
    return [
        Contestant(one.name, ["python" if word == python else names.get(word, word) for word in one.argv])
        for one in contestants
    ]
