"""The table at the top of BENCHMARKS.md: for each case and peer how many times as fast lanes is, read from the sections' own tables."""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}


@dataclass
class Case:
    """A pair of measurements in a section.

    `paragraph` is a part of the text that stands ahead of the table. A row is found by its first
    cell; times are in the column `wall`, unless `column` names one that holds the ratio itself. `version` finds the peer's
    version where the section tells it. `limit` says that the other row is what cannot be passed, such as plain reading.
    """

    name: str
    section: str
    paragraph: str
    own: str
    peer: str
    goal: float
    column: Optional[int] = None
    version: str = ""
    limit: bool = False


VIPS = r"vips-([0-9.]+)"
CURRENT_VIPS = r"(?:libvips|pyvips-binary) ([0-9.]+)"
PRIMESIEVE = r"primesieve ([0-9.]+)"
RIPGREP = r"ripgrep ([0-9.]+)"
ALL, SEQUENTIAL, PROGRESSIVE = "All JPEG photographs", "Those that are coded sequentially", "Those that are progressive"
TWO = "lanes threads ×2"
CASES = [
    Case("JPEG to 512 × 512", "JPEG to small JPEG", ALL, TWO, "current libvips, 2 processes", 4.0, version=CURRENT_VIPS),
    Case("sequential JPEG to 512 × 512", "JPEG to small JPEG", SEQUENTIAL, TWO, "current libvips, 2 processes", 2.2, version=CURRENT_VIPS),
    Case("progressive JPEG to 512 × 512", "JPEG to small JPEG", PROGRESSIVE, TWO, "current libvips, 2 processes", 4.0, version=CURRENT_VIPS),
    Case("JPEG to 512 × 512", "JPEG to small JPEG", ALL, TWO, "vipsthumbnail, xargs -P2", 2.5, version=VIPS),
    Case("JPEG encoded anew, full size", "JPEG to small JPEG", "Encoded anew", TWO, "djpeg to cjpeg, xargs -P2", 1.0),
    Case("JPEG, codes fitted, no loss", "JPEG to small JPEG", "Coded anew without loss, `--optimize", TWO, "jpegtran -optimize, xargs -P2", 1.0),
    Case("JPEG, made progressive, no loss", "JPEG to small JPEG", "Coded anew without loss, `--progressive", TWO, "jpegtran -progressive, xargs -P2", 1.0),
    Case("PNG to 512 × 512", "PNG", "46 files (82 MB) to PNG", TWO, "current libvips, 2 processes", 1.5, version=CURRENT_VIPS),
    Case("PNG to 512 × 512", "PNG", "46 files (82 MB) to PNG", TWO, "vipsthumbnail, xargs -P2", 2.5, version=VIPS),
    Case("PNG to JPEG, full size", "PNG", "46 files (82 MB) to JPEG", TWO, "vips copy, xargs -P2", 2.0, version=VIPS),
    Case("PNG to JPEG, full size", "PNG", "46 files (82 MB) to JPEG", TWO, "gm convert to cjpeg, xargs -P2", 1.0),
    Case("PNG made as small as oxipng does", "PNG", "made smaller, pixel for pixel", f"{TWO}, level 12", "oxipng -o 2, 2 processes", 1.0,
         version=r"pyoxipng ([0-9.]+)"),
    Case("400 small JPEGs to 100 × 100", "Small files", "400 files", TWO, "gm batch", 2.5, version=r"GraphicsMagick ([0-9.]+)"),
    *[
        Case(f"primes {name}, {'one core' if column == 3 else 'two cores'}{alone}", section, "Counts.", name, "primesieve", goal,
             column=column, version=PRIMESIEVE)
        for section, alone, goal in [("Primes", "", 1.2), ("Primes with AVX2 alone", ", AVX2", 1.0)]
        for name in ["[0, 1e9]", "[0, 1e10]", "[0, 1e11]", "[1e12, +1e10]", "[1e15, +1e9]", "[1e18, +1e9]", "[2^64-1e9, 2^64-1]"]
        for column in (3, 6)
    ],
    *[
        Case(f"π(10^{power}), combinatorial", "Primes", "Combinatorial:", f"π(1e{power})", "primecount", 0.5, column=3, version=r"primecount ([0-9.]+)")
        for power in (12, 13, 14, 15)
    ],
    Case("list of primes to a pipe", "Primes", "Lists:", "lanes ×2", "primesieve -p", 3.0, version=PRIMESIEVE),
    Case("lines, words, bytes of 2 GB", "A large file", "Lines, words", TWO, "wc", 10.0, version=r"coreutils\) ([0-9.]+)"),
    Case("lines of 2 GB", "A large file", "Lines, words", "lanes -l threads ×2", "wc -l", 1.0, version=r"coreutils\) ([0-9.]+)"),
    Case("a rare word in 2 GB", "Searching", "Lines with a rare word", TWO, "rg", 1.5, version=RIPGREP),
    Case("a word in every two-thousandth line", "Searching", "Lines with a word that one in two thousand", TWO, "rg", 1.5, version=RIPGREP),
    Case("a word in 2 GB, either case", "Searching", "Lines with a word in either case", TWO, "rg", 1.0, version=RIPGREP),
    Case("any of five words in 2 GB", "Searching", "Lines with any of five words", TWO, "rg", 1.0, version=RIPGREP),
    Case("any of three words, either case", "Searching", "Lines with any of three words", TWO, "rg", 1.0, version=RIPGREP),
    Case("an expression in 2 GB", "Searching", "Lines with an expression", TWO, "rg", 1.5, version=RIPGREP),
    Case("a word in 20,000 small files", "Searching", "20,000 files", TWO, "rg", 1.0, version=RIPGREP),
    Case("XXH3 of 2 GB", "Hashing", "A text of", "lanes xxh3 threads ×2", "xxhsum -H3", 1.0, version=r"xxhsum ([0-9.]+)"),
    Case("SHA-256 of 2 GB", "Hashing", "A text of", "lanes sha256 threads ×2", "openssl dgst -sha256", 1.0, version=r"OpenSSL ([0-9.]+)"),
    Case("statistics by a key, 50,000,000 lines", "Statistics by a key", "Count, sum", TWO, "polars ×2", 5.0, version=r"polars ([0-9.]+)"),
    Case("statistics by a key, 50,000,000 lines", "Statistics by a key", "Count, sum", TWO, "duckdb ×2", 5.0, version=r"duckdb ([0-9.]+)"),
    Case("statistics by a key, 50,000,000 lines", "Statistics by a key", "Count, sum", TWO, "1brc in C ×2", 0.77, limit=True),
    *[
        Case(f"{name}, {state.lower()}", "The page cache", state, f"lanes {own} ×2", peer, goal, limit=peer == "two dd")
        for state in ["Just written", "Read from the disk"]
        for name, own, peer, goal in [
            ("lines of 2 GB", "count -l", "wc -l", 1.0), ("lines, words, bytes", "count", "two dd", 0.9),
            ("a rare word", "search", "rg", 1.5), ("XXH3", "hash -a xxh3", "xxhsum -H3", 1.0),
            ("SHA-256", "hash -a sha256", "openssl dgst -sha256", 1.0), ("histogram", "histogram", "two dd", 0.8),
        ]
    ],
    Case("SHA-256 of 20,000 files", "Hashing", "SHA-256 of", "lanes sha256 threads ×2", "sha256sum, xargs -P2", 1.0),
    Case("20,000 cold files, event loop", "One loop for all lanes", "dropped from the page cache", "eventloop", "threads ×64", 0.91),
    Case("most frequent words of 200 MB", "Most frequent words", "The ten most", TWO, "mawk", 10.0),
    Case("lines of a file of gzip", "Compressed files", "gz:", "lanes count", "pigz -dc, wc -l", 1.0),
    Case("lines of many members of gzip", "Compressed files", "members.gz:", "lanes count", "pigz -dc, wc -l", 1.5),
    Case("lines of BGZF", "Compressed files", "bgzf.gz:", "lanes count", "bgzip -@2 -dc, wc -l", 1.0),
    Case("lines of a file of zstd", "Compressed files", "zst:", "lanes count", "zstd -q -dc, wc -l", 1.0),
    Case("a word in a file of gzip", "Compressed files", "gz:", "lanes search", "rg -z", 1.0, version=RIPGREP),
    Case("a word in a file of zstd", "Compressed files", "zst:", "lanes search", "zstd -q -dc, rg", 1.0, version=RIPGREP),
    Case("a word in four files of gzip", "Compressed files", "Four files", "lanes search", "rg -z", 1.0, version=RIPGREP),
    Case("histogram of 2 GB", "Histogram of bytes", "How often", TWO, "lanes files count -l ×2", 0.8, limit=True),
    Case("JPEG to WebP", "WebP", "JPEG to WebP", TWO, "cwebp, xargs -P2", 1.0),
    Case("JPEG to WebP", "WebP", "JPEG to WebP", TWO, "current libvips, 2 processes", 1.0, version=CURRENT_VIPS),
    Case("WebP to JPEG within 512 × 512", "WebP", "WebP to JPEG", TWO, "current libvips, 2 processes", 1.0, version=CURRENT_VIPS),
    Case("PNG to AVIF", "AVIF", "to AVIF", TWO, "avifenc -j1, xargs -P2", 1.0),
    Case("PNG to AVIF", "AVIF", "to AVIF", TWO, "current libvips, 2 processes", 1.0, version=CURRENT_VIPS),
    Case("AVIF to JPEG within 512 × 512", "AVIF", "back to JPEG", TWO, "current libvips, 2 processes", 1.0, version=CURRENT_VIPS),
    Case("three sizes as JPEG and WebP", "Sizes and formats", "from one decoding", TWO, "current libvips, 2 processes", 1.0, version=CURRENT_VIPS),
    Case("JPEGs made to fit 200 KiB", "Files of limited size", "each to at most", TWO, "caesiumclt --max-size", 1.0, version=r"caesium-clt ([0-9.]+)"),
    Case("JPEGs made to fit 200 KiB", "Files of limited size", "each to at most", TWO, "jpegoptim -S, xargs -P2", 1.0),
    *[
        Case(f"Display P3 or inks to sRGB: {name}", "Colors to sRGB", paragraph, TWO, "vipsthumbnail --export-profile, xargs -P2", 1.0, version=VIPS)
        for name, paragraph in [("JPEG", "JPEGs of Display P3"), ("PNG", "The same as PNG"), ("CMYK JPEG", "CMYK JPEGs")]
    ],
    Case("SSIM and PSNR of pairs; the peer PSNR alone", "How alike images are", "the same as JPEGs", TWO, "gm compare PSNR, xargs -P2", 1.0,
         version=r"GraphicsMagick ([0-9.]+)"),
    *[
        Case(name, "Percentiles, quotation marks, JSON lines", paragraph, "lanes ×2", f"{peer} ×2", 1.0, version=rf"{peer} ([0-9.]+)")
        for name, paragraph in [
            ("percentiles by a key", "### Percentiles"), ("sums of CSV with quoted newlines", "### Quotation marks and newlines"),
            ("sums of JSON lines", "### JSON lines")]
        for peer in ("polars", "duckdb")
    ],
    *[
        Case(f"search: {name}", "What searches print", f"### {name}", TWO, "rg", 1.0, version=RIPGREP)
        for name in ["only matches", "whole words", "two lines around", "places in bytes", "columns", "replaced"]
    ],
]


