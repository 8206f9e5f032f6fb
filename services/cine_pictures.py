"""The pictures of a measured heart for a report: two images are read again, and the curves are drawn."""

from typing import TYPE_CHECKING

from core.result import PackResult
from services.analyze import Analysis
from services.overlays import first_look

if TYPE_CHECKING:
    from reports.records import Picture


def cine_pictures(analysis: Analysis) -> dict[str, "Picture"]:
    """Return pictures by ``<pack>/cine`` (outlines at both ends of the beat), ``<pack>/curve`` and ``key``.

    The key image of a heart is one where a ventricle is outlined, not the first of its many.
    """
    from reports.cine_figures import curve_picture
    from reports.records import Picture

    pictures: dict[str, Picture] = {}
    key = _key_picture(analysis)
    if key is not None:
        pictures["key"] = key
    for pack in analysis.result.results:
        if not pack.curves or not pack.volumes:
            continue
        pictures[f"{pack.stamp.pack_id}/curve"] = Picture(pixels=curve_picture(pack.curves))
        both = _both_ends(analysis, pack)
        if both is not None:
            pictures[f"{pack.stamp.pack_id}/cine"] = both
    return pictures


def _key_picture(analysis: Analysis) -> "Picture | None":
    from imaging.display import presentation
    from imaging.read import read_image
    from reports.figures import to_bytes
    from reports.records import Picture

    unit = analysis.unit
    if unit is None or unit.cine is None or analysis.image is None:
        return None
    look = first_look(analysis.result)
    image = unit.cine.slices[look[0]].images[look[1]] if look is not None else None
    spacing = unit.cine.pixel_spacing_mm or (1.0, 1.0)
    grey = presentation(read_image(unit, unit.cine.middle_image if image is None else image))
    return Picture(pixels=to_bytes(grey), pixel_aspect=spacing[0] / spacing[1])


def _both_ends(analysis: Analysis, pack: PackResult) -> "Picture | None":
    from imaging.display import presentation
    from imaging.read import read_image
    from reports.cine_figures import beside, heart_slice, outlined
    from reports.records import Picture

    unit = analysis.unit
    if unit is None or unit.cine is None:
        return None
    drawn = []
    number = heart_slice(pack.volumes, pack.curves[0].marks[0][1])
    for _, phase in pack.curves[0].marks:
        index = unit.cine.slices[number].images[phase]
        if index is None:
            return None
        grey = presentation(read_image(unit, index))
        masks = {mask.code: mask.labels[number, phase] == mask.value for mask in pack.volumes}
        spacing = unit.cine.pixel_spacing_mm or (1.0, 1.0)
        drawn.append(outlined(grey, masks, spacing[0] / spacing[1]))
    height = min(picture.shape[0] for picture in drawn)
    return Picture(pixels=beside([picture[:height] for picture in drawn]))
