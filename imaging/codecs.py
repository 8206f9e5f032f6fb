"""What the decoder process can decode, by name; runs in that process only.

Every codec takes the coded bytes and its parameters and returns an array with what it learned about it.
"""

import io
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.claims import Parameters, RefusedError, require_claim
from imaging.codecs_raster import decode_raster
from imaging.codecs_slide import read_slide

Decoded = tuple[NDArray[Any], dict[str, Any]]


def run(name: str, content: bytearray, parameters: Parameters) -> tuple[dict[str, Any], bytes | memoryview]:
    """Decode ``content`` and return the answer's header and bytes."""
    codec = _CODECS.get(name)
    if codec is None:
        raise RefusedError("E105", name)
    pixels, facts = codec(bytes(content), parameters)
    if pixels.nbytes > int(parameters.get("most_bytes", sys.maxsize)):
        raise RefusedError("E107", "decoded size")
    pixels = np.ascontiguousarray(pixels)
    if pixels.dtype.byteorder == ">":
        pixels = pixels.astype(pixels.dtype.newbyteorder("<"))
    return {"dtype": pixels.dtype.str, "shape": list(pixels.shape), **facts}, pixels.reshape(-1).view(
        np.uint8
    ).data


def warm_up() -> None:
    """Load the codecs before the first request comes."""
    import imagecodecs
    import jpeg_ls  # noqa: F401
    import openjpeg  # noqa: F401
    from PIL import Image

    Image.init()
    assert imagecodecs.JPEG8.available


def _jpeg(content: bytes, parameters: Parameters) -> Decoded:
    """Decode baseline, extended and lossless JPEG to grey or RGB.

    Source: DICOM PS3.5 section 8.2.1; the colour space is what the coded stream says of itself, then the
    header.
    """
    import imagecodecs

    frame = _jpeg_frame(content)
    require_claim(frame.rows, frame.columns, frame.components, parameters)
    if frame.components == 1:
        return imagecodecs.jpeg8_decode(content), {"precision": frame.precision}
    if frame.components != 3:
        return imagecodecs.jpeg8_decode(content), {"precision": frame.precision, "colour": "CMYK"}
    coded_as_rgb = _is_coded_as_rgb(frame, str(parameters.get("photometric", "")))
    if frame.lossless:
        pixels = imagecodecs.jpeg8_decode(content, colorspace="RGB", outcolorspace="RGB")
        return pixels, {"precision": frame.precision, "colour": "RGB" if coded_as_rgb else "YBR_FULL"}
    pixels = imagecodecs.jpeg8_decode(
        content, colorspace="RGB" if coded_as_rgb else "YCBCR", outcolorspace="RGB"
    )
    return pixels, {"precision": frame.precision, "colour": "RGB"}


class _JpegFrame:
    def __init__(self) -> None:
        self.rows = self.columns = self.components = self.precision = 0
        self.lossless = self.jfif = False
        self.adobe_transform: int | None = None
        self.component_ids = b""


def _jpeg_frame(content: bytes) -> _JpegFrame:
    """Read the markers before the first scan.

    Source: ITU-T T.81 Annex B.
    """
    frame = _JpegFrame()
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            at += 1
            continue
        marker = content[at + 1]
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xDA, 0xD9):
            break
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        _note_segment(frame, marker, content[at + 4 : at + 2 + length])
        at += 2 + length
    if not frame.components:
        raise RefusedError("E104", "no JPEG frame header")
    return frame


def _note_segment(frame: _JpegFrame, marker: int, segment: bytes) -> None:
    if marker == 0xE0 and segment.startswith(b"JFIF"):
        frame.jfif = True
    elif marker == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
        frame.adobe_transform = segment[11]
    elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(segment) >= 6:
        frame.precision = segment[0]
        frame.rows = int.from_bytes(segment[1:3], "big")
        frame.columns = int.from_bytes(segment[3:5], "big")
        frame.components = segment[5]
        frame.lossless = marker in (0xC3, 0xC7, 0xCB, 0xCF)
        frame.component_ids = segment[6::3][: frame.components]


def _is_coded_as_rgb(frame: _JpegFrame, photometric: str) -> bool:
    if frame.adobe_transform is not None:
        return frame.adobe_transform == 0
    if frame.jfif:
        return False
    if frame.component_ids == b"RGB":
        return True
    return photometric == "RGB"


