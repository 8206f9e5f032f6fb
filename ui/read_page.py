"""The reading page: strip, image, tools, column; the image and its overlay are always of the open case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSlider, QSplitter, QVBoxLayout, QWidget

from core.errors import FarlightError
from core.result import Heatmap, Mask, Result
from services import display, overlays
from ui import words
from ui.cases import Case, CaseBook
from ui.column import ReadingColumn
from ui.controls import KeyButton, ToolWord, label
from ui.desk import Desk
from ui.frames import FrameStore
from ui.shortcuts import make_action
from ui.strip import StudyStrip
from ui.task import Handle, Pools
from ui.theme import Theme
from ui.view_state import ViewState
from ui.viewer import Corners, Overlay, Tool, Viewer

CINE_MS = 70
OPACITY_STEP = 10
VIEWER_KEYS = {"frame_next", "frame_previous", "frame_first", "frame_last"}
_SIDES = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


class ReadPage(QWidget):
    """Everything of reading one case."""

    sign_asked = Signal()
    retry_asked = Signal()
    case_chosen = Signal(str)
    neighbour_asked = Signal(int)
    open_asked = Signal()
    image_shown = Signal(str)
    overlay_look_kept = Signal(int)

    def __init__(
        self, theme: Theme, book: CaseBook, desk: Desk, pools: Pools, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._theme, self._book, self._desk, self._pools = theme, book, desk, pools
        self.frames = FrameStore(pools, self)
        self.frame = 0
        self._shown_frame: tuple[str, int] | None = None
        self._overlay_for: object = None
        self._preset = 0
        self._direction = 1
        self.strip = StudyStrip(theme, book)
        self.viewer = Viewer(theme)
        self.column = ReadingColumn(theme, desk)
        self._cine = QTimer(self)
        self._cine.setInterval(CINE_MS)
        self._build()
        self._connect()
        self._add_keys()
        self._on_case_closed()

    # --- from outside

    def set_overlay_look(self, shown: bool, percent: int) -> None:
        """Set whether and how strongly maps and outlines are drawn."""
        self.viewer.set_overlay_look(shown=shown, opacity=percent / 100)
        self._tool_buttons["map"].setChecked(shown)
        self.column.set_overlay_look(shown, percent)

    def analysis_arrived(self, key: str) -> None:
        """Show a result where it belongs to the open case; else nothing happens here."""
        if self._desk.case is not None and self._desk.case.key == key:
            self.column.refresh()
            self._lay_overlay()
            self._on_identity_changed(self._desk.case)

    def layout_state(self) -> QByteArray:
        """Return how the page is divided, for the profile."""
        return self._split.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Divide the page as it was."""
        self._split.restoreState(state)

    def step_back(self) -> bool:
        """Go one step back inside the page."""
        if self._cine.isActive():
            self._stop_cine()
            return True
        return self.column.step_back()

    # --- building

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        centre = QWidget()
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.viewer, 1)
        middle.addWidget(self._build_frame_bar())
        middle.addWidget(self._build_tools())
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(3)
        self._split.addWidget(centre)
        self._split.addWidget(self.column)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        row.addWidget(self._split, 1)

    def _build_frame_bar(self) -> QWidget:
        self._frame_bar = QWidget()
        self._frame_bar.setObjectName("tools")
        self._frame_bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self._frame_bar)
        row.setContentsMargins(14, 4, 14, 4)
        row.setSpacing(10)
        self._frame_words = label("", "small")
        self._frame_words.setMinimumWidth(96)
        self._frame_slider = QSlider(Qt.Orientation.Horizontal)
        self._frame_slider.setAccessibleName(self.tr("Image in the series"))
        self._frame_slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._play = KeyButton(self.tr("Play"), "cine")
        row.addWidget(self._frame_words)
        row.addWidget(self._frame_slider, 1)
        row.addWidget(self._play)
        return self._frame_bar

    def _build_tools(self) -> QWidget:
        self._tools = QWidget()
        self._tools.setObjectName("tools")
        self._tools.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(2)
        group = QButtonGroup(self)
        self._tool_buttons: dict[str, ToolWord] = {}
        for tool, icon, name, act in (
            (Tool.WINDOW, "contrast", self.tr("Window"), "tool_window"),
            (Tool.ZOOM, "search", self.tr("Zoom"), "tool_zoom"),
            (Tool.PAN, "move", self.tr("Pan"), "tool_pan"),
        ):
            button = self._tool(row, icon, name, act)
            button.setCheckable(True)
            button.setChecked(tool is Tool.WINDOW)
            group.addButton(button)
            self._tool_buttons[tool.value] = button
        row.addSpacing(10)
        for icon, name, act in (
            ("maximize", self.tr("Fit"), "fit"),
            ("ratio", self.tr("1 : 1"), "one_to_one"),
            ("rotate-cw", self.tr("Turn"), "turn_right"),
            ("blend", self.tr("Invert"), "invert"),
            ("list-checks", self.tr("Preset"), "preset"),
            ("layers", self.tr("Map"), "map"),
        ):
            self._tool_buttons[act] = self._tool(row, icon, name, act)
        row.addStretch(1)
        self._tool_buttons["map"].setCheckable(True)
        self._tool_buttons["undo"] = self._tool(row, "undo-2", self.tr("Undo"), "undo")
        self._tool_buttons["original"] = self._tool(row, "eye", self.tr("Original"), "original")
        return self._tools

    def _tool(self, row: QHBoxLayout, icon: str, name: str, act: str) -> ToolWord:
        button = ToolWord(self._theme, icon, name, act)
        button.setObjectName(act)
        button.clicked.connect(self._on_tool_clicked)
        row.addWidget(button)
        return button

    def _connect(self) -> None:
        self._desk.case_opened.connect(self._on_case_opened)
        self._desk.case_closed.connect(self._on_case_closed)
        self._desk.reading_changed.connect(self._lay_overlay)
        self._desk.identity_changed.connect(self._on_identity_changed)
        self.frames.loaded.connect(self._on_frame_loaded)
        self.frames.failed.connect(self._on_frame_failed)
        self.viewer.frame_step_asked.connect(self._step)
        self.viewer.view_edited.connect(self._on_view_edited)
        self.strip.case_chosen.connect(self.case_chosen)
        self._book.found_again.connect(self._on_found_again)
        self.column.sign_asked.connect(self.sign_asked)
        self.column.retry_asked.connect(self.retry_asked)
        self.column.overlay_look_changed.connect(self._on_overlay_look_changed)
        self._frame_slider.valueChanged.connect(self._on_slider_moved)
        self._play.clicked.connect(self._toggle_cine)
        self._cine.timeout.connect(self._on_cine)
        self._desk.undo.canUndoChanged.connect(self._tool_buttons["undo"].setEnabled)
        self._tool_buttons["undo"].setEnabled(False)

    def _add_keys(self) -> None:
        viewer, desk = self.viewer, self._desk
        acts: dict[str, Callable[[], object]] = {
            "nothing_seen": partial(self._give_impression, "nothing_seen"),
            "abnormal": partial(self._give_impression, "abnormal"),
            "unsure": partial(self._give_impression, "unsure"),
            "agree": partial(self.column.answer, "agree"),
            "disagree": partial(self.column.answer, "disagree"),
            "edit": partial(self.column.answer, "edited"),
            "note": self.column.focus_note,
            "identity": self.column.ask_identity,
            "retry": self.retry_asked.emit,
            "sign": self._on_sign_key,
            "previous_case": partial(self.neighbour_asked.emit, -1),
            "next_case": partial(self.neighbour_asked.emit, 1),
            "map": self._toggle_map,
            "map_less": partial(self._change_opacity, -OPACITY_STEP),
            "map_more": partial(self._change_opacity, OPACITY_STEP),
            "tool_window": partial(self._use_tool, Tool.WINDOW),
            "tool_zoom": partial(self._use_tool, Tool.ZOOM),
            "tool_pan": partial(self._use_tool, Tool.PAN),
            "zoom_in": partial(viewer.zoom, 1.2),
            "zoom_out": partial(viewer.zoom, 1 / 1.2),
            "fit": viewer.fit,
            "one_to_one": viewer.one_to_one,
            "turn_right": partial(viewer.turn, 1),
            "turn_left": partial(viewer.turn, -1),
            "invert": viewer.invert,
            "preset": self._next_preset,
            "original": viewer.original,
            "frame_next": partial(self._step, 1),
            "frame_previous": partial(self._step, -1),
            "frame_first": partial(self._go, 0),
            "frame_last": partial(self._go, -1),
            "cine": self._toggle_cine,
            "undo": desk.undo.undo,
            "redo": desk.undo.redo,
        }
        self._acts = acts
        for name in acts:
            owner = viewer if name in VIEWER_KEYS else self
            make_action(name, owner, children_only=owner is viewer).triggered.connect(self._on_key)
        for name, act in (("frame_next", 1), ("frame_previous", -1)):
            self._acts[f"{name}_page"] = partial(self._step, act)
            make_action(f"{name}_page", self).triggered.connect(self._on_key)

    @Slot()
    def _on_key(self) -> None:
        name = self.sender().objectName()
        if self._desk.case is not None:
            self._acts[name]()

    @Slot()
    def _on_tool_clicked(self) -> None:
        name = self.sender().objectName()
        if self._desk.case is not None:
            self._acts[name]()

    # --- the open case

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        self._stop_cine()
        self.frame = 0
        self._shown_frame = None
        self._overlay_for = None
        self._preset = 0
        self.column.set_image_in_sight(False)
        self.strip.show_case(case)
        self._frame_bar.setVisible(case.unit.frames > 1)
        self._frame_slider.blockSignals(True)
        self._frame_slider.setRange(0, max(0, case.unit.frames - 1))
        self._frame_slider.setValue(0)
        self._frame_slider.blockSignals(False)
        self._tools.setEnabled(True)
        self._tool_buttons["map"].setEnabled(self._desk.is_open_card)
        self.frames.forget_others(case.key)
        self.viewer.show_message(_view_key(case.key, 0), self.tr("Loading the image …"))
        self._show_frame()
        self.viewer.setFocus()

    @Slot()
    def _on_case_closed(self) -> None:
        self._stop_cine()
        self._frame_bar.hide()
        self._tools.setEnabled(False)
        self.strip.show_case(None)
        self.viewer.show_message(
            "", self.tr("No study is open. Choose one in the worklist, or open images with Ctrl O.")
        )

    def _show_frame(self) -> None:
        case = self._desk.case
        if case is None:
            return
        self._frame_words.setText(
            self.tr("Image {number} / {count}").format(number=self.frame + 1, count=case.unit.frames)
        )
        picture = self.frames.find(case.key, self.frame)
        if picture is None:
            self.frames.ask(case.key, case.unit, self.frame)
            return
        first = self._shown_frame is None
        key = _view_key(case.key, self.frame)
        self.viewer.show_picture(key, picture, display.first_window(picture.image), keep_view=not first)
        self.viewer.set_corners(self._corners(case))
        self._shown_frame = (case.key, self.frame)
        self.column.set_image_in_sight(True)
        self._overlay_for = None
        self._lay_overlay()
        if case.unit.frames > 1:
            self.frames.ask_ahead(case.key, case.unit, self.frame, self._direction)
        if first:
            self.image_shown.emit(case.key)

    @Slot(str, int)
    def _on_frame_loaded(self, key: str, frame: int) -> None:
        if self._desk.case is not None and (self._desk.case.key, self.frame) == (key, frame):
            self._show_frame()

    @Slot(str)
    def _on_found_again(self, key: str) -> None:
        """Read the open image again when its stick is back."""
        if self._desk.case is not None and self._desk.case.key == key and self.viewer.state is None:
            self._show_frame()

    @Slot(str, int, object)
    def _on_frame_failed(self, key: str, frame: int, error: FarlightError) -> None:
        if self._desk.case is not None and (self._desk.case.key, self.frame) == (key, frame):
            self._stop_cine()
            self.viewer.show_message(_view_key(key, frame), f"{error.title}\n{error.hint}")
            self.column.set_image_in_sight(False)

    @Slot(object)
    def _on_identity_changed(self, case: Case) -> None:
        if case is self._desk.case and self._shown_frame is not None:
            self.viewer.set_corners(self._corners(case))

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
        if case.analysis is not None:
            notes += words.correction_notes(case.analysis.result)
        contradicted = case.analysis is not None and case.analysis.result.side == "contradicted"
        sides = None if image is None or contradicted else _sides(image.patient_orientation)
        return Corners(
            top_left=(words.study_name(unit), series + count),
            bottom_right=(*notes, spacing) if spacing else notes,
            sides=sides,
            side_note=self.tr("side not\nverified"),
        )

    # --- overlay

    @Slot()
    def _lay_overlay(self) -> None:
        """Prepare map and outline of the image in sight, once the card is open."""
        case = self._desk.case
        self._tool_buttons["map"].setEnabled(case is not None and self._desk.is_open_card)
        if case is None or case.analysis is None or not self._desk.is_open_card or self._shown_frame is None:
            if self.viewer.has_overlay():
                self.viewer.set_overlay(None)
            self._overlay_for = None
            return
        picture = self.frames.find(case.key, self.frame)
        wanted = (case.key, case.asked, self.frame)
        if picture is None or wanted == self._overlay_for:
            return
        self._overlay_for = wanted
        ref = picture.image.ref
        work = _Overlay(
            _view_key(case.key, self.frame), case.analysis.result, ref.file, ref.frame, self._captions()
        )
        task = self._pools.files("overlay", work, key=wanted, priority=8)
        task.succeeded.connect(self._on_overlay_ready)

    @Slot(object)
    def _on_overlay_ready(self, overlay: Overlay) -> None:
        task = self.sender()
        if getattr(task, "key", None) == self._overlay_for and self._desk.is_open_card:
            self.viewer.set_overlay(overlay)

    def _captions(self) -> tuple[str, str]:
        return self.tr("Where the model looked, not where disease is"), self.tr(
            "lungs outlined by {pack} {version}"
        )

    # --- acts

    def _give_impression(self, impression: str) -> None:
        if self.column.impression.buttons[impression].isEnabled():  # type: ignore[index]
            self._desk.give_impression(impression)  # type: ignore[arg-type]

    def _on_sign_key(self) -> None:
        if self.column.sign.isEnabled():
            self.sign_asked.emit()

    def _use_tool(self, tool: Tool) -> None:
        self.viewer.tool = tool
        self._tool_buttons[tool.value].setChecked(True)

    def _toggle_map(self) -> None:
        if self._desk.is_open_card:
            percent = round(self.viewer.overlay_opacity * 100)
            self._on_overlay_look_changed(not self.viewer.overlay_shown, percent)

    def _change_opacity(self, step: int) -> None:
        if self._desk.is_open_card:
            percent = max(10, min(100, round(self.viewer.overlay_opacity * 100) + step))
            self._on_overlay_look_changed(True, percent)

    @Slot(bool, int)
    def _on_overlay_look_changed(self, shown: bool, percent: int) -> None:
        self.set_overlay_look(shown, percent)
        self.overlay_look_kept.emit(percent)

    def _next_preset(self) -> None:
        case = self._desk.case
        picture = self.frames.find(case.key, self.frame) if case is not None else None
        if case is None or picture is None:
            return
        windows = [display.first_window(picture.image), *picture.image.windows]
        windows += [preset.window for preset in display.presets(case.unit)]
        distinct = list(dict.fromkeys(windows))
        self._preset = (self._preset + 1) % len(distinct)
        self.viewer.set_window(distinct[self._preset])

    @Slot(int)
    def _step(self, step: int) -> None:
        case = self._desk.case
        if case is not None:
            self._direction = 1 if step > 0 else -1
            self._go(max(0, min(case.unit.frames - 1, self.frame + step)))

    def _go(self, frame: int) -> None:
        case = self._desk.case
        if case is None:
            return
        frame = case.unit.frames - 1 if frame < 0 else frame
        if frame == self.frame:
            return
        self.frame = frame
        self._frame_slider.blockSignals(True)
        self._frame_slider.setValue(frame)
        self._frame_slider.blockSignals(False)
        self._show_frame()

    @Slot(int)
    def _on_slider_moved(self, frame: int) -> None:
        self._go(frame)

    @Slot()
    def _toggle_cine(self) -> None:
        if self._cine.isActive():
            self._stop_cine()
        elif self._desk.case is not None and self._desk.case.unit.frames > 1:
            self._direction = 1
            self._cine.start()
            self._play.set_words(self.tr("Stop"))

    def _stop_cine(self) -> None:
        self._cine.stop()
        self._play.set_words(self.tr("Play"))

    @Slot()
    def _on_cine(self) -> None:
        """Go on only when the next frame is there: playing never waits for the disk."""
        case = self._desk.case
        if case is None or self._shown_frame != (case.key, self.frame):
            return
        following = (self.frame + 1) % case.unit.frames
        if self.frames.find(case.key, following) is None:
            self.frames.ask(case.key, case.unit, following)
            return
        self._go(following)

    @Slot(object, object)
    def _on_view_edited(self, before: ViewState, after: ViewState) -> None:
        self._desk.undo.push(_ViewStep(self.viewer, before, after))


