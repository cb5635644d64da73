"""Compressed files beside the pipelines that people write for them."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Callable, List

from . import inputs
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands

# Suffix, and how it is made of standard input. Frames of their own are what pzstd and tools that append write; ripgrep knows
# a file by its suffix.
FORMATS = [
    ("gz", "gzip -6"),
    ("bgzf.gz", "bgzip"),
    ("zst", "zstd -q -3"),
    ("frames.zst", "pzstd -q -p 4 -3"),
    ("xz", "xz -1 -T2 --block-size=8MiB"),
    ("bz2", "bzip2 -9"),
]

# What unpacks each in a pipeline, the best first.
PEERS = {
    "gz": ["zcat {}", "pigz -dc {}"],
    "bgzf.gz": ["bgzip -@2 -dc {}", "pigz -dc {}"],
    "zst": ["zstd -q -dc {}"],
    "frames.zst": ["pzstd -q -p 2 -dc {}", "zstd -q -dc {}"],
    "xz": ["xz -T2 -dc {}", "xz -dc {}"],
    "bz2": ["bzip2 -dc {}"],
}


def packed(suffix: str, command: str) -> Path:
    """The part of the large text as `command` compresses it; of bzip2, which takes longest, a fifth."""
    path = inputs.CACHE / f"part.txt.{suffix}"
    if not path.exists():
        making = path.with_suffix(".part")
        with open(inputs.part_of_text(), "rb") as text, open(making, "wb") as out:
            first = text.read(40_000_000 if suffix == "bz2" else -1)
            subprocess.run([*shlex.split(command), "-c"], input=first, stdout=out, check=True)
        making.rename(path)
    return inputs.settle(path)


def folder_of_copies(path: Path) -> Path:
    """Eight names of one file, as logs that were rotated lie side by side."""
    folder = inputs.CACHE / "packed-copies"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(8):
        os.link(path, folder / f"{number}.gz")
    return folder


def pipeline(line: str) -> List[str]:
    return ["bash", "-c", f"set -o pipefail; {line}"]


def section(same: Callable) -> List[str]:
    lines = [
        "## Compressed files", "",
        "Lines of a text of 200 MB (for bzip2 40) in the page cache, compressed in each of the usual ways, and those of them with a word. The peers unpack in "
        "a process of their own; `rg -z` starts one, too.", "",
    ]
    for suffix, command in FORMATS:
        path = str(packed(suffix, command))
        count, found = same(lambda output: output.split()[0]), same(lambda output: output.strip())
        quoted = shlex.quote(path)
        contestants = [
            Contestant("lanes count", [LANES, "files", "count", "-lz", path], after=count),
            Contestant("lanes count, two lanes", [LANES, "files", "count", "-lz", path, "--mode", "threads", "--cores", "2"], after=count),
            *[Contestant(f"{peer.format('').strip()}, wc -l", pipeline(f"{peer.format(quoted)} | wc -l"), after=count)
              for peer in PEERS[suffix]],
            Contestant("lanes search", [LANES, "files", "search", "-zc", "cqwz", path], after=found),
            Contestant("rg -z", ["rg", "-zc", "cqwz", path], after=found),
            *[Contestant(f"{peer.format('').strip()}, rg", pipeline(f"{peer.format(quoted)} | rg -c cqwz"), after=found)
              for peer in PEERS[suffix]],
        ]
        run_rounds(contestants, ROUNDS)
        base = next(one.name for one in contestants if one.name.endswith(", wc -l"))
        lines += [f"`{command}`, {os.path.getsize(path) / 1e6:.0f} MB.", "", *table(contestants, base), "", *commands(contestants), ""]
    folder = str(folder_of_copies(packed(*FORMATS[0])))
    found = same(lambda output: sum(int(line.rpartition(b":")[2]) for line in output.split()))
    contestants = [
        Contestant("lanes search", [LANES, "files", "search", "-rzc", "cqwz", folder], after=found),
        Contestant("rg -z", ["rg", "-zc", "-uuu", "cqwz", folder], after=found),
        Contestant("xargs -P2, zcat, grep", pipeline(f"printf '%s\\n' {shlex.quote(folder)}/* | xargs -P2 -I@ sh -c 'zcat @ | grep -c cqwz'"),
                   after=found),
    ]
    run_rounds(contestants, ROUNDS)
    lines += ["Eight files of gzip side by side.", "", *table(contestants, "rg -z"), "", *commands(contestants), ""]
    return lines
