"""BENCHMARKS.md as sections, one for each title and kind of processor, so that a run replaces its own and no other."""

import re
from pathlib import Path
from typing import Dict, List, Tuple

from . import summary

FILE = Path("BENCHMARKS.md")
INTRODUCTION = (
    "# Benchmarks\n\n"
    "Made by `Scripts/bench`; each section can be run by itself, such as `Scripts/bench primes`. A section's title ends with "
    "the kind of processor; a run on another kind adds a section and leaves this one as it is. Every program was run once to "
    "warm up and then in at least {rounds} interleaved rounds; wall time is the median, the spread half the distance between "
    "the quartiles. A ratio below 1 is quicker, and a difference within the spreads is none.\n"
)


# Generations of AMD's processors by family and greatest model, as the kernel's arch/x86/kernel/cpu/amd.c tells them
# apart: their names in /proc/cpuinfo do not.
ZEN = {23: [(0x2F, "Zen"), (0xFF, "Zen 2")], 25: [(0x0F, "Zen 3"), (0x1F, "Zen 4"), (0x5F, "Zen 3"), (0xFF, "Zen 4")], 26: [(0xFF, "Zen 5")]}


def short_name(cpuinfo: Dict[str, str]) -> str:
    """Intel Xeon from Intel(R) Xeon(R) Processor, AMD EPYC Zen 5 from AMD EPYC of family 26, from the fields of /proc/cpuinfo."""
    name = " ".join(re.sub(r"\((R|TM)\)|\bProcessor\b|\bCPU\b|@.*", " ", cpuinfo.get("model name", "unknown")).split())
    if not name.startswith("AMD"):
        return name
    model = int(cpuinfo.get("model", "0"))
    generation = next((zen for greatest, zen in ZEN.get(int(cpuinfo.get("cpu family", "0")), []) if model <= greatest), None)
    return f"{name} {generation}" if generation else name


def sections(text: str) -> List[Tuple[str, str]]:
    """Headings of the second level, without the marks, and what stands below each."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return [(heading, body.strip("\n")) for heading, body in zip(parts[::2], parts[1::2])]


def put(text: str, title: str, cpuinfo: Dict[str, str], body: str, rounds: int) -> str:
    """`text` with the section in place of the one of this title and kind of processor, behind others of this title, or at the end."""
    heading = f"{title}, {short_name(cpuinfo)}"
    known = sections(text)
    if heading in [name for name, _ in known]:
        known = [(name, body if name == heading else old) for name, old in known]
    else:
        same = [index for index, (name, _) in enumerate(known) if name.startswith(f"{title}, ")]
        known.insert(same[-1] + 1 if same else len(known), (heading, body))
    return whole(known, rounds)


def whole(known: List[Tuple[str, str]], rounds: int) -> str:
    """The file: introduction, summary, and the sections with their command lines folded."""
    folded = [(name, fold(part)) for name, part in known]
    parts = [INTRODUCTION.format(rounds=rounds), *summary.lines(folded)]
    return "\n".join(parts + [f"## {name}\n\n{part}\n" for name, part in folded])


def fold(body: str) -> str:
    """The section with its command lines in blocks that open when asked to."""
    return re.sub(
        r"(?<!<summary>Commands</summary>\n\n)^(```sh\n.*?^```)$", r"<details><summary>Commands</summary>\n\n\1\n\n</details>", body,
        flags=re.MULTILINE | re.DOTALL)


def summarize(rounds: int) -> None:
    """Makes the summary anew from what is there."""
    FILE.write_text(whole(sections(FILE.read_text()), rounds))


def write(title: str, cpuinfo: Dict[str, str], body: str, rounds: int) -> None:
    text = FILE.read_text() if FILE.exists() else ""
    FILE.write_text(put(text, title, cpuinfo, body.strip("\n"), rounds))
