"""Sections about percentiles, tables with quotation marks, JSON lines, and what searches print beside lines."""

import json
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Callable, List

from . import inputs, tables
from .measure import Contestant, run_rounds, table

# Each program prints the number of groups and the sum of the medians of all, rounded to whole numbers so that the last digits of doubles
# do not matter.
POLARS_PERCENTILES = """
import polars as pl, sys
lines = pl.scan_csv(sys.argv[1], separator=";", has_header=False, schema={"name": pl.String, "value": pl.Float64})
value = pl.col("value")
groups = lines.group_by("name").agg(
    *(value.quantile(p, "linear").alias(str(p)) for p in (0.5, 0.95, 0.99))).collect(engine="streaming")
print(groups.height, round(groups["0.5"].sum()))
"""
DUCKDB_PERCENTILES = """
import duckdb, sys
duckdb.sql("set threads = 2; set enable_progress_bar = false")
groups = duckdb.sql(
    "select name, quantile_cont(value, [0.5, 0.95, 0.99]) from read_csv($$" + sys.argv[1] + "$$, delim = ';', header = false, "
    "auto_detect = false, columns = {'name': 'varchar', 'value': 'double'}) group by name").fetchall()
print(len(groups), round(sum(group[1][0] for group in groups)))
"""
POLARS_CSV = """
import polars as pl, sys
groups = pl.scan_csv(sys.argv[1]).group_by("key").agg(pl.col("value").sum()).collect(engine="streaming")
print(groups.height, round(groups["value"].sum()))
"""
DUCKDB_CSV = """
import duckdb, sys
duckdb.sql("set threads = 2; set enable_progress_bar = false")
groups = duckdb.sql(
    "select key, sum(value) from read_csv($$" + sys.argv[1] + "$$, header = true, delim = ',', quote = '\\"', escape = '\\"', "
    "auto_detect = false, parallel = true, columns = {'key': 'varchar', 'note': 'varchar', 'value': 'double'}) group by key").fetchall()
print(len(groups), round(sum(group[1] for group in groups)))
"""
POLARS_JSON = """
import polars as pl, sys
lines = pl.scan_ndjson(sys.argv[1])
groups = lines.group_by(pl.col("user").struct.field("id")).agg(pl.col("ms").sum()).collect(engine="streaming")
print(groups.height, round(groups["ms"].sum()))
"""
DUCKDB_JSON = """
import duckdb, sys
duckdb.sql("set threads = 2; set enable_progress_bar = false")
groups = duckdb.sql("select user.id, sum(ms) from read_ndjson_auto($$" + sys.argv[1] + "$$) group by all").fetchall()
print(len(groups), round(sum(group[1] for group in groups)))
"""
JQ = "reduce inputs as $line ({}; .[$line.user.id] += $line.ms) | \"\\(length) \\([.[]] | add | round)\""

NAMES = {
    POLARS_PERCENTILES: "…polars…", DUCKDB_PERCENTILES: "…duckdb…", POLARS_CSV: "…polars…", DUCKDB_CSV: "…duckdb…",
    POLARS_JSON: "…polars…", DUCKDB_JSON: "…duckdb…",
}


def shown(contestants: List[Contestant], python: str) -> List[Contestant]:
    """The same with programs given to Python left out of their command lines."""
    return [
        Contestant(one.name, ["python" if word == python else NAMES.get(word, word) for word in one.argv]) for one in contestants
    ]


def total(column: int) -> Callable[[bytes], bytes]:
    """How many groups a table of ours has, and the rounded sum of a column; or the one line that others print."""

    def read(output: bytes) -> bytes:
        lines = output.splitlines()
        if len(lines) == 1:
            return lines[0]
        return b"%d %d" % (len(lines) - 1, round(sum(float(line.split()[column]) for line in lines[1:])))

    return read


def made(name: str, lines: Callable[[random.Random], str], header: str = "") -> str:
    """A million lines: two hundred thousand, five times over."""
    path = inputs.CACHE / name
    if not path.exists():
        print(f"  making {name}", file=sys.stderr)
        dice = random.Random(8)
        block = "".join(lines(dice) for _ in range(int(os.environ.get("LANES_BENCH_LINES", 200_000)))).encode()
        with open(path.with_suffix(".part"), "wb") as file:
            file.write(header.encode())
            for _ in range(5):
                file.write(block)
        path.with_suffix(".part").rename(path)
    return str(path)


def quoted_line(dice: random.Random) -> str:
    note = dice.choice(['"a note, with a comma"', '"two\nlines"', "plain", '"she said ""no"""', "none"])
    return f'"key {dice.randrange(400)}",{note},{dice.gauss(50, 20):.2f}\n'


