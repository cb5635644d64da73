"""How close resized images come to a reference; runs in the Python of the peers, see `peers`.

Usage: quality.py ORIGINALS NAME=FOLDER…

Each folder holds the same images made smaller, as JPEG or PNG, with the same encoder settings. The reference of an image
is its full-size decode (Pillow), turned as its Exif says, laid on white, and resized with Lanczos3 in double precision:
the kernel is stretched by the scale, weights add up to 1, samples beyond the edge do not exist. Prints one line of JSON
per folder: mean and worst over all images that were made smaller, of PSNR in dB (at most 60) over all three colors and of
SSIM of the luma (Wang et al., Gaussian window, sigma 1.5), which image the worst PSNR is of, and how many were compared.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy
import scipy.sparse
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity

Image.MAX_IMAGE_PIXELS = None


def pixels(path: Path) -> numpy.ndarray:
    """Red, green and blue as doubles, 0 to 255, on white."""
    image = ImageOps.exif_transpose(Image.open(path))
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = numpy.asarray(image.convert("RGBA"), dtype=numpy.float64)
        return rgba  # premultiplied and laid on white once it is resized
    return numpy.asarray(image.convert("RGB"), dtype=numpy.float64)


def weights(count: int, wanted: int) -> scipy.sparse.csr_matrix:
    """Lanczos3 from `count` samples to `wanted`."""
    scale = count / wanted
    stretch = max(scale, 1)
    rows, columns, values = [], [], []
    for index in range(wanted):
        center = (index + 0.5) * scale
        first, last = max(0, int(center - 3 * stretch)), min(count - 1, int(center + 3 * stretch) + 1)
        at = numpy.arange(first, last + 1)
        distance = (at + 0.5 - center) / stretch
        weight = numpy.where(numpy.abs(distance) < 3, numpy.sinc(distance) * numpy.sinc(distance / 3), 0)
        rows.append(numpy.full(len(at), index))
        columns.append(at)
        values.append(weight / weight.sum())
    return scipy.sparse.csr_matrix(
        (numpy.concatenate(values), (numpy.concatenate(rows), numpy.concatenate(columns))), shape=(wanted, count))


def resized(image: numpy.ndarray, width: int, height: int) -> numpy.ndarray:
    if image.shape[2] == 4:
        image = image.copy()
        image[:, :, :3] *= image[:, :, 3:] / 255
    lanes = image.shape[2]
    narrow = weights(image.shape[0], height) @ image.reshape(image.shape[0], -1)
    turned = narrow.reshape(height, image.shape[1], lanes).transpose(1, 0, 2).reshape(image.shape[1], -1)
    done = (weights(image.shape[1], width) @ turned).reshape(width, height, lanes).transpose(1, 0, 2)
    if lanes == 4:
        done = done[:, :, :3] + (255 - done[:, :, 3:])
    return numpy.clip(done, 0, 255)


def luma(image: numpy.ndarray) -> numpy.ndarray:
    return image @ numpy.array([0.299, 0.587, 0.114])


def compare(job):
    """PSNR and SSIM of each result of one original, in the order of `paths`."""
    original, paths = job
    source = pixels(original)
    if Image.open(paths[0]).size in (Image.open(original).size, Image.open(original).size[::-1]):
        return original.name, None  # nothing was resized
    references, found = {}, []
    for path in paths:
        result = pixels(path)[:, :, :3]
        shape = result.shape
        if shape not in references:
            references[shape] = resized(source, shape[1], shape[0])
        reference = references[shape]
        error = numpy.mean((reference - result) ** 2)
        psnr = min(60.0, 10 * numpy.log10(255**2 / max(error, 1e-9)))
        found.append((psnr, structural_similarity(
            luma(reference), luma(result), gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
            data_range=255)))
    return original.name, found


def main() -> None:
    originals, folders = Path(sys.argv[1]), [word.split("=", 1) for word in sys.argv[2:]]
    jobs = []
    for original in sorted(originals.iterdir()):
        paths = [next(Path(folder).glob(original.stem + ".*"), None) for _, folder in folders]
        if all(paths):
            jobs.append((original, paths))
    with ProcessPoolExecutor(2) as pool:
        found = [one for one in pool.map(compare, jobs) if one[1]]
    for index, (name, _) in enumerate(folders):
        psnr, ssim = ([float(values[index][part]) for _, values in found] for part in (0, 1))
        print(json.dumps({
            "name": name, "psnr": round(numpy.mean(psnr), 3), "worst_psnr": round(min(psnr), 3),
            "worst_image": found[psnr.index(min(psnr))][0], "ssim": round(numpy.mean(ssim), 5),
            "worst_ssim": round(min(ssim), 5), "images": len(found),
        }))


if __name__ == "__main__":
    main()
