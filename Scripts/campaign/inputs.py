"""Inputs that move, hide, or are made to hurt: files that change while they are read, trees of everything that is no file, bombs."""

import os
import pathlib
import random
import resource
import shutil
import socket
import struct
import subprocess
import time
import zlib

from checker import Checker
import place as places
from place import ENGINES, FIXTURES, Batch, Place

MEMORY = 2_000 << 20


def moving(options, folder, report):
    """Images are cut, edited, replaced, removed and grown while a batch runs; `Scripts/moving-files` does it to large files."""
    chance, count = random.Random(options.seed), options.count or 600
    pool = places.fixtures(damaged=False)
    for turn in range(count):
        engine = options.engines[turn % len(options.engines)]
        base = folder / f"turn-{turn}"
        batch = Batch(base, chance.sample(pool, 14))
        with Place(batch) as place:
            place.start(engine)
            time.sleep(chance.random() * 0.25)
            victims = chance.sample(sorted(batch.inputs.iterdir()), 5)
            for change, path in zip((cut, edit, replace, remove, grow), victims):
                change(path, chance, pool)
            end = place.finish()
            wrong = moved(batch, place, end, base, {f"in/{path.name}" for path in victims}, engine)
            report.add("moving", engine, len(victims), wrong, f"five inputs changed under {engine}")
        shutil.rmtree(base)
    rounds = max(5, count // 100)
    done = subprocess.run([places.ROOT / "Scripts/moving-files", str(rounds), "64"], capture_output=True, text=True,
                          env=dict(os.environ, LANES_BINARY=places.PROGRAM))
    rows = [line for line in done.stdout.splitlines() if line.split()[:1] != ["change"]]
    report.add("moving", "", sum(int(line.split()[3]) for line in rows if line[:3] != "all"),
               [done.stderr] if done.returncode else [], "Scripts/moving-files")


def cut(path, chance, _):
    os.truncate(path, chance.randrange(path.stat().st_size))


def edit(path, chance, _):
    with open(path, "r+b") as file:
        file.seek(chance.randrange(path.stat().st_size))
        file.write(chance.randbytes(20))


def replace(path, chance, pool):
    other = chance.choice([one for one in pool if one.suffix == path.suffix])
    shutil.copyfile(other, path.with_name("other"))
    os.rename(path.with_name("other"), path)


def remove(path, *_):
    path.unlink()


def grow(path, chance, _):
    with open(path, "ab") as file:
        file.write(chance.randbytes(chance.choice([1, 5_000])))


def moved(batch, place, end, base, victims, engine):
    """Each result is that of the image before or after; what was left alone is the reference's; going on makes it so for all."""
    wrong = [] if end.status in (0, 1) else [f"status {end.status}: {end.errors[-300:]}"]
    wrong += Checker(batch).left_behind(place, {})
    later = Batch(base / "later", sorted(batch.inputs.iterdir()), names=[path.name for path in sorted(batch.inputs.iterdir())])
    for name, data in place.tree().items():
        if data not in (batch.tree.get(name), later.tree.get(name)):
            wrong.append(f"{name} is the result of neither")
    lines = places.states(end.output)
    # What was removed before the folder was read is no input.
    if untold := set(batch.states) - set(lines) - {name for name in victims if name not in later.states}:
        wrong.append(f"{untold} are not told of")
    wrong += [f"{name} was left alone and failed" for name in batch.states if name not in victims and lines.get(name) == "failed"]
    again = place.run(engine)
    tree = {name: data for name, data in place.tree().items() if f"in/{name}" not in victims or name in later.tree}
    if any(data != tree.get(name) for name, data in later.tree.items()):
        wrong.append(f"after going on, results are other than those of the changed images: {again.errors[-300:]}")
    if places.states(again.output) != later.states:
        wrong.append("after going on, the lines are other than those of the changed images")
    return wrong


def trees(options, folder, report):
    """Links, loops, pipes, devices and sockets are never followed or opened; names keep their bytes."""
    names = [bytes([byte]) for byte in range(1, 256) if byte not in b"/."] + [b"-o", b"--help", b"a\nb", b" ", b"\xff\xfe", b"'\"$x`", b"*"]
    image = (FIXTURES / "images/photos/nuthatch-bits.png").read_bytes()
    tree = os.fsencode(folder) + b"/in"
    for number, name in enumerate(names):
        path = tree + b"/%d/" % (number % 7) + name + b".png"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pathlib.Path(os.fsdecode(path)).write_bytes(image)
    expected = {os.fsdecode(b"%d/" % (number % 7) + name + b".png") for number, name in enumerate(names)}
    odd = folder / "in/odd"
    odd.mkdir()
    os.symlink("..", odd / "loop")
    os.symlink("itself.png", odd / "itself.png")
    os.symlink(FIXTURES / "images/photos/seeds.jpg", odd / "link.jpg")
    os.symlink("/nowhere", odd / "dangling.png")
    os.mkfifo(odd / "pipe.png")
    (odd / "folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(odd)
        listener.bind("socket.png")
        os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(odd / "zero.png", 0o666 | 0o020000, os.makedev(1, 5))
    reference = None
    for engine in options.engines:
        result = folder / f"out-{engine}"
        wrong = walk(folder, engine, result, expected)
        tree_now = places.files(result)
        reference = reference or tree_now
        if tree_now != reference:
            wrong.append(f"other results than under {options.engines[0]}")
        report.add("trees", engine, len(names) + 8, wrong, f"a tree of odd names and things under {engine}")
        report.add("trees", engine, 1, unreadable(folder, engine), f"a folder that may not be read under {engine}")


def walk(folder, engine, result, expected):
    """Converts the tree by walking it, and by a list of names that end with NUL."""
    end = subprocess.run([places.PROGRAM, "images", "convert", "in", "-o", result, "--rotate", "90", "-q", *ENGINES[engine]], cwd=folder,
                         capture_output=True, timeout=places.LONGEST)
    found = set(places.files(result))
    wrong = [] if end.returncode == 0 else [f"status {end.returncode}: {end.stderr[-300:]}"]
    wrong += [f"{name!r} is missing" for name in expected - found] + [f"{name!r} was made" for name in found - expected]
    named = b"\0".join(b"in/" + os.fsencode(name) for name in sorted(expected) if name.startswith("3/")) + b"\0"
    listed = folder / f"listed-{engine}"
    end = subprocess.run([places.PROGRAM, "images", "convert", "--files-from", "-", "-0", "-o", listed, "--rotate", "90", "-q",
                          *ENGINES[engine]], cwd=folder, input=named, capture_output=True, timeout=places.LONGEST)
    if end.returncode or len(places.files(listed)) != named.count(b"\0"):
        wrong.append(f"by a list of names: status {end.returncode}, {len(places.files(listed))} made: {end.stderr[-300:]}")
    return wrong


def unreadable(folder, engine):
    """A folder without permissions is told, and all else is done; as nobody, since root may read everything."""
    base = folder / f"locked-{engine}"
    for name in ("in/open", "in/shut"):
        (base / name).mkdir(parents=True)
        shutil.copyfile(FIXTURES / "images/photos/nuthatch-bits.png", base / name / "a.png")
    words = [places.PROGRAM, "images", "convert", "in", "-o", "out", "-q", *ENGINES[engine]]
    if os.geteuid() == 0:
        # A copy of the program, where nobody may come by it.
        shutil.copy(places.PROGRAM, folder / "program")
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", folder / "program", *words[1:]]
        for path in (folder, folder.parent, base, *base.rglob("*")):
            path.chmod(0o777)
    (base / "in/shut").chmod(0)
    end = subprocess.run(words, cwd=base, capture_output=True, text=True, timeout=places.LONGEST)
    made = list(places.files(base / "out"))
    (base / "in/shut").chmod(0o777)
    if end.returncode != 1 or made != ["open/a.png"] or "in/shut: permission denied" not in end.stderr:
        return [f"status {end.returncode}, made {made}: {end.stderr[-300:]}"]
    return []


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *chunks, rows=None, depth=1, color=0):
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    data = zlib.compress(bytes(((width * depth + 7) // 8 + 1) * height) if rows is None else rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_with(width, height, more):
    """A real progressive JPEG whose header says another size, with its scans `more` times over."""
    data = (FIXTURES / "images/photos/ridge-restarts-progressive.jpg").read_bytes()
    frame = data.index(b"\xff\xc2")
    scan = data.rindex(b"\xff\xda")
    return data[:frame + 5] + struct.pack(">HH", height, width) + data[frame + 9:scan] + data[scan:-2] * more + data[-2:]


def bomb_files():
    text = lambda size: chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size), 9))
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(100_000_000), 9))
    return {
        "pixels.png": png(30_000, 30_000), "side.png": png(1_000_000, 1, rows=b""), "header.png": png(2**31 - 1, 2**31 - 1, rows=b""),
        "deep.png": png(16_000, 16_000, rows=bytes(1000), depth=16, color=6), "unfolds.png": png(4, 4, rows=bytes(200_000_000)),
        "texts.png": png(4, 4, *[text(7_900_000)] * 500), "chunks.png": png(4, 4, *[chunk(b"tEXt", b"a\0b")] * 100_000),
        "profile.png": png(4, 4, profile), "scans.jpg": jpeg_with(200, 133, 5_000), "large-scans.jpg": jpeg_with(16_384, 16_384, 1_000),
        "pixels.jpg": jpeg_with(65_500, 65_500, 1), "segments.jpg":
            b"\xff\xd8" + (b"\xff\xe2" + struct.pack(">H", 65_533) + b"ICC_PROFILE\0\1\1" + bytes(65_517)) * 300 + b"\xff\xd9",
        "comments.jpg": b"\xff\xd8" + b"\xff\xfe\0\2" * 2_000_000 + b"\xff\xd9",
    }


