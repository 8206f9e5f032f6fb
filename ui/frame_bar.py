"""Going through the images of a series: slider, number, playing."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.controls import KeyButton, label
from ui.still_controls import StillSlider

CINE_MS = 70


class FrameBar(QWidget):
    """Which image of the series is in sight; hidden where there is only one."""

    frame_chosen = Signal()
    cine_due = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tools")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.frame, self.count, self.direction = 0, 1, 1
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 14, 4)
        row.setSpacing(10)
        self._words = label("", "small")
        self._words.setMinimumWidth(96)
        self._slider = StillSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(self.tr("Image in the series"))
        self._slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._play = KeyButton(self.tr("Play"), "cine")
        row.addWidget(self._words)
        row.addWidget(self._slider, 1)
        row.addWidget(self._play)
        self._cine = QTimer(self)
        self._cine.setInterval(CINE_MS)
        self._cine.timeout.connect(self.cine_due)
        self._slider.valueChanged.connect(self.go)
        self._play.clicked.connect(self.toggle_cine)

    def begin(self, count: int, first: int = 0) -> None:
        """Stand on an image of a series, without telling anybody."""
        self.stop_cine()
        self.frame, self.count, self.direction = first, count, 1
        self.setVisible(count > 1)
        self._slider.blockSignals(True)
        self._slider.setRange(0, max(0, count - 1))
        self._slider.blockSignals(False)
        self._show()

    @Slot(int)
    def go(self, frame: int) -> None:
        """Go to an image; -1 is the last."""
        frame = self.count - 1 if frame < 0 else min(frame, self.count - 1)
        if frame != self.frame:
            self.frame = frame
            self._show()
            self.frame_chosen.emit()

    @Slot(int)
    def step(self, step: int) -> None:
        """Go on or back, and stop at the ends."""
        self.direction = 1 if step > 0 else -1
        self.go(max(0, min(self.count - 1, self.frame + step)))

    @property
    def playing(self) -> bool:
        """Whether the images follow one another by themselves."""
        return self._cine.isActive()

    @Slot()
    def toggle_cine(self) -> None:
        """Play or stop."""
        if self.playing:
            self.stop_cine()
        elif self.count > 1:
            self.direction = 1
            self._cine.start()
            self._play.set_words(self.tr("Stop"))

    def stop_cine(self) -> None:
        """Stop playing."""
        self._cine.stop()
        self._play.set_words(self.tr("Play"))

    def _show(self) -> None:
        self._words.setText(
            self.tr("Image {number} / {count}").format(number=self.frame + 1, count=self.count)
        )
        self._slider.blockSignals(True)
        self._slider.setValue(self.frame)
        self._slider.blockSignals(False)
