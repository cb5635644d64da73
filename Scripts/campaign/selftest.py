"""Plants every kind of violation behind a run and sees the checker find it: one that cannot fail proves nothing."""

import os
import subprocess
import fcntl

from checker import Checker
import place as places
from place import Batch, Place


def first(place, suffix=".jpg"):
    return sorted(path for path in place.output.iterdir() if path.suffix == suffix)[0]


def flip(place, _):
    path = first(place)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(place, _):
    os.truncate(first(place), 10)


def empty(place, _):
    os.truncate(first(place), 0)


def orphan(place, _):
    # Its parent ends at once, as a coordinator does that leaves a worker behind.
    subprocess.run(["sh", "-c", "sleep 600 & exit 0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def leak(place, _):
    place.leaked = os.open("/dev/null", os.O_RDONLY)


def unblock(place, _):
    flags = fcntl.fcntl(1, fcntl.F_GETFL)
    fcntl.fcntl(1, fcntl.F_SETFL, flags ^ os.O_NONBLOCK)
    place.flags = flags


def twice(place, end):
    line = end.output.split(b"\n")[0]
    end.output += line + b"\n"


def unsay(place, end):
    end.output = end.output.split(b"\n", 1)[1]


def contradict(place, end):
    end.output = end.output.replace(b'"outcome":"done"', b'"outcome":"failed"', 1)


def break_journal(place, _):
    data = bytearray(place.journal.read_bytes())
    data[60] ^= 1
    place.journal.write_bytes(data)


# What is planted, and words of the sentence that it must lead to.
PLANTS = {
    "a flipped byte": (flip, "neither the reference's"),
    "a file cut short": (cut, "neither the reference's"),
    "an empty file": (empty, "(0 bytes) is neither"),
    "a missing result": (lambda place, _: first(place).unlink(), "its output is not there"),
    "a foreign file": (lambda place, _: (place.output / "x.jpg").write_bytes(b"x"), "none of the results"),
    "a temporary file among results": (lambda place, _: (place.output / ".lanes-1.part").write_bytes(b""), "none of the results"),
    "a temporary file elsewhere": (lambda place, _: (place.temporary / "x").write_bytes(b""), "temporary file x"),
    "a file beside the results": (lambda place, _: (place.folder / "core").write_bytes(b""), "core is left beside"),
    "a process": (orphan, "process"),
    "a descriptor": (leak, "descriptors are open"),
    "a flag of a stream": (unblock, "standard streams have changed"),
    "two lines for one input": (twice, "has two lines"),
    "a line that is missing": (unsay, "inputs have a line"),
    "a line that contradicts the run file": (contradict, "the line and the run file differ"),
    "a damaged run file": (break_journal, "is damaged"),
    "a missing run file": (lambda place, _: place.journal.unlink(), "inputs have a record"),
    "another status": (lambda _, end: setattr(end, "status", 0), "status 0"),
    "a crash": (lambda _, end: setattr(end, "status", -11), "status -11"),
    "a hang": (lambda _, end: setattr(end, "status", None), "it hung"),
    "an end without a word": (lambda _, end: (setattr(end, "status", 74), setattr(end, "errors", "")), "without a word"),
}


def selftest(options, folder, report):
    batch = Batch(folder / "batch", places.fixtures(6))
    for what, (plant, words) in {"nothing": (lambda *_: None, None), **PLANTS}.items():
        with Place(batch) as place:
            checker = Checker(batch)
            end = place.run("serial")
            plant(place, end)
            found = after(checker, place, end)
            if hasattr(place, "leaked"):
                os.close(place.leaked)
            if hasattr(place, "flags"):
                fcntl.fcntl(1, fcntl.F_SETFL, place.flags)
            is_right = not found if words is None else any(words in sentence for sentence in found)
            report.add("selftest", "", 1, [] if is_right else [f"the checker says {found}"], f"planted: {what}")
    with Place(batch) as place:
        place.run("serial")
        flip(place, None)
        found = Checker(batch).resumed(place, "threads")
        is_right = any("differ" in sentence for sentence in found) and any("verify" in sentence for sentence in found)
        report.add("selftest", "", 1, [] if is_right else [f"the checker says {found}"], "planted: a flipped byte, gone on with")


def after(checker, place, end):
    reap, places.reap = places.reap, lambda: reap(0.2)
    try:
        return checker.after(place, end, (1,))
    finally:
        places.reap = reap
