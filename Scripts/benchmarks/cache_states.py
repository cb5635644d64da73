"""Reading a large file whose pages the kernel holds in either of two ways.

The page cache keeps a file in folios. Small writes make one for each page of 4 KiB; reading a file from its storage makes
large ones. Mapping a file costs a fault for so many pages as one folio, or one look around, covers; reading it costs a copy
either way, and little else. So what wins may depend on how the file got there.
"""

from typing import Callable, List

from . import inputs
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands

TWO = ["--mode", "threads", "--cores", "2"]


def first_word(output: bytes) -> bytes:
    return (output.split() or [b""])[0]


def halves(path: str) -> str:
    """Two programs that read half of a file each and look at nothing: no reader of files on two cores can be quicker by much."""
    count = inputs.TEXT_BYTES // 2 // (256 << 10)
    reading = f"dd if={path} of=/dev/null bs=256K status=none"
    return f"{reading} count={count} & {reading} skip={count} & wait"


def contestants(path: str, same: Callable) -> List[Contestant]:
    found: List[Contestant] = [Contestant("two dd", ["sh", "-c", halves(path)])]
    mapped, read = [*TWO, "--mmap"], [*TWO, "--no-mmap"]
    operations = [
        ("count -l", ["count", "-l"], [("wc -l", ["wc", "-l", path])]),
        ("count", ["count"], []),
        ("search", ["search", "-c", "zebrafish"],
         [("rg", ["rg", "-c", "zebrafish", path]), ("rg --no-mmap", ["rg", "--no-mmap", "-c", "zebrafish", path])]),
        ("hash -a xxh3", ["hash", "-a", "xxh3"], [("xxhsum -H3", ["xxhsum", "-H3", path])]),
        ("hash -a sha256", ["hash", "-a", "sha256"], [("openssl dgst -sha256", ["openssl", "dgst", "-sha256", path])]),
        ("histogram", ["histogram"], []),
    ]
    for name, words, peers in operations:
        # rg prints nothing where there is nothing; xxhsum and openssl write the same digest after other words.
        check = same(bytes.strip if words[0] == "hash" else lambda output: first_word(output) or b"0")
        for title, flags in [("×2", TWO), ("×2, mapped", mapped), ("×2, read", read)]:
            found.append(Contestant(
                f"lanes {name} {title}", [LANES, "files", *words, path, *flags], after=check, statuses=(0, 1)))
        for title, argv in peers:
            found.append(Contestant(
                title, argv, after=check if words[0] != "hash" else lambda output: None, statuses=(0, 1)))
    return found


def section(same: Callable) -> List[str]:
    lines = [
        "## The page cache", "",
        f"A text of {inputs.TEXT_BYTES / 1e9:.0f} GB, read or mapped by lanes as it chooses or is told to, and read by others; `two dd` read "
        "half each and look at nothing. The page cache holds a file in folios, and how large these are depends on how the file came there.", "",
    ]
    states = [
        ("Just written, 4 KiB at a time: a folio for each page.", inputs.just_written_text()),
        ("Read from the disk: large folios.", inputs.large_text()),
    ]
    for title, path in states:
        runs = contestants(str(path), same)
        run_rounds(runs, ROUNDS)
        lines += [title, "", *table(runs, "two dd"), "", *commands(runs), ""]
    states[0][1].unlink()
    return lines + [
        "Reading copies into 256 KiB, which stay in the second-level cache. Mapping copies nothing, and puts each folio into the table of "
        "pages and takes it out again, which costs less than a copy where folios are large and more where they are single pages. Each lane "
        "tries both on its first slices and goes on with the cheaper; what it tried in vain is the difference to the better row. The XXH3 of one "
        "file is computed in order, by lanes that take turns at its slices: of 0.02 to 0.03 s that it takes longer than `xxhsum`, which reads 64 KiB "
        "at a time, about half is computing from a cache further away; pieces of 64 KiB instead of 256 made nothing quicker here.", "",
    ]
