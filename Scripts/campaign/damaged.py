"""Every damaged image to be had, under every engine: states, reasons and bytes must be the same, and nobody may die or hang.

Damaged images are those of Fixtures, mutants of sound ones (always the same for one seed), and, where `Scripts/corpus` has
fetched them, all images in the source packages of image programs, which hold the files that once broke these.
"""

import json
import pathlib
import random

from checker import Checker
import place as places
from place import FIXTURES, ROOT, Batch, Place

CORPUS = ROOT / ".build-bench/corpus/images"
AT_A_TIME = 250
OPTIONS = [["--resize", "48x48", "--to", "jpeg"], ["--salvage", "--rotate", "90"], ["--to", "png", "--salvage"], ["--to", "jpeg"],
           ["--resize", "64x64", "--salvage", "--to", "jpeg"], []]


def mutant(data, chance):
    """`data` cut off, with other bytes, bits, or a piece that is gone, doubled, zero or from elsewhere in the file."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        start = chance.randrange(len(data))
        length = min(len(data) - start, chance.choice([1, 2, 4, 16, 64, 1000]))
        match chance.randrange(8):
            case 0: del data[max(start, 8):]
            case 1: data[start] = chance.randrange(256)
            case 2: data[start] ^= 1 << chance.randrange(8)
            case 3: data[start:start + length] = bytes(length)
            case 4: data[start:start + length] = b"\xff" * length
            case 5: del data[start:start + length]
            case 6: data[start:start] = data[start:start + length]
            case 7:
                other = chance.randrange(len(data))
                data[start:start + length] = data[other:other + length]
        if len(data) < 16:
            break
    return bytes(data)


def mutants(folder, count, chance):
    folder.mkdir()
    sources = [path for path in places.fixtures() if path.stat().st_size]
    for number in range(count):
        path = chance.choice(sources)
        (folder / f"{number:05}-{path.stem}{path.suffix}").write_bytes(mutant(path.read_bytes(), chance))
    return sorted(folder.iterdir())


def told(output):
    """Everything that was printed of each input, but times."""
    found = {}
    for line in output.splitlines():
        value = json.loads(line)
        value.pop("seconds", None)
        value["output"] = value.get("output", "").partition("/out/")[2]
        found[value["input"]] = value
    return found


def compare(batch, engines, report):
    """Converts a batch under every engine; all must tell and make what the serial one does."""
    first = None
    for engine in engines:
        with Place(batch) as place:
            end = place.run(engine, longest=600)
            what = f"{len(batch.states)} images {' '.join(batch.options)} under {engine}"
            wrong = Checker(batch).after(place, end, (batch.status,))
            now = told(end.output)
            wrong += [f"{name} {value['kind']}: {value['cause']}" for name, value in now.items()
                      if value["outcome"] == "failed" and value["kind"] not in ("rejected", "input")]
            if place.tree() != batch.tree:
                wrong.append("other results than the serial engine's")
            first = first or now
            wrong += [f"{name} is told otherwise than under {engines[0]}: {now.get(name)}, {first[name]}"
                      for name in first if now.get(name) != first[name]]
            report.add("damaged", engine, len(batch.states), wrong, what)


def damaged(options, folder, report):
    chance = random.Random(options.seed)
    inputs = places.fixtures() + mutants(folder / "mutants", options.count or 6_000, chance)
    if CORPUS.is_dir() and not options.is_short:
        inputs += sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.stat().st_size < 4_000_000)
    elif not options.is_short:
        report.skip("damaged", "the images of other programs: Scripts/corpus fetches them")
    chance.shuffle(inputs)
    for number, start in enumerate(range(0, len(inputs), AT_A_TIME)):
        more = OPTIONS[number % len(OPTIONS)]
        batch = Batch(folder / f"batch-{number}", inputs[start:start + AT_A_TIME],
                      [*more, "--quiet", "--max-pixels", "2e7", "--timeout", "5m"])
        compare(batch, options.engines, report)