def tables(body: str) -> List[Tuple[str, List[List[str]]]]:
    """Each table of a section, its heading row first, with the paragraph ahead of it."""
    found, paragraph, rows = [], "", []
    for line in [*body.splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip().strip("*") for cell in line.strip().strip("|").split("|")]
            if not re.fullmatch(r"[-: ]+", "".join(cells)):
                rows.append(cells)
        elif rows:
            found.append((paragraph, rows))
            rows = []
        elif line.strip():
            paragraph = line
    return found


def time_of(cell: str) -> Optional[float]:
    """Seconds of "855.6 ms" or "1.04 s ±0.6 %"."""
    match = re.match(r"([0-9.,]+) (s|ms|µs)\b", cell)
    return float(match[1].replace(",", "")) * UNITS[match[2]] if match else None


def ratio(case: Case, body: str) -> Optional[float]:
    """How many times as fast lanes is; None where the section does not have this case."""
    for paragraph, rows in tables(body):
        if case.paragraph not in paragraph:
            continue
        # A peer's version may stand in its name.
        named = {re.sub(r" \([^()]*\)", "", row[0]): row for row in rows[1:]}
        if case.own not in named:
            return None
        own = named[case.own]
        if case.column is not None:
            return float(own[case.column]) if re.fullmatch(r"[0-9.]+", own[case.column]) else None
        peer = named.get(case.peer)
        times = (time_of(own[1]), time_of(peer[1]) if peer else None)
        return times[1] / times[0] if all(times) else None
    return None


