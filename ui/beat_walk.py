"""Going through a beating heart: by phases of the slice in sight, to the slice where the outlines lie."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from core.image import CineStack, ReadingUnit
from services import overlays
from ui.column import ReadingColumn
from ui.desk import Desk
from ui.frame_bar import FrameBar


class BeatWalk(QObject):
    """Knows where slices and phases lie among the images of the open case; other series it leaves alone."""

    def __init__(self, desk: Desk, bar: FrameBar, column: ReadingColumn, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._bar, self._column = desk, bar, column
        self._led = ""  # the case whose outlines were gone to
        bar.frame_chosen.connect(self.show_phase)
        column.phase_asked.connect(self.go_to_phase)

    def first_frame(self, unit: ReadingUnit) -> int:
        """Return the image to begin with: the first phase of the slice in the middle of a heart."""
        return unit.cine.middle_image if unit.cine is not None else 0

    def following(self, frame: int) -> int:
        """Return the image that is played after one: the next phase of its slice, else the next image."""
        cine = self._cine()
        place = cine.place_of(frame) if cine is not None else None
        if cine is None or place is None:
            return (frame + 1) % self._bar.count
        return _next_held(cine.slices[place[0]].images, place[1])

    def begin(self) -> None:
        """Forget which outlines were gone to: a case was opened."""
        self._led = ""

    @Slot()
    def show_outlines(self) -> None:
        """Go to the slice where the ventricle is outlined once the card opens, unless the reader moved on."""
        case = self._desk.case
        if case is None or case.analysis is None or not self._desk.is_open_card or self._led == case.key:
            return
        self._led = case.key
        cine = self._cine()
        look = overlays.first_look(case.analysis.result)
        untouched = self._bar.frame == self.first_frame(case.unit)
        image = cine.slices[look[0]].images[look[1]] if cine is not None and look is not None else None
        if untouched and image is not None:
            self._bar.go(image)
        self.show_phase()

    @Slot(int)
    def go_to_phase(self, phase: int) -> None:
        """Show a phase of the slice in sight."""
        cine = self._cine()
        place = cine.place_of(self._bar.frame) if cine is not None else None
        if cine is None or place is None or not 0 <= phase < cine.phases:
            return
        image = cine.slices[place[0]].images[phase]
        if image is not None:
            self._bar.stop_cine()
            self._bar.go(image)

    @Slot()
    def show_phase(self) -> None:
        """Mark on the curve which phase is in sight."""
        cine = self._cine()
        place = cine.place_of(self._bar.frame) if cine is not None else None
        self._column.show_phase(place[1] if place is not None else None)

    def _cine(self) -> CineStack | None:
        return self._desk.case.unit.cine if self._desk.case is not None else None


def _next_held(images: tuple[int | None, ...], phase: int) -> int:
    later = (*images[phase + 1 :], *images[: phase + 1])
    return next(image for image in later if image is not None)
