"""Decodes PNG, JPEG, TIFF and BMP; runs in the decoder process only."""

import warnings
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from imaging.claims import require_claim

_PHOTOMETRIC = 0x0106
_LARGEST_OF_16 = np.uint16(0xFFFF)
_SAMPLES_OF_MODE = {"P": 3, "PA": 4}
"""Samples of a pixel that is stored as the number of a colour."""


def decode_raster(
    stream: BinaryIO, page: int, parameters: dict[str, Any]
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return (row, column) or (row, column, 3) pixels, upright after EXIF, transparent parts on black."""
    Image.MAX_IMAGE_PIXELS = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(stream, formats=("PNG", "JPEG", "TIFF", "BMP")) as image:
            image.seek(page)
            columns, rows = image.size
            require_claim(rows, columns, _SAMPLES_OF_MODE.get(image.mode, len(image.getbands())), parameters)
            image.load()
            negative = image.format == "TIFF" and image.mode == "I;16" and _white_is_zero(image)
            upright = ImageOps.exif_transpose(image)
            facts = {"orientation": int(image.getexif().get(0x0112, 1) or 1)}
            pixels = _pixels(upright)
            return (_LARGEST_OF_16 - pixels if negative else pixels), facts


def _white_is_zero(image: Any) -> bool:
    """Whether a TIFF stores dark as large numbers: Pillow turns pictures of 8 bits over, those of 16 not."""
    return bool(image.tag_v2.get(_PHOTOMETRIC) == 0)


def _pixels(image: Any) -> NDArray[Any]:
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("L", "I", "F") or image.mode.startswith("I;16"):
        return np.asarray(image)
    if image.mode in ("LA", "La"):
        return _on_black(np.asarray(image.convert("LA")))
    if image.mode in ("RGBA", "RGBa", "PA") or "transparency" in image.info:
        return _on_black(np.asarray(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))


def _on_black(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay colour (row, column, channel + alpha) on black."""
    alpha = pixels[..., -1:].astype(np.uint16)
    shown = (pixels[..., :-1] * alpha + 127) // 255
    shown = shown.astype(np.uint8)
    return shown[..., 0] if shown.shape[-1] == 1 else shown
