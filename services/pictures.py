"""Masks and heatmaps as PNG, coloured overlays as JPEG, all in the orientation of the stored pixels.

OpenCV's own PNG settings are four times as fast as its fastest named level; overlays are only looked at.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import OutputNotWritableError
from core.result import Heatmap, VolumeMask
from services.analyze import Analysis
from services.folder_names import FolderNames
from services.result_json import WrittenFiles

_OVERLAY_QUALITY = 92


def write_pictures(folder: Path, analysis: Analysis) -> WrittenFiles:
    """Write every mask and map of a result into ``folder`` and return their names.

    Raises:
        OutputNotWritableError: a file could not be written.
    """
    names = FolderNames(("result", "report"))
    turned = 1 if analysis.image is None else analysis.image.exif_orientation
    masks: dict[tuple[str, str], str] = {}
    heatmaps: dict[tuple[str, str], str] = {}
    overlays: dict[tuple[str, str], str] = {}
    for entry in analysis.result.results:
        pack_id = entry.stamp.pack_id
        for mask in entry.masks:
            name = names.give(mask.code) + ".png"
            masks[pack_id, mask.code] = _write(folder, name, as_stored(mask_pixels(mask.pixels), turned))
        for heatmap in entry.heatmaps:
            name = names.give(f"{heatmap.finding}-map") + ".png"
            heatmaps[pack_id, heatmap.finding] = _write(
                folder, name, as_stored(heatmap_pixels(heatmap.values), turned)
            )
            if heatmap.shown:
                drawn = _draw(analysis, heatmap)
                name = names.give(f"{heatmap.finding}-overlay") + ".jpg"
                overlays[pack_id, heatmap.finding] = _write(folder, name, drawn)
        if entry.masks:
            name = names.give(f"{pack_id}-overlay") + ".jpg"
            file = _write(folder, name, _draw(analysis, None))
            overlays.update({(pack_id, mask.code): file for mask in entry.masks})
        for volume in entry.volumes:
            name = names.give(volume.code) + ".nii.gz"
            masks[pack_id, volume.code] = _write_volume(folder, name, analysis, volume)
    return WrittenFiles(masks=masks, heatmaps=heatmaps, overlays=overlays)


def as_shown(analysis: Analysis) -> NDArray[np.float32] | None:
    """Return the picture as people see it, 0..1: (row, column), or (row, column, 3) where it has colours."""
    if analysis.image is None or analysis.grey is None or not analysis.image.is_colour:
        return analysis.grey
    return analysis.image.values.astype(np.float32) / np.float32(255.0)


def _write_volume(folder: Path, name: str, analysis: Analysis, mask: VolumeMask) -> str:
    from imaging.nifti_write import nifti_of

    content = nifti_of(analysis.unit, mask.stack, mask.labels == mask.value)
    try:
        (folder / name).write_bytes(content)
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    return name


def as_stored(upright: NDArray[np.uint8], exif_orientation: int) -> NDArray[np.uint8]:
    """Return pixels that stand upright as the file's pixels are stored.

    Source: Exif 2.32 section 4.6.4 (Orientation).
    """
    undone: dict[int, NDArray[np.uint8]] = {
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(undone.get(exif_orientation, upright))


def mask_pixels(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return (row, column) uint8: 255 inside, 0 outside."""
    pixels: NDArray[np.uint8] = mask.astype(np.uint8) * np.uint8(255)
    return pixels


def heatmap_pixels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (row, column) uint8 where 255 is 1.0."""
    pixels: NDArray[np.uint8] = np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
    return pixels


def _draw(analysis: Analysis, heatmap: Heatmap | None) -> NDArray[np.uint8]:
    """Return the picture as read, (row, column, 3), with the map and every outline of the image over it."""
    from reports.figures import called_apart, drawn_heat, overlay

    shown = as_shown(analysis)
    assert shown is not None
    others, called = called_apart([mask for entry in analysis.result.results for mask in entry.masks])
    heat, silent = (None, None) if heatmap is None else (drawn_heat(heatmap), heatmap.silent)
    return overlay(shown, heat, others, longest_side=max(shown.shape[:2]), called=called, silent=silent)


def _write(folder: Path, name: str, pixels: NDArray[np.uint8]) -> str:
    import cv2

    parameters = [cv2.IMWRITE_JPEG_QUALITY, _OVERLAY_QUALITY] if name.endswith(".jpg") else []
    stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, content = cv2.imencode(Path(name).suffix, stored, parameters)
    if not done:
        raise OutputNotWritableError("the picture could not be coded")
    try:
        (folder / name).write_bytes(content.tobytes())
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    return name
