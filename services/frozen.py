"""What a signed report says, frozen at signing, so that a copy can be set later and nothing is decided again.

The report itself is set from what was thawed, so that a copy is made of the very same words and pictures.
A zip file: ``report.json`` with every sentence, and the pictures as ``<number>.jpg``, as fine as paper shows.
"""

import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import StoreDamagedError
from services.record_json import from_plain, to_plain

if TYPE_CHECKING:
    from reports.records import Picture, ReportContent

_SCHEMA = "farlight-report/1"
_WORDS = "report.json"
_LONGEST_SIDE = 1000
_JPEG_QUALITY = 95
_DATE = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes


def freeze(content: "ReportContent") -> bytes:
    """Return all that a report says as one file."""
    from reports.records import Picture

    pictures: dict[int, Picture] = {}

    def plain_picture(picture: Picture) -> dict[str, Any]:
        pictures[id(picture)] = picture
        return {
            "number": list(pictures).index(id(picture)),
            "pixel_aspect": _kept_aspect(picture),
        }

    words = {"schema": _SCHEMA, "content": to_plain(content, {Picture: plain_picture})}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        text = json.dumps(words, ensure_ascii=False, sort_keys=True).encode("utf-8")
        archive.writestr(zipfile.ZipInfo(_WORDS, _DATE), text, zipfile.ZIP_DEFLATED)
        for number, picture in enumerate(pictures.values()):
            archive.writestr(zipfile.ZipInfo(f"{number}.jpg", _DATE), _jpeg(picture))
    return stream.getvalue()


def thaw(frozen: bytes) -> "ReportContent":
    """Return what ``freeze`` wrote.

    Raises:
        StoreDamagedError: it is not what ``freeze`` writes.
    """
    from reports.records import Picture, ReportContent

    try:
        with zipfile.ZipFile(io.BytesIO(frozen)) as archive:
            words = json.loads(archive.read(_WORDS))
            names = [name for name in archive.namelist() if name != _WORDS]
            pixels = [_pixels(archive.read(name)) for name in names]
        known: dict[int, Picture] = {}

        def picture(plain: Any) -> Picture:
            number = plain["number"]
            if number not in known:
                known[number] = Picture(pixels=pixels[number], pixel_aspect=plain["pixel_aspect"])
            return known[number]

        return from_plain(ReportContent, words["content"], {Picture: picture})
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreDamagedError(type(error).__name__) from error


def _kept_aspect(picture: "Picture") -> float:
    """Return the height of a pixel over its width after the picture was made smaller."""
    rows, columns = picture.pixels.shape[:2]
    width, height = _size(rows, columns)
    return float(picture.pixel_aspect * rows / height * width / columns)


def _size(rows: int, columns: int) -> tuple[int, int]:
    """Return the width and height that are kept."""
    factor = min(1.0, _LONGEST_SIDE / max(rows, columns))
    return max(1, round(columns * factor)), max(1, round(rows * factor))


def _jpeg(picture: "Picture") -> bytes:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture.pixels))
    size = _size(image.height, image.width)
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def _pixels(jpeg: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        pixels = np.asarray(image, dtype=np.uint8)
    pixels.setflags(write=False)
    return pixels
