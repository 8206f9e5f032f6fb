"""The reading page: strip, image, tools and column side by side, and every key of reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSlider, QSplitter, QVBoxLayout, QWidget

from core.decision import Impression
from services.typed_table import is_typed
from ui.beat_walk import BeatWalk
from ui.before_key import BeforeKey, ViewStep
from ui.cases import Case, CaseBook
from ui.column import ReadingColumn
from ui.desk import Desk
from ui.frame_bar import FrameBar
from ui.image_area import ImageArea
from ui.key_answers import HELD, KeyAnswers
from ui.map_choice import MapChoice, MapKey
from ui.read_tools import ReadTools
from ui.shortcuts import make_action
from ui.strip import StudyStrip
from ui.task import Pools
from ui.theme import Theme
from ui.toast import Toast
from ui.view_state import ViewState
from ui.viewer import Tool

OPACITY_STEP = 10
VIEWER_KEYS = {"frame_next", "frame_previous", "frame_first", "frame_last"}


class ReadPage(QWidget):
    """Everything of reading one case."""

    sign_asked = Signal()
    retry_asked = Signal()
    reopen_asked = Signal()
    files_exchanged = Signal(str, object)
    case_chosen = Signal(str)
    neighbour_asked = Signal(int)
    image_shown = Signal(str)
    overlay_look_kept = Signal(int)

    def __init__(
        self, theme: Theme, book: CaseBook, desk: Desk, pools: Pools, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.desk, self._book = desk, book
        self._undoable, self._study = False, ""
        self._divided: QByteArray | None = None  # how the page was, while it has no image
        self.strip = StudyStrip(theme, book)
        self.map_choice = MapChoice(desk, self)
        self.image = ImageArea(theme, desk, pools, self.map_choice)
        self.viewer = self.image.viewer
        self.frame_bar = FrameBar()
        self.tools = ReadTools(theme)
        self.column = ReadingColumn(theme, desk, self.map_choice)
        self.walk = BeatWalk(desk, self.frame_bar, self.column, self)
        self.toast = Toast(self.image)
        self.key_answers = KeyAnswers(desk, self.toast, partial(BeforeKey, self), self)
        self._build()
        self._connect()
        self._add_keys()
        self._on_case_closed()

    # --- from outside

    def set_overlay_look(self, shown: bool, percent: int) -> None:
        """Set whether and how strongly maps and outlines are drawn."""
        self.image.pair.set_overlay_look(shown=shown, opacity=percent / 100)
        self.column.set_overlay_look(shown, percent)
        self._show_tools()

    def overlay_look(self) -> tuple[bool, int]:
        """Return whether and how strongly, in percent, maps and outlines are drawn."""
        return self.viewer.overlay_shown, round(self.viewer.overlay_opacity * 100)

    def analysis_arrived(self, key: str) -> None:
        """Show a result where it belongs to the open case; else nothing happens here."""
        if self.desk.case is not None and self.desk.case.key == key:
            self.column.refresh()
            self._on_reading_changed()
            self.image.refresh_words()

    def take_focus(self) -> None:
        """Put the focus on the image; where there is none, into the first field to be filled."""
        self.viewer.setFocus()
        self.column.go_to_values()

    def layout_state(self) -> QByteArray:
        """Return how the page is divided, for the profile."""
        return self._divided or self._split.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Divide the page as it was."""
        if self._divided is None:
            self._split.restoreState(state)
        else:
            self._divided = state

    def step_back(self) -> bool:
        """Go one step back inside the page."""
        if self.frame_bar.playing:
            self.frame_bar.stop_cine()
            return True
        return self.column.step_back()

    # --- building

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        self._centre = QWidget()
        middle = QVBoxLayout(self._centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.image, 1)
        middle.addWidget(self.frame_bar)
        middle.addWidget(self.tools)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(3)
        self._split.addWidget(self._centre)
        self._split.addWidget(self.column)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        row.addWidget(self._split, 1)

    def _connect(self) -> None:
        self.desk.case_opened.connect(self._on_case_opened)
        self.desk.case_closed.connect(self._on_case_closed)
        self.desk.reading_changed.connect(self._on_reading_changed)
        self.desk.identity_changed.connect(self._on_identity_changed)
        self.column.identity.confirmed.connect(self._on_identity_confirmed)
        self.desk.undo.canUndoChanged.connect(self._on_can_undo_changed)
        self.image.image_shown.connect(self.image_shown)
        self.image.sight_changed.connect(self._on_sight_changed)
        self.image.beside_changed.connect(self.tools.show_beside)
        self.image.pair.frame_step_asked.connect(self.frame_bar.step)
        self.image.pair.view_edited.connect(self._on_view_edited)
        self.frame_bar.frame_chosen.connect(self._on_frame_chosen)
        self.frame_bar.cine_due.connect(self._on_cine_due)
        self.tools.act_asked.connect(self._act)
        self.strip.case_chosen.connect(self.case_chosen)
        self._book.found_again.connect(self.image.find_again)
        self._book.copy_taken.connect(self.image.read_anew)
        self.column.begun.take_over_asked.connect(self._on_taken_over)
        self.column.sign_asked.connect(self._on_sign_key)
        self.column.retry_asked.connect(self.retry_asked)
        self.column.computer.reopen_asked.connect(self.reopen_asked)
        self.image.reopen_asked.connect(self.reopen_asked)
        self.image.files_exchanged.connect(self.files_exchanged)
        self.column.beside_asked.connect(self.image.toggle_beside)
        self.column.all_answered.connect(self._on_all_answered)
        self.column.overlay_look_changed.connect(self._on_map_moved)

    def _add_keys(self) -> None:
        viewer, bar, desk = self.viewer, self.frame_bar, self.desk
        self._acts: dict[str, Callable[[], object]] = {
            "nothing_seen": partial(self._give_impression, "nothing_seen"),
            "abnormal": partial(self._give_impression, "abnormal"),
            "unsure": partial(self._give_impression, "unsure"),
            "agree": partial(self.column.answer, "agree"),
            "disagree": partial(self.column.answer, "disagree"),
            "edit": partial(self.column.answer, "edited"),
            "note": self.column.focus_note,
            "signs": self.column.focus_signs,
            "own_report": self.column.focus_report,
            "identity": self.column.ask_identity,
            "retry": self.retry_asked.emit,
            "sign": self._on_sign_key,
            "previous_case": partial(self.neighbour_asked.emit, -1),
            "next_case": partial(self.neighbour_asked.emit, 1),
            "map": self._toggle_map,
            "map_less": partial(self._change_opacity, -OPACITY_STEP),
            "map_more": partial(self._change_opacity, OPACITY_STEP),
            "beside": self._toggle_beside,
            "tool_window": partial(self.use_tool, Tool.WINDOW),
            "tool_zoom": partial(self.use_tool, Tool.ZOOM),
            "tool_pan": partial(self.use_tool, Tool.PAN),
            "zoom_in": partial(viewer.zoom, 1.2),
            "zoom_out": partial(viewer.zoom, 1 / 1.2),
            "fit": viewer.fit,
            "one_to_one": viewer.one_to_one,
            "turn_right": partial(viewer.turn, 1),
            "turn_left": partial(viewer.turn, -1),
            "invert": viewer.invert,
            "preset": self.image.next_preset,
            "original": viewer.original,
            "frame_next": partial(bar.step, 1),
            "frame_previous": partial(bar.step, -1),
            "frame_next_page": partial(bar.step, 1),
            "frame_previous_page": partial(bar.step, -1),
            "frame_first": partial(bar.go, 0),
            "frame_last": partial(bar.go, -1),
            "cine": bar.toggle_cine,
            "undo": desk.undo.undo,
            "redo": desk.undo.redo,
        }
        for name in self._acts:
            owner = self.image if name in VIEWER_KEYS else self
            make_action(name, owner, children_only=owner is self.image).triggered.connect(self._on_key)

    @Slot()
    def _on_key(self) -> None:
        name = self.sender().objectName()
        if name == "undo":
            self.toast.clear_away()
        self.key_answers.carry_out(name, self._act)

    def notice_key(self, event: QKeyEvent) -> None:
        """Notice a letter or digit that is nobody's key: it is typing that missed its field."""
        if event.text().isprintable() and event.text() and not event.modifiers() & HELD:
            self.key_answers.strike(event.text())

    @Slot(str)
    def _act(self, name: str) -> None:
        if self.desk.case is not None:
            self._acts[name]()

    # --- the open case

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        self.toast.clear_away()
        study = self._book.study_of(case.key).key
        if study != self._study:
            self._study = study
            self.use_tool(Tool.WINDOW)
        self.walk.begin()
        first = self.walk.first_frame(case.unit)
        self.frame_bar.begin(case.unit.frames, first)
        self.strip.show_case(case)
        self._show_image_side(not is_typed(case.unit))
        self._show_tools()
        self.image.open(case, first)
        self.take_focus()

    def _show_image_side(self, shown: bool) -> None:
        """Divide the page between image and column; where there is no image the column has it all."""
        if shown == (self._divided is None):
            return
        if not shown:
            self._divided = self._split.saveState()
        self.column.set_wide(not shown, self.image.no_image())
        self.toast.stand_over(self.image if shown else self.column)
        self._centre.setVisible(shown)
        if shown and self._divided is not None:
            self._split.restoreState(self._divided)
            self._divided = None

    @Slot()
    def _on_taken_over(self) -> None:
        """Take the keys to the image: what follows is an impression, and no field's text."""
        self.viewer.setFocus()

    @Slot()
    def _on_case_closed(self) -> None:
        self.frame_bar.begin(1)
        self._show_image_side(True)
        self._show_tools()
        self.strip.show_case(None)
        self.image.close_case()

    @Slot()
    def _on_reading_changed(self) -> None:
        self._show_tools()
        self.image.lay_overlay()
        self.walk.show_outlines()

    @Slot(bool)
    def _on_can_undo_changed(self, possible: bool) -> None:
        self._undoable = possible
        self._show_tools()

    def _show_tools(self) -> None:
        no_map = self.image.why_no_map()
        self.tools.set_usable(
            case_open=self.desk.case is not None,
            no_image=self.image.no_image(),
            no_map=no_map,
            undoable=self._undoable,
        )
        self.tools.buttons["map"].setChecked(not no_map and self.viewer.overlay_shown)

    @Slot(object)
    def _on_identity_changed(self, case: Case) -> None:
        if case is self.desk.case:
            self.image.refresh_words()

    @Slot()
    def _on_identity_confirmed(self) -> None:
        """Have no digit that was meant for the form count as an answer once the form has gone."""
        self.key_answers.guard.expect_typing()

    @Slot(bool)
    def _on_sight_changed(self, seen: bool) -> None:
        self.column.set_image_in_sight(seen)
        if not seen:
            self.frame_bar.stop_cine()

    @Slot()
    def _on_frame_chosen(self) -> None:
        self.image.show_frame(self.frame_bar.frame, self.frame_bar.direction)

    @Slot()
    def _on_cine_due(self) -> None:
        """Go on only when the next frame is there: playing never waits for the disk."""
        case, bar = self.desk.case, self.frame_bar
        if case is None or not self.image.is_shown(bar.frame):
            return
        following = self.walk.following(bar.frame)
        if self.image.frames.find(case.key, following) is None:
            self.image.frames.ask(case.key, case.unit, following)
            return
        bar.go(following)

    # --- acts

    def _give_impression(self, impression: Impression) -> None:
        if self.desk.wants_final_read:
            self.desk.give_final_read(impression)
        elif self.column.impression.buttons[impression].isEnabled():
            self.desk.give_impression(impression)

    @Slot()
    def _on_sign_key(self) -> None:
        """Take own words that were left without Enter, then sign, or say what is missing."""
        if not self.column.take_words():
            self.toast.say(self.tr("Type your own words, or choose Agree or Disagree."))
        elif self.column.sign.isEnabled():
            self.sign_asked.emit()
        else:
            self.toast.say(self.column.missing.text())

    @Slot()
    def _on_all_answered(self) -> None:
        self.toast.say(
            self.tr("Each finding has its answer. Click into the one that you want to answer otherwise.")
        )

    def use_tool(self, tool: Tool) -> None:
        """Set what a drag does."""
        self.image.pair.use_tool(tool)
        self.tools.use(tool)

    def _toggle_map(self) -> None:
        """Show the map of the finding at hand, or put it away."""
        no_map = self.image.why_no_map()
        if no_map:
            self.toast.say(no_map)
        else:
            shown, percent = self.overlay_look()
            at_hand = self.column.map_in_hand()
            if at_hand not in (None, self.map_choice.chosen()):
                self.map_choice.choose(at_hand)
                shown = False
            if shown and isinstance(QApplication.focusWidget(), QSlider):
                self.viewer.setFocus()  # a slider that goes grey would hand the focus to an answer
            self.change_overlay_look(not shown, percent)

    def _toggle_beside(self) -> None:
        if self.image.no_image():
            self.toast.say(self.image.no_image())
        elif self.image.correction() is not None:
            self.image.toggle_beside()
        elif self.desk.case is not None and self.desk.case.analysis is None:
            self.toast.say(self.tr("No model has looked at this image yet: nothing to show beside it."))
        else:
            self.toast.say(
                self.tr("No model turned or inverted this image: there is nothing to show beside it.")
            )

    def _change_opacity(self, step: int) -> None:
        if not self.image.why_no_map():
            percent = max(10, min(100, self.overlay_look()[1] + step))
            self.change_overlay_look(True, percent)

    @Slot(object, bool, int)
    def _on_map_moved(self, whose: MapKey, shown: bool, percent: int) -> None:
        self.map_choice.choose(whose)
        self.change_overlay_look(shown, percent)

    def change_overlay_look(self, shown: bool, percent: int) -> None:
        """Set it and have it kept."""
        self.set_overlay_look(shown, percent)
        self.overlay_look_kept.emit(percent)

    @Slot(object, object)
    def _on_view_edited(self, before: ViewState, after: ViewState) -> None:
        self.desk.undo.push(ViewStep(self.viewer, before, after))
