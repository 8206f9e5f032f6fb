"""What a pack measured: numbers with intervals, the colours of the outlines, the curve through the beat."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from core.model_facts import ModelFacts
from core.result import Measurement, PackResult
from services import overlays
from services.words import cautions, measured_words, measuring_notes, range_words, sources_below, tile_words
from ui.beat_curve import BeatCurve
from ui.controls import PushButton, label
from ui.theme import Theme
from ui.watermarked_card import WatermarkedCard

_MANY = 10  # beyond them, what has no interval of its own is folded away
_ONE_LINE = 24  # letters of a value that stay in one line


class MeasureCard(WatermarkedCard):
    """The numbers of one pack; what is said of how they were measured stands in their tooltips."""

    phase_asked = Signal(int)

    def __init__(
        self, theme: Theme, pack: PackResult, facts: ModelFacts | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, pack, pack.title, "strong", parent)
        self.curve: BeatCurve | None = None
        for sentence in cautions(pack):
            self.body.addWidget(label(sentence, "warning", wrap=True))
        self._build_legend(pack)
        self._build_numbers(pack.measurements)
        if pack.curves:
            self._build_curve(theme, pack)
        if pack.tiles:
            self.body.addWidget(
                label(self.tr("Highest tiles: {tiles}").format(tiles=tile_words(pack)), "small", wrap=True)
            )
        notes = [note for note in measuring_notes(pack) if note not in cautions(pack)]
        how = [first.method for first in pack.measurements[:1] if pack.volumes and first.method]
        told = sources_below(pack.measurements)
        for sentence in (*told, *how, *notes, *(facts.always_say if facts else ())):
            self.body.addWidget(label(sentence, "small", wrap=True))

    def show_phase(self, phase: int | None) -> None:
        """Mark on the curve the phase that is in sight."""
        if self.curve is not None:
            self.curve.show_phase(phase)

    def _build_curve(self, theme: Theme, pack: PackResult) -> None:
        self.curve = BeatCurve(theme, pack.curves)
        self.curve.phase_chosen.connect(self.phase_asked)
        self.body.addWidget(self.curve)
        names = {"ed": self.tr("End-diastole"), "es": self.tr("End-systole")}
        row = QHBoxLayout()
        row.setSpacing(8)
        for code, phase in pack.curves[0].marks:
            button = PushButton(names.get(code, code.upper()))
            button.setToolTip(self.tr("Show phase {phase} of the beat").format(phase=phase + 1))
            button.setProperty("phase", phase)
            button.setAccessibleDescription(button.toolTip())
            button.clicked.connect(self._on_mark_clicked)
            row.addWidget(button, 1)
        self.body.addLayout(row)

    @Slot()
    def _on_mark_clicked(self) -> None:
        self.phase_asked.emit(int(self.sender().property("phase")))

    def _build_legend(self, pack: PackResult) -> None:
        drawn = [(overlays.outline_colour(volume.code), volume.label) for volume in pack.volumes]
        for mask in pack.masks:
            colour = overlays.mask_colour(mask.code)
            if colour is not None:
                drawn.append((colour, mask.label))
        if not drawn:
            return
        legend = label("", "small", wrap=True)
        legend.setTextFormat(Qt.TextFormat.RichText)
        legend.setText("&nbsp;  ".join(_dot(colour, words) for colour, words in drawn))
        legend.setAccessibleName(", ".join(words for _, words in drawn))
        self.body.addWidget(legend)

    def _build_numbers(self, measurements: tuple[Measurement, ...]) -> None:
        many = len(measurements) > _MANY
        first = [one for one in measurements if one.interval is not None or not many]
        further = [one for one in measurements if one not in first]
        self.body.addWidget(_numbers(first))
        if further:
            self.further = _numbers(further)
            self.further.hide()
            self.more = PushButton(self.tr("Show {count} more").format(count=len(further)))
            self.more.setProperty("kind", "link")
            self.more.setCheckable(True)
            self.more.setCursor(Qt.CursorShape.PointingHandCursor)
            self.more.toggled.connect(self._on_more)
            self.body.addWidget(self.further)
            self.unsure = label(self.tr("How far these are off was not measured."), "small", wrap=True)
            self.unsure.hide()
            self.body.addWidget(self.unsure)
            self.body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
            self._folded = self.more.text()

    @Slot(bool)
    def _on_more(self, shown: bool) -> None:
        self.further.setVisible(shown)
        self.unsure.setVisible(shown)
        self.more.setText(self.tr("Show fewer") if shown else self._folded)


def _numbers(measurements: list[Measurement]) -> QWidget:
    """Return names and values below one another, with what was measured how in their tooltips."""
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setColumnStretch(0, 1)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(3)
    for number, one in enumerate(measurements):
        words = measured_words(one)
        name, value = label(one.label, "muted", wrap=True), label(words, "body", wrap=len(words) > _ONE_LINE)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        for part in (name, value):
            part.setToolTip(one.method)
        grid.addWidget(name, 2 * number, 0)
        grid.addWidget(value, 2 * number, 1)
        usual, outside = range_words(one)
        if usual:
            beside = label(usual, "warning" if outside else "small", wrap=True)
            grid.addWidget(beside, 2 * number + 1, 0, 1, 2)
    return made


def _dot(colour: tuple[int, int, int], words: str) -> str:
    red, green, blue = colour
    together = html.escape(words).replace(" ", "&nbsp;")
    return f'<span style="color:#{red:02x}{green:02x}{blue:02x}">●</span>&nbsp;{together}'
