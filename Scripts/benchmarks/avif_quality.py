"""How close encoded images come to originals of the same size; runs in the Python of the peers, see `peers`.

Usage: avif_quality.py ORIGINALS NAME=FOLDER…

Prints one line of JSON per folder: the mean of PSNR in dB over all three colors and of SSIM of the luma (Wang et al.,
Gaussian window, sigma 1.5). Pillow decodes.
"""

import json
import sys
from pathlib import Path

import numpy
from PIL import Image
from skimage.metrics import structural_similarity


def pixels(path: Path) -> numpy.ndarray:
    return numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float64)


def luma(image: numpy.ndarray) -> numpy.ndarray:
    return image @ numpy.array([0.299, 0.587, 0.114])


def main() -> None:
    originals = sorted(Path(sys.argv[1]).iterdir())
    for word in sys.argv[2:]:
        name, _, folder = word.partition("=")
        psnr, ssim = [], []
        for original in originals:
            one, other = pixels(original), pixels(next(Path(folder).glob(original.stem + ".*")))
            psnr.append(10 * numpy.log10(255**2 / max(numpy.mean((one - other) ** 2), 1e-9)))
            ssim.append(structural_similarity(
                luma(one), luma(other), data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False))
        print(json.dumps({"name": name, "psnr": float(numpy.mean(psnr)), "ssim": float(numpy.mean(ssim))}))


main()