def cell(case: Case, body: Optional[str]) -> str:
    if body is None or (value := ratio(case, body)) is None:
        return "–"
    # The run's own note comes last; text ahead of it may tell of other runs.
    match = list(re.finditer(case.version, body))[-1:] if case.version else []
    lead = f"**{value:.2f}**" if value >= case.goal else f"{value:.2f}, missed" if value >= 1 or case.limit else f"{value:.2f}, lost"
    return lead + (f" ({match[0][1].rstrip('.')})" if match else "")


def lines(sections: List[Tuple[str, str]]) -> List[str]:
    """The summary of all sections: a column for each kind of processor."""
    bodies: Dict[Tuple[str, str], str] = {}
    for heading, body in sections:
        title, _, processor = heading.rpartition(", ")
        bodies[title, processor] = body
    processors = sorted({processor for _, processor in bodies}, reverse=True)
    rows = []
    for case in CASES:
        cells = [cell(case, bodies.get((case.section, processor))) for processor in processors]
        if set(cells) == {"–"}:
            continue
        goal = f"{case.goal:g}" + (" of the limit" if case.limit else "")
        rows.append(f"| {case.name} | {case.peer} | {goal} | {' | '.join(cells)} |")
    return [
        "How many times as fast as its peer lanes is, on two cores unless told otherwise: bold where the goal is met, *missed* "
        "where lanes leads by less than that, *lost* where the peer is quicker. Behind it in brackets is the peer's version where "
        "the run noted it; `–` was not measured. What bounds a case stands in its section.", "",
        f"| case | peer | goal | {' | '.join(processors)} |", "| --- | --- | ---: |" + " ---: |" * len(processors), *rows, "",
    ]
