"""What it costs to keep decoders apart: threads beside worker processes, with and without a sandbox."""

import shutil
from typing import List

from . import inputs
from .images import OUT, TO_JPEG, SameTrees, about, lanes
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands

LEVELS = [
    ("threads ×2", ["--mode", "threads", "--cores", "2"]),
    ("processes ×2", ["--mode", "processes", "--cores", "2", "--isolation", "process"]),
    ("processes ×2, sandboxed", ["--mode", "processes", "--cores", "2", "--isolation", "sandbox"]),
    ("as it comes", ["--cores", "2"]),
]


def compared(intro: str, contestants: List[Contestant]) -> List[str]:
    run_rounds(contestants, ROUNDS)
    shutil.rmtree(OUT, ignore_errors=True)
    return [intro, "", *table(contestants, contestants[0].name), "", *commands(contestants), ""]


def section() -> List[str]:
    photographs, small = inputs.photographs(), inputs.small_photographs()
    one = inputs.CACHE / "one-photograph"
    if not one.exists():
        one.mkdir()
        shutil.copy(photographs / "photo-001.jpg", one)
    lines = [
        "## What isolation costs", "",
        "Images are decoded in sandboxed worker processes unless another mode is asked for. Aims: at most 5 % beside threads "
        "on photographs, and 12 % on small ones, which those that take less than a millisecond miss.", "",
    ]
    for originals, words, intro in [
        (photographs, TO_JPEG, f"{about(photographs)}, all of them photographs, within 512 × 512."),
        (small, ["--resize", "100x100"], f"{about(small)} of about 30 kB to JPEG within 100 × 100."),
        (one, TO_JPEG, "One photograph of 0.9 MB within 512 × 512."),
    ]:
        trees = SameTrees()
        contestants = lanes(originals, words, LEVELS, trees)
        lines += compared(intro, contestants) + [trees.sentence(), ""]
    headers = [
        Contestant(f"lanes {name}", [LANES, "images", "info", "--json", str(small), *flags]) for name, flags in LEVELS]
    lines += compared("`images info` of the small ones: headers alone, so that starting workers and frames is most of it.", headers)
    return lines + [
        "What bounds it: starting a worker, some milliseconds of a core, about half of one for the sandbox; a frame and a copy of the result for "
        "each image; and the coordinator, which has no core of its own beside as many workers as there are cores.", "",
    ]