def _jpeg_ls(content: bytes, parameters: Parameters) -> Decoded:
    import jpeg_ls

    frame = (
        _jpeg_frame(content + b"\xff\xd9") if b"\xff\xf7" not in content[:4096] else _jpeg_ls_frame(content)
    )
    require_claim(frame.rows, frame.columns, frame.components, parameters)
    buffer, facts = jpeg_ls.decode_pixel_data(content)
    precision = int(facts["bits_per_sample"])
    samples = np.frombuffer(buffer, dtype="<u2" if precision > 8 else "u1")
    rows, columns, components = int(facts["height"]), int(facts["width"]), int(facts["components"])
    if components == 1:
        return samples.reshape(rows, columns), {"precision": precision}
    if facts["interleave_mode"] == 0:
        return samples.reshape(components, rows, columns).transpose(1, 2, 0), {"precision": precision}
    return samples.reshape(rows, columns, components), {"precision": precision}


def _jpeg_ls_frame(content: bytes) -> _JpegFrame:
    at = content.index(b"\xff\xf7") + 4
    frame = _JpegFrame()
    _note_segment(frame, 0xC0, content[at : at + 24])
    return frame


def _jpeg_2000(content: bytes, parameters: Parameters) -> Decoded:
    """Decode JPEG 2000 and HTJ2K; the codec undoes the colour transform itself."""
    openjpeg: Any = import_module("openjpeg")
    facts = openjpeg.get_parameters(content)
    rows, columns, components = int(facts["rows"]), int(facts["columns"]), int(facts["samples_per_pixel"])
    require_claim(rows, columns, components, parameters)
    pixels = openjpeg.decode(content)
    return pixels, {"precision": int(facts["precision"]), "signed": bool(facts["is_signed"])}


def _rle(content: bytes, parameters: Parameters) -> Decoded:
    """Decode RLE Lossless.

    Source: DICOM PS3.5 Annex G.
    """
    rows, columns = int(parameters["rows"]), int(parameters["columns"])
    samples, sample_bytes = int(parameters["samples"]), int(parameters["sample_bytes"])
    require_claim(rows, columns, samples * sample_bytes, parameters)
    count = int.from_bytes(content[:4], "little")
    if count != samples * sample_bytes or len(content) < 64:
        raise RefusedError("E104", "RLE segments")
    offsets = [int.from_bytes(content[4 * n + 4 : 4 * n + 8], "little") for n in range(count)] + [
        len(content)
    ]
    planes = np.empty((samples, rows * columns, sample_bytes), np.uint8)
    for segment in range(count):
        plane = _rle_segment(content[offsets[segment] : offsets[segment + 1]], rows * columns)
        planes[segment // sample_bytes, :, sample_bytes - 1 - segment % sample_bytes] = np.frombuffer(
            plane, np.uint8
        )
    pixels = planes.view(f"<u{sample_bytes}")[..., 0].reshape(samples, rows, columns)
    return (pixels[0] if samples == 1 else pixels.transpose(1, 2, 0)), {}


def _rle_segment(coded: bytes, length: int) -> bytes:
    """Undo PackBits to exactly ``length`` bytes."""
    parts: list[bytes] = []
    at = done = 0
    end = len(coded)
    while done < length and at + 1 < end:
        control = coded[at]
        if control < 128:
            part = coded[at + 1 : at + control + 2]
            at += control + 2
        elif control > 128:
            part = coded[at + 1 : at + 2] * (257 - control)
            at += 2
        else:
            part = b""
            at += 1
        parts.append(part)
        done += len(part)
    if done < length:
        raise RefusedError("E104", "RLE segment is short")
    return b"".join(parts)[:length]


def _inflate(content: bytes, parameters: Parameters) -> Decoded:
    """Undo raw deflate (wbits -15) or gzip (31) to at most ``most_bytes``; stop at ``enough_bytes``."""
    most = int(parameters["most_bytes"])
    enough = min(int(parameters.get("enough_bytes", most + 1)), most + 1)
    inflater = zlib.decompressobj(wbits=int(parameters["wbits"]))
    plain = inflater.decompress(content, enough)
    if len(plain) > most:
        raise RefusedError("E107", "inflated size")
    if len(plain) < enough and not inflater.eof:
        raise RefusedError("E104", "deflated data is cut short")
    return np.frombuffer(plain, np.uint8), {}


def _raster(content: bytes, parameters: Parameters) -> Decoded:
    return decode_raster(io.BytesIO(content), int(parameters.get("page", 0)), parameters)


_CODECS: dict[str, Callable[[bytes, Parameters], Decoded]] = {
    "jpeg": _jpeg,
    "jpeg-ls": _jpeg_ls,
    "jpeg-2000": _jpeg_2000,
    "rle": _rle,
    "inflate": _inflate,
    "raster": _raster,
    "slide": read_slide,
}