def json_line(dice: random.Random) -> str:
    return json.dumps({
        "time": dice.randrange(10**9), "user": {"id": f"user {dice.randrange(400)}", "tags": ["a", "b"]}, "path": "/some/path",
        "ms": round(dice.gauss(50, 20), 2), "ok": True}) + "\n"


def section(lanes: str, engines: list, rounds: int, same: Callable, commands: Callable) -> List[str]:
    python = tables.python_peers()
    os.environ["POLARS_MAX_THREADS"] = "2"
    rows = str(inputs.measurements())
    csv, lines = made("quoted.csv", quoted_line, "key,note,value\n"), made("lines.jsonl", json_line)
    plain = [lanes, "files", "stats", "-d", ";", "--column", "2", "--by", "1", rows]
    text: List[str] = []
    for title, words, column, file, peers, others in [
        ("### Percentiles", plain[2:-1] + ["--percentiles", "50,95,99"], 6, rows, (POLARS_PERCENTILES, DUCKDB_PERCENTILES), [
            Contestant("lanes ×2, without percentiles", [*plain, "--cores", "2"]),
            Contestant("lanes --approximate ×2", [*plain, "--percentiles", "50,95,99", "--approximate", "--cores", "2"])]),
        ("### Quotation marks and newlines", ["stats", "--csv", "--header", "--column", "value", "--by", "key"], 1, csv,
         (POLARS_CSV, DUCKDB_CSV), []),
        ("### Quotation marks nowhere", plain[2:-1] + ["--csv"], 1, rows, (), [Contestant("lanes ×2, without --csv", [*plain, "--cores", "2"])]),
        ("### JSON lines", ["stats", "--json-lines", "--column", "ms", "--by", "user.id"], 1, lines, (POLARS_JSON, DUCKDB_JSON), [
            Contestant("jq", ["jq", "-nr", JQ, lines])] if shutil.which("jq") else []),
    ]:
        check = same(total(column))
        argv = [lanes, "files", *words, file]
        contestants = [
            Contestant("lanes serial", [*argv, "--mode", "serial"], after=check),
            Contestant("lanes ×2", [*argv, "--cores", "2"], after=check), *others]
        for name, program in zip(("polars ×2", "duckdb ×2"), peers):
            contestants.append(Contestant(name, [python, "-c", program, file], after=check))
        run_rounds(contestants, rounds)
        base = "polars ×2" if peers else "lanes ×2, without --csv"
        text += [f"{title}, {Path(file).stat().st_size / 1e6:.0f} MB", "", *table(contestants, base), "",
                 *commands(shown(contestants, python)), ""]
    return [
        "## Percentiles, quotation marks, JSON lines", "",
        "Three percentiles for each of 413 names; sums by a key of a table with quotation marks, doubled ones and newlines among its "
        "fields; and of JSON texts, one a line. polars and duckdb run with two threads, their interpreter's start included, and find the same "
        "groups and sums.", "", *text,
    ]


def searches(lanes: str, rounds: int, commands: Callable) -> List[str]:
    """Options that have each line or match looked at, beside rg and grep."""
    text = str(inputs.large_text())
    lines: List[str] = [
        "## What searches print", "",
        "Each option looks at every line found, or at every match; what is printed is counted by its bytes, and is the same for all.", "",
    ]
    for title, ours, rgs, greps in [
        ("only matches", ["-o", "cqwz"], ["-o", "-N", "cqwz"], ["-o", "cqwz"]),
        ("whole words", ["-w", "cqwz"], ["-w", "-N", "cqwz"], ["-w", "cqwz"]),
        ("two lines around", ["-C2", "cqwz"], ["-C2", "-N", "cqwz"], ["-C2", "cqwz"]),
        ("places in bytes", ["-b", "-o", "cqwz"], ["-b", "-o", "-N", "cqwz"], ["-b", "-o", "cqwz"]),
        ("columns", ["--vimgrep", "cqwz"], ["--vimgrep", "cqwz"], None),
        ("replaced", ["--replace", "<$0>", "cqwz"], ["--replace", "<$0>", "-N", "cqwz"], None),
    ]:
        contestants = [
            Contestant("lanes serial", [lanes, "files", "search", *ours, text, "--mode", "serial"]),
            Contestant("lanes threads ×2", [lanes, "files", "search", *ours, text, "--mode", "threads", "--cores", "2"]),
            Contestant("rg", ["rg", *rgs, text]),
        ]
        if greps:
            contestants.append(Contestant("LC_ALL=C grep", ["env", "LC_ALL=C", "grep", *greps, text]))
        sizes = set()
        for one in contestants:
            one.after = lambda output: sizes.add((len(output), hash(output)))
        run_rounds(contestants, rounds)
        if len(sizes) != 1:
            contestants[0].problem = "the programs print different bytes"
        lines += [f"### {title}", "", *table(contestants, "rg"), "", *commands(contestants), ""]
    return lines
