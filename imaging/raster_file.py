"""Reads PNG, JPEG, TIFF and BMP files; their pixels are decoded in the supervised child."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.errors import DamagedImageError
from core.image import Image, ImageRef
from imaging import decode, limits
from imaging.source import read_source
from imaging.stored_range import stored_range

_MOST_PAGES = 100_000


def read_raster_image(path: Path, shown_path: str, page: int) -> Image:
    """Return page ``page`` of a raster file, upright.

    A picture stored as colour that holds only grey comes as grey.

    Raises:
        ImagingError: it cannot be read; the class says why.
    """
    content = read_source(path, limits.image_budget_bytes())
    pixels, facts = decode.decode("raster", content, page=page, most_samples=limits.most_samples())
    limits.require_size(pixels.size)
    orientation = int(facts.get("orientation", 1))
    orientation = orientation if 1 <= orientation <= 8 else 1
    upright: dict[str, Any] = {
        "notes": ("turned-upright",) if orientation > 1 else (),
        "exif_orientation": orientation,
    }
    ref = ImageRef(file=shown_path, frame=page)
    if (
        pixels.ndim == 3
        and (pixels[..., 0] == pixels[..., 1]).all()
        and (pixels[..., 1] == pixels[..., 2]).all()
    ):
        pixels = pixels[..., 0]
    if pixels.ndim == 3:
        colour = np.ascontiguousarray(pixels)
        colour.setflags(write=False)
        return Image(ref=ref, values=colour, **upright)
    if pixels.ndim != 2:
        raise DamagedImageError("not two-dimensional")
    bits = pixels.dtype.itemsize * 8
    value_range = stored_range(pixels, bits)
    values = np.nan_to_num(pixels.astype(np.float32), posinf=value_range[1], neginf=value_range[0])
    values.setflags(write=False)
    return Image(ref=ref, values=values, value_range=value_range, bits_stored=bits, **upright)


def count_tiff_pages(stream: BinaryIO) -> int:
    """Return the pages of a TIFF file by walking its directories; at least 1.

    Source: TIFF 6.0 section 2; BigTIFF.
    """
    stream.seek(0)
    head = stream.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = len(head) == 16 and struct.unpack_from(order + "H", head, 2)[0] == 43
    link = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    seen: set[int] = set()
    while link and link not in seen and len(seen) < _MOST_PAGES:
        following = _next_directory(stream, link, order, big=big)
        seen.add(link)
        if following is None:
            break
        link = following
    return max(1, len(seen))


def _next_directory(stream: BinaryIO, at: int, order: str, *, big: bool) -> int | None:
    count_format, entry_bytes, link_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    count_bytes, link_bytes = struct.calcsize(order + count_format), struct.calcsize(order + link_format)
    try:
        stream.seek(at)
        (entries,) = struct.unpack(order + count_format, stream.read(count_bytes))
        stream.seek(at + count_bytes + entries * entry_bytes)
        return int(struct.unpack(order + link_format, stream.read(link_bytes))[0])
    except (struct.error, OverflowError, ValueError):
        return None
