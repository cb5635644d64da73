"""SSIM and PSNR of the images of two folders, a and b, by scikit-image: skimage_pool.py FOLDER PROCESSES."""

import multiprocessing
import sys
from pathlib import Path

import numpy
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

LUMA = numpy.array([0.2126, 0.7152, 0.0722])


def likeness(path: Path) -> str:
    other = path.parent.parent / "b" / f"{path.stem}.jpg"
    one, two = (numpy.asarray(Image.open(file).convert("RGB"), dtype=float) for file in (path, other))
    ssim = structural_similarity(
        one @ LUMA, two @ LUMA, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    return f"{ssim:.6f} {peak_signal_noise_ratio(one, two, data_range=255):.2f} {path.name}"


if __name__ == "__main__":
    with multiprocessing.Pool(int(sys.argv[2])) as pool:
        print("\n".join(pool.imap_unordered(likeness, sorted((Path(sys.argv[1]) / "a").iterdir()))))
