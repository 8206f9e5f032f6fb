"""The image of the open case with its words and its overlay; nothing of another case ever lies over it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.errors import ChangedFileError, FarlightError
from core.image import ReadingUnit
from core.model_facts import has_sides
from core.result import Correction
from services import display
from services.typed_table import is_typed
from ui import words
from ui.cases import Case
from ui.controls import KeyButton
from ui.desk import Desk
from ui.frames import FrameStore
from ui.map_choice import MapChoice
from ui.overlay import CaptionWords, ImageOverlays, MakeOverlay, Overlay
from ui.shortcuts import TABLE
from ui.task import Pools
from ui.theme import Theme
from ui.viewer_pair import ViewerPair
from ui.viewer_words import Corners, stored_sides

REOPEN_PLACE = 0.62  # of the height, below the sentence in the middle


class ImageArea(QWidget):
    """Shows one frame of the open case as soon as it is loaded, and its overlay once the card is open."""

    image_shown = Signal(str)  # the first image of a case is in sight
    sight_changed = Signal(bool)
    files_exchanged = Signal(str, object)  # key, what is to be said
    reopen_asked = Signal()
    beside_changed = Signal(bool, bool)  # whether there is something to show beside, whether it is in sight

    def __init__(
        self,
        theme: Theme,
        desk: Desk,
        pools: Pools,
        map_choice: MapChoice,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._pools, self._map_choice = desk, pools, map_choice
        self.frames = FrameStore(pools, self)
        self.pair = ViewerPair(theme)
        self.viewer = self.pair.stored
        self.frame = 0
        self._shown: tuple[str, int] | None = None
        self._overlay_for: object = None
        self._overlays: ImageOverlays | None = None
        self._overlay: Overlay | None = None
        self._preset = 0
        self._beside: bool | None = None  # as the reader chose for the open case; None: when the card is open
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.pair)
        self.reopen = KeyButton(self.tr("Open the medium again"), parent=self)
        self.reopen.clicked.connect(self.reopen_asked)
        self.reopen.hide()
        self.frames.loaded.connect(self._on_frame_loaded)
        self.frames.failed.connect(self._on_frame_failed)
        map_choice.changed.connect(self._on_map_chosen)

    # --- the open case

    def open(self, case: Case, first: int = 0) -> None:
        """Begin with an image of a case."""
        self._shown, self._preset, self._beside = None, 0, None
        self._forget_overlay()
        self.sight_changed.emit(False)
        self.frames.forget_others(case.key)
        loading = self.tr("Loading the image …")
        self._show_message(_view_key(case.key, first), self.no_image() or loading)
        self.show_frame(first)

    def no_image(self) -> str:
        """Return that the open case has no image, or the empty text."""
        case = self._desk.case
        return (
            self.tr("There is no image: the estimate rests on typed values alone.")
            if case is not None and is_typed(case.unit)
            else ""
        )

    def close_case(self) -> None:
        """Show that no case is open."""
        self._show_message(
            "", self.tr("No study is open. Choose one in the worklist, or open images with Ctrl O.")
        )

    def show_frame(self, frame: int, direction: int = 1) -> None:
        """Show a frame, now or when it is loaded; ``direction`` says which ones will be wanted next."""
        self.frame = frame
        case = self._desk.case
        if case is None or is_typed(case.unit):
            return
        picture = self.frames.find(case.key, frame)
        if picture is None:
            self.frames.ask(case.key, case.unit, frame)
            return
        first = self._shown is None
        self.reopen.hide()
        self.pair.show_picture(
            _view_key(case.key, frame), picture, display.first_window(picture.image), keep_view=not first
        )
        self.pair.set_corners(self._corners(case))
        self._shown = (case.key, frame)
        self.sight_changed.emit(True)
        self._forget_overlay()
        self.lay_overlay()
        if case.unit.frames > 1:
            self.frames.ask_ahead(case.key, case.unit, frame, direction)
        if first:
            self.image_shown.emit(case.key)

    def is_shown(self, frame: int) -> bool:
        """Whether that frame of the open case is on the screen."""
        return self._desk.case is not None and self._shown == (self._desk.case.key, frame)

    def refresh_words(self) -> None:
        """Write the words at the edges again."""
        if self._desk.case is not None and self._shown is not None:
            self.pair.set_corners(self._corners(self._desk.case))

    def next_preset(self) -> None:
        """Use the next grey window that suits the image."""
        case = self._desk.case
        picture = self.frames.find(case.key, self.frame) if case is not None else None
        if case is None or picture is None:
            return
        windows = [display.first_window(picture.image), *picture.image.windows]
        windows += [preset.window for preset in display.presets(case.unit)]
        distinct = list(dict.fromkeys(windows))
        self._preset = (self._preset + 1) % len(distinct)
        self.viewer.set_window(distinct[self._preset])

    def choices(self) -> tuple[int, bool | None]:
        """Return which window preset, and whether the image as the model saw it, the reader chose."""
        return self._preset, self._beside

    def choose(self, choices: tuple[int, bool | None]) -> None:
        """Put those choices back."""
        if choices != self.choices():
            self._preset, self._beside = choices
            self._show_beside()

    @Slot(str, int)
    def _on_frame_loaded(self, key: str, frame: int) -> None:
        if self._desk.case is not None and (self._desk.case.key, self.frame) == (key, frame):
            self.show_frame(frame)

    @Slot(str)
    def find_again(self, key: str) -> None:
        """Read the open image again when its stick is back."""
        if self._desk.case is not None and self._desk.case.key == key and self.viewer.state is None:
            self.show_frame(self.frame)

    @Slot(str)
    def read_anew(self, key: str) -> None:
        """Read a unit from other files: those it was read from are damaged."""
        self.frames.forget(key)
        if self._desk.case is not None and self._desk.case.key == key:
            self.open(self._desk.case, self.frame)

    @Slot(str, int, object)
    def _on_frame_failed(self, key: str, frame: int, error: FarlightError) -> None:
        if self._desk.case is not None and (self._desk.case.key, self.frame) == (key, frame):
            exchanged = isinstance(error, ChangedFileError)
            self._show_message(_view_key(key, frame), f"{error.title}\n{error.hint}", reopen=exchanged)
            self.sight_changed.emit(False)
            if exchanged:
                self.files_exchanged.emit(key, error)

    def _show_message(self, key: str, text: str, *, reopen: bool = False) -> None:
        """Show a sentence instead of an image, and where it helps the way to open the medium again."""
        self.pair.show_message(key, text)
        self.reopen.setVisible(reopen)
        self._place_reopen()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the button below the sentence."""
        super().resizeEvent(event)
        self._place_reopen()

    def _place_reopen(self) -> None:
        self.reopen.adjustSize()
        self.reopen.move((self.width() - self.reopen.width()) // 2, round(self.height() * REOPEN_PLACE))
        self.reopen.raise_()

    def _corners(self, case: Case) -> Corners:
        unit = case.unit
        picture = self.frames.find(case.key, self.frame)
        series = (
            self.tr("Series {number} · ").format(number=unit.header.series_number)
            if unit.header.series_number
            else ""
        )
        count = self.tr("Image {number} / {count}").format(number=self.frame + 1, count=unit.frames)
        image = picture.image if picture is not None else None
        spacing = (
            "" if image is None or image.pixel_spacing_mm else self.tr("pixel spacing unknown: no lengths")
        )
        notes = () if image is None else words.image_notes(image)
        if self.correction() is not None and case.analysis is not None and not self.pair.beside:
            put_right = words.correction_note(case.analysis.result)
            notes += (self.tr("{note} · {key} shows it").format(note=put_right, key=TABLE["beside"].shown),)
        contradicted = case.analysis is not None and case.analysis.result.side == "contradicted"
        sides = None if image is None or contradicted else stored_sides(image.patient_orientation)
        return Corners(
            top_left=(words.study_name(unit), series + count, *self._place_words(unit)),
            bottom_right=(*notes, spacing) if spacing else notes,
            sides=sides,
            side_note=self.tr("side not\nverified") if _has_sides(case) else "",
        )

    def _place_words(self, unit: ReadingUnit) -> tuple[str, ...]:
        """Return which slice and phase of a beating heart is in sight."""
        place = unit.cine.place_of(self.frame) if unit.cine is not None else None
        if unit.cine is None or place is None:
            return ()
        sentence = self.tr("Slice {slice} / {slices} · phase {phase} / {phases}")
        return (
            sentence.format(
                slice=place[0] + 1, slices=len(unit.cine.slices), phase=place[1] + 1, phases=unit.cine.phases
            ),
        )

    # --- put right

    def correction(self) -> Correction | None:
        """Return what was put right for a model in the image in sight, or None."""
        case = self._desk.case
        picture = self.frames.find(case.key, self.frame) if case is not None else None
        analysis = case.analysis if case is not None else None
        if picture is None or analysis is None or analysis.image is None:
            return None
        if analysis.image.ref.frame != picture.image.ref.frame:
            return None
        made = (pack.correction for pack in analysis.result.results if pack.correction is not None)
        return next((one for one in made if one.inverted or one.quarter_turns % 4), None)

    def toggle_beside(self) -> None:
        """Show the image as the model saw it beside the stored one, or the stored one alone."""
        if self.correction() is not None:
            self._beside = not self.pair.beside
            self._show_beside()

    def _show_beside(self) -> None:
        """Show both by itself once the card is open, else as the reader chose."""
        correction = self.correction() if self._shown is not None else None
        wanted = self._desk.is_open_card if self._beside is None else self._beside
        self.pair.show_correction(correction if wanted else None)
        self.refresh_words()
        self.beside_changed.emit(correction is not None, self.pair.beside)

    # --- overlay

    @Slot()
    def lay_overlay(self) -> None:
        """Have map and outline of the image in sight prepared, and show them once the card is open."""
        case = self._desk.case
        picture = self.frames.find(case.key, self.frame) if case is not None else None
        if case is None or case.analysis is None or self._shown is None or picture is None:
            self._forget_overlay()
            self._show_beside()
            return
        wanted = (case.key, case.asked, self.frame)
        if wanted != self._overlay_for:
            self._forget_overlay()
            self._overlay_for = wanted
            ref, key = picture.image.ref, _view_key(case.key, self.frame)
            work = MakeOverlay(key, case.analysis.result, ref.file, ref.frame, self._captions())
            task = self._pools.sight("overlay", work, key=wanted, priority=12)
            task.succeeded.connect(self._on_overlay_ready)
        self._show_overlay()
        self._show_beside()

    @Slot(object)
    def _on_overlay_ready(self, overlays: ImageOverlays) -> None:
        if getattr(self.sender(), "key", None) == self._overlay_for:
            self._overlays = overlays
            self._on_map_chosen()

    @Slot()
    def _on_map_chosen(self) -> None:
        """Lay the map of the chosen finding over the image, and that of no other."""
        if self._overlays is not None:
            self._overlay = self._overlays.showing(self._map_choice.chosen())
            self._show_overlay()

    def why_no_map(self) -> str:
        """Return why neither map nor outline can be shown for the open case, or the empty text."""
        case = self._desk.case
        if case is None or self.no_image():
            return self.no_image() or self.tr("No study is open")
        if case.analysis is None:
            return self.tr("No model has looked at this image yet")
        results = case.analysis.result.results
        if not words.a_model_spoke(case.analysis.result):
            return self.tr("No model looked at this image: there is no map")
        if not self._desk.is_open_card:
            return self.tr("The map opens after your first impression")
        if not any(
            pack.masks or pack.volumes or any(heat.shown for heat in pack.heatmaps) for pack in results
        ):
            return self.tr("The models gave neither map nor outline for this image")
        return ""

    def _forget_overlay(self) -> None:
        self._overlay_for, self._overlays, self._overlay = None, None, None
        self._show_overlay()

    def _show_overlay(self) -> None:
        self.pair.set_overlay(self._overlay if self._desk.is_open_card else None)

    def _captions(self) -> CaptionWords:
        return CaptionWords(
            heat=self.tr("{finding}: where the model looked, not where disease is"),
            outline=self.tr("Outlined by {pack} {version}"),
            no_outline=self.tr("Nothing is outlined here by {pack} {version}"),
            tiles=self.tr(
                "{finding}: mean score of the tiles at each place, violet from the threshold, {threshold}, to"
                " yellow at 100; hatched: silent; no score of the whole slide"
            ),
            tissue=self.tr("Tissue found by its colour for {pack} {version}"),
        )


def _view_key(case_key: str, frame: int) -> str:
    return f"{case_key}#{frame}"


def _has_sides(case: Case) -> bool:
    """Whether left and right mean something, as far as models have told the image's kind."""
    return case.analysis is None or has_sides(case.analysis.result, case.facts)
