"""Tells from a file's first directory and name whether it is a slide, far larger than a picture."""

import struct
from pathlib import Path
from typing import BinaryIO

SLIDE_ENDINGS = (".svs", ".ndpi", ".scn", ".bif", ".mrxs", ".czi", ".vms", ".vmu")
"""Names under which scanners write slides; in what holds TIFF or JPEG they are believed."""
_TIFF_ENDINGS = (".svs", ".ndpi", ".scn", ".bif")
LEAST_SIDE = 4096
"""Pixels of the longer side from which a tiled colour TIFF is read as a slide."""
WHOLE_SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
"""VL Whole Slide Microscopy Image Storage. Source: DICOM PS3.4 B.5."""
_WIDTH, _HEIGHT, _PHOTOMETRIC, _SAMPLES, _TILE_WIDTH = 256, 257, 262, 277, 322
_COLOURS = (2, 6)
"""RGB and YCbCr."""
_MOST_ENTRIES = 512
_CZI = b"ZISRAWFILE"
_VMS = b"[Virtual Microscope Specimen]"


def is_tiff_slide(stream: BinaryIO, name: str) -> bool:
    """Whether a TIFF is a slide: of a scanner's ending, or tiled, in colour and large.

    Source: TIFF 6.0 sections 2 and 15; BigTIFF.
    """
    if name.casefold().endswith(_TIFF_ENDINGS):
        return True
    tags = _first_directory(stream)
    tiled = tags.get(_TILE_WIDTH, 0) > 0
    colour = tags.get(_SAMPLES) in {3, 4} and tags.get(_PHOTOMETRIC) in _COLOURS
    large = max(tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)) >= LEAST_SIDE
    return tiled and colour and large


def is_other_slide(head: bytes, path: Path) -> bool:
    """Whether a file that is no TIFF is a slide: MIRAX with its folder, Zeiss, Hamamatsu's list of parts."""
    name = path.name.casefold()
    if name.endswith(".mrxs"):
        return path.with_suffix("").is_dir()
    if name.endswith(".czi"):
        return head.startswith(_CZI)
    return name.endswith((".vms", ".vmu")) and _VMS in head


def is_scanners(name: str) -> bool:
    """Whether the name is that of a scanner's own format, so that it surely is microscopy."""
    return name.casefold().endswith(SLIDE_ENDINGS)


def _first_directory(stream: BinaryIO) -> dict[int, int]:
    """Return the whole numbers of the first directory that stand in their entries."""
    try:
        stream.seek(0)
        head = stream.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = struct.unpack_from(order + "H", head, 2)[0] == 43
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)
        stream.seek(at)
        count_format = order + ("Q" if big else "H")
        (count,) = struct.unpack(count_format, stream.read(struct.calcsize(count_format)))
        size, value_at = (20, 12) if big else (12, 8)
        content = stream.read(size * min(count, _MOST_ENTRIES))
        tags = {}
        for start in range(0, len(content) - size + 1, size):
            tag, kind = struct.unpack_from(order + "HH", content, start)
            if kind in {3, 4, 16}:
                form = {3: "H", 4: "I", 16: "Q"}[kind]
                (tags[tag],) = struct.unpack_from(order + form, content, start + value_at)
    except (struct.error, OverflowError, ValueError):
        return {}
    return tags
