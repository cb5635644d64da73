"""What all sections share: the program, its engines, and command lines as one would type them."""

import os
import shlex
from pathlib import Path
from typing import List

from . import inputs
from .measure import Contestant

LANES = os.environ.get("LANES_BINARY", ".build/release/lanes")
ROUNDS = max(5, int(os.environ.get("ROUNDS", "5")))
ENGINES = [
    ("serial", ["--mode", "serial"]),
    ("threads ×2", ["--mode", "threads", "--cores", "2"]),
    ("processes/pipe ×2", ["--mode", "processes", "--ipc", "pipe", "--cores", "2"]),
    ("processes/socket ×2", ["--mode", "processes", "--ipc", "socket", "--cores", "2"]),
    ("processes/shm ×2", ["--mode", "processes", "--ipc", "shm", "--cores", "2"]),
    ("eventloop", ["--mode", "eventloop"]),
    ("hybrid ×2", ["--mode", "hybrid", "--cores", "2"]),
]


def commands(contestants: List[Contestant]) -> List[str]:
    """The command lines as one would type them, in the top folder of the project."""
    lines = []
    for one in contestants:
        text = one.argv[2] if one.argv[:2] == ["sh", "-c"] else shlex.join(one.argv)
        for path, name in [(LANES, "lanes"), (str(inputs.CACHE), ".build-bench"), (str(Path.cwd()) + "/", "")]:
            text = text.replace(path, name)
        lines.append(text)
    return ["```sh", *lines, "```"]


def engines_without(*left_out: str):
    return [(name, flags) for name, flags in ENGINES if name not in left_out]