def bombs(options, folder, report):
    """Each bomb stands between sound images, which must be made; the same is told of it under every engine."""
    (folder / "made").mkdir()
    for name, data in bomb_files().items():
        path = folder / "made" / name
        path.write_bytes(data)
        first = None
        for engine in options.engines:
            result = folder / "out"
            shutil.rmtree(result, ignore_errors=True)
            words = [places.PROGRAM, "images", "convert", FIXTURES / "images/photos/seeds.jpg", path,
                     FIXTURES / "images/photos/nuthatch-bits.png", "-o", result, "--resize", "64x64", "-q", "--memory", "500M",
                     "--timeout", "10s", *ENGINES[engine]]
            began, wrong = time.monotonic(), []
            try:
                end = subprocess.run(words, capture_output=True, text=True, timeout=90,
                                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
            except subprocess.TimeoutExpired:
                wrong.append("it took more than 90 s")
                places.end_all()
            else:
                told = (end.returncode, end.stderr, sorted(places.files(result)))
                first = first or told
                if end.returncode not in (0, 1) or len(told[2]) < 2:
                    wrong.append(f"status {told[0]}, made {told[2]}: {told[1][-300:]}")
                if told != first:
                    wrong.append(f"told otherwise than under {options.engines[0]}: {told}, {first}"[:500])
                if time.monotonic() - began > 30:
                    wrong.append(f"it took {time.monotonic() - began:.0f} s")
            wrong += [f"process {pid} is left: {command}" for pid, command in places.reap()]
            report.add("bombs", engine, 1, wrong, f"{name} under {engine}")