class _ViewStep(QUndoCommand):
    """One change of the view as undo keeps it."""

    def __init__(self, viewer: Viewer, before: ViewState, after: ViewState) -> None:
        super().__init__("view")
        self._viewer, self._before, self._after = viewer, before, after

    def redo(self) -> None:
        """Do it again."""
        self._viewer.set_state(self._after)

    def undo(self) -> None:
        """Take it back."""
        self._viewer.set_state(self._before)


class _Overlay:
    """The Qt-free work of making an overlay for one image."""

    def __init__(self, key: str, result: Result, file: str, frame: int, captions: tuple[str, str]) -> None:
        self._key, self._result = key, result
        self._place = (file, frame)
        self._heat_words, self._outline_words = captions

    def __call__(self, _handle: Handle) -> Overlay:
        heat: NDArray[np.uint8] | None = None
        edges: list[NDArray[np.float32]] = []
        caption: list[str] = []
        for pack in self._result.results:
            for one in pack.heatmaps:
                if one.shown and self._fits(one):
                    heat = overlays.heat_pixels(one)
            drawn = [mask for mask in pack.masks if self._fits(mask)]
            for mask in drawn:
                edges.extend(overlays.outlines(mask))
            if drawn:
                caption.append(
                    self._outline_words.format(pack=pack.stamp.pack_id, version=pack.stamp.version)
                )
        if heat is not None:
            caption.insert(0, self._heat_words)
        return Overlay(key=self._key, heat=heat, outlines=tuple(edges), caption=tuple(caption))

    def _fits(self, one: Heatmap | Mask) -> bool:
        return (one.image.file, one.image.frame) == self._place


def _view_key(case_key: str, frame: int) -> str:
    return f"{case_key}#{frame}"


def _sides(orientation: tuple[str, str] | None) -> tuple[str, str, str, str] | None:
    """Return the letters at left, top, right and bottom of the stored image.

    Source: DICOM PS3.3 C.7.6.1.1.1 (Patient Orientation: direction of the rows, then of the columns).
    """
    if orientation is None or not all(part and part[0] in _SIDES for part in orientation):
        return None
    right, bottom = orientation[0][0], orientation[1][0]
    return _SIDES[right], _SIDES[bottom], right, bottom
