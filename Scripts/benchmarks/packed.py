"""Compressed files beside the pipelines that people write for them."""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List

from . import inputs
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands

MEGABYTE = 1_000_000


@dataclass
class Format:
    """A way of compressing: the suffix, the command between standard input and output, what unpacks it in a pipeline, the best first,
    and how much of the text. `pieces` bytes of the text become a member each where that is set. ripgrep knows a file by its suffix."""

    suffix: str
    command: str
    peers: List[str]
    size: int = 100 * MEGABYTE
    pieces: int = 0
    searches: bool = False


# Members of their own are what rotated logs make that are put together, and web archives. Frames of their own are what pzstd writes.
FORMATS = [
    Format("gz", "gzip -6", ["pigz -dc {}", "zcat {}"], searches=True),
    Format("members.gz", "gzip -6", ["pigz -dc {}"], pieces=MEGABYTE),
    Format("archive.gz", "gzip -6", ["pigz -dc {}"], pieces=20_000, size=20 * MEGABYTE),
    Format("bgzf.gz", "bgzip", ["bgzip -@2 -dc {}"]),
    Format("zst", "zstd -q -3", ["zstd -q -dc {}"], searches=True),
    Format("frames.zst", "pzstd -q -p 4 -3", ["pzstd -q -p 2 -dc {}"]),
    Format("xz", "xz -1 -T2 --block-size=4MiB", ["xz -T2 -dc {}"], size=30 * MEGABYTE),
    Format("streams.bz2", "bzip2 -9", ["bzip2 -dc {}"], size=15 * MEGABYTE, pieces=MEGABYTE),
]


def packed(kind: Format) -> Path:
    """The beginning of the large text as it is compressed."""
    path = inputs.CACHE / f"packed.txt.{kind.suffix}"
    if not path.exists():
        making = path.with_suffix(".part")
        with open(inputs.part_of_text(), "rb") as text, open(making, "wb") as out:
            left = kind.size
            while left > 0:
                piece = text.read(min(kind.pieces or left, left))
                subprocess.run([*shlex.split(kind.command), "-c"], input=piece, stdout=out, check=True)
                left -= len(piece)
        making.rename(path)
    return inputs.settle(path)


def folder_of_copies(path: Path) -> Path:
    """Four names of one file, as logs that were rotated lie side by side."""
    folder = inputs.CACHE / "packed-copies"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(4):
        os.link(path, folder / f"{number}.gz")
    return folder


def pipeline(line: str) -> List[str]:
    return ["bash", "-c", f"set -o pipefail; {line}"]


def section(same: Callable) -> List[str]:
    lines = [
        "## Compressed files", "",
        "Lines of a text in the page cache, compressed in each of the usual ways, and those of them with a word, all on two cores. The peers unpack "
        "in a process of their own; `rg -z` starts one, too.", "",
    ]
    for kind in FORMATS:
        path = str(packed(kind))
        count, found = same(lambda output: output.split()[0]), same(lambda output: output.strip())
        quoted = shlex.quote(path)
        contestants = [
            Contestant("lanes count", [LANES, "files", "count", "-lz", path, "--cores", "2"], after=count),
            *[Contestant(f"{peer.format('').strip()}, wc -l", pipeline(f"{peer.format(quoted)} | wc -l"), after=count)
              for peer in kind.peers],
        ]
        if kind.searches:
            peer = kind.peers[0]
            contestants += [
                Contestant("lanes search", [LANES, "files", "search", "-zc", "cqwz", path, "--cores", "2"], after=found),
                Contestant("rg -z", ["rg", "-zc", "cqwz", path], after=found),
                Contestant(f"{peer.format('').strip()}, rg", pipeline(f"{peer.format(quoted)} | rg -c cqwz"), after=found),
            ]
        run_rounds(contestants, ROUNDS)
        base = next(one.name for one in contestants if one.name.endswith(", wc -l"))
        pieces = f" for each {kind.pieces / 1e6:g} MB" if kind.pieces else ""
        lines += [f"{kind.suffix}: `{kind.command}`{pieces}, {kind.size / 1e6:.0f} MB that become {os.path.getsize(path) / 1e6:.0f} MB.", "",
                  *table(contestants, base), "", *commands(contestants), ""]
    folder = str(folder_of_copies(packed(FORMATS[0])))
    found = same(lambda output: sum(int(line.rpartition(b":")[2]) for line in output.split()))
    contestants = [
        Contestant("lanes search", [LANES, "files", "search", "-rzc", "cqwz", folder], after=found),
        Contestant("rg -z", ["rg", "-zc", "-uuu", "cqwz", folder], after=found),
        Contestant("xargs -P2, zcat, grep", pipeline(f"printf '%s\\n' {shlex.quote(folder)}/* | xargs -P2 -I@ sh -c 'zcat @ | grep -c cqwz'"),
                   after=found),
    ]
    run_rounds(contestants, ROUNDS)
    lines += ["Four files of gzip side by side.", "", *table(contestants, "rg -z"), "", *commands(contestants), ""]
    return lines
