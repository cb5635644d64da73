"""Colors and likeness of images: each section returns the lines of its part of BENCHMARKS.md."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import List

from . import inputs
from .images import PYTHON_TOOLS, THREADS, SameTrees, about, lanes, many, measured, shell
from .measure import Contestant, run_rounds, table
from .shared import LANES, ROUNDS, commands


def bands(path: Path) -> int:
    """How many channels an image has, opacity included."""
    return int(subprocess.run(["vipsheader", "-f", "bands", path], check=True, capture_output=True, text=True).stdout)


def wide_photographs() -> Path:
    """Forty photographs as PNG and JPEG that say Display P3, and as CMYK JPEGs of a printing process, of at most 1600 pixels. Gray
    ones are left out: libpng takes no profile of colors for them."""
    folder = inputs.CACHE / "wide"
    if not folder.exists():
        colored = [path for path in sorted(inputs.photographs().iterdir()) if bands(path) == 3][:40]
        profiles = Path(__file__).resolve().parents[2] / "Fixtures" / "profiles"
        making = inputs.CACHE / "wide.part"
        shutil.rmtree(making, ignore_errors=True)
        for kind, suffix in [("rgb", "jpg"), ("png", "png"), ("cmyk", "jpg")]:
            (making / kind).mkdir(parents=True)
            profile = profiles / ("inks.icc" if kind == "cmyk" else "wide-parametric.icc")
            for path in colored:
                result = making / kind / f"{path.stem}.{suffix}"
                subprocess.run(["vipsthumbnail", path, "--size", "1600x1600>", "-o", f"{result}.v"], check=True)
                change = (
                    ["icc_export", f"{result}.v", f"{result}[Q=90]", "--output-profile", profile, "--intent", "perceptual"] if kind == "cmyk"
                    else ["copy", f"{result}.v", f"{result}[profile={profile}]"])
                subprocess.run(["vips", *change], check=True)
                Path(f"{result}.v").unlink()
        making.rename(folder)
    return folder


def color() -> List[str]:
    lines = ["## Colors to sRGB", ""]
    for kind, suffix, intro in [
        ("rgb", "jpg", "JPEGs of Display P3, by curves and a matrix"), ("png", "png", "the same as PNG"),
        ("cmyk", "jpg", "CMYK JPEGs with a profile of tables"),
    ]:
        originals, trees = wide_photographs() / kind, SameTrees()
        options = "[Q=85]" if suffix == "jpg" else ""
        transform = "vips icc_transform {} " + f"'OUT/{{}}{options}' srgb --embedded --intent relative --black-point-compensation"
        contestants = lanes(originals, ["--profile", "srgb"], THREADS, trees) + [
            shell(
                "vips icc_transform, xargs -P2", originals,
                f"ls | VIPS_CONCURRENCY=1 xargs -P 2 -I {{}} {transform}"),
            many(
                "vipsthumbnail --export-profile, xargs -P2", originals, "VIPS_CONCURRENCY=1",
                f"vipsthumbnail --size '100000>' --export-profile srgb -o 'OUT/%s.{suffix}{options}'"),
        ]
        lines += measured(f"{intro[0].upper()}{intro[1:]}: {about(originals)}.", contestants, trees)
    return lines


def likeness() -> List[str]:
    """Two trees: the photographs within 1600 pixels, and the same as JPEGs of quality 50."""
    folder = inputs.CACHE / "alike"
    if not folder.exists():
        for name, words in [("a", ["--to", "png"]), ("b", ["--to", "jpeg", "--quality", "50"])]:
            subprocess.run(
                [LANES, "images", "convert", inputs.photographs(), "-o", folder / name, "--resize", "1600x1600", *words],
                check=True)
    each = f"cd {shlex.quote(str(folder))} && ls a | sed 's/.png$//' |"
    contestants = [
        Contestant(f"lanes {name}", [LANES, "images", "compare", str(folder / "a"), str(folder / "b"), *flags])
        for name, flags in [*THREADS, ("serial", ["--mode", "serial"])]
    ] + [
        Contestant(
            "gm compare PSNR, xargs -P2",
            ["sh", "-c", f"{each} OMP_NUM_THREADS=1 xargs -P 2 -I {{}} gm compare -metric PSNR a/{{}}.png b/{{}}.jpg"]),
        Contestant(
            "compare PSNR, xargs -P2",
            ["sh", "-c", f"{each} MAGICK_THREAD_LIMIT=1 xargs -P 2 -I {{}} sh -c 'compare -metric PSNR a/{{}}.png b/{{}}.jpg null: || test $? = 1'"]),
        Contestant(
            "scikit-image, 2 processes", [str(inputs.peers()), str(PYTHON_TOOLS / "skimage_pool.py"), str(folder), "2"]),
    ]
    run_rounds(contestants, ROUNDS)
    return [
        "## How alike images are", "",
        f"{about(folder / 'a')} within 1600 × 1600 and the same as JPEGs of quality 50. lanes and scikit-image measure SSIM and PSNR; the "
        "others PSNR alone, since ImageMagick 6 has no SSIM.", "", *table(contestants, contestants[0].name), "", *commands(contestants), "",
    ]


SECTIONS = {"color": color, "likeness": likeness}
