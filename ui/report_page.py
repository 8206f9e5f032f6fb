"""The report on the screen as it is on paper; export and print."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.errors import FarlightError
from ui.controls import Chip, Elided, KeyButton, enable, label
from ui.picture_layer import pixels_image
from ui.printing import Pages, page_pictures
from ui.shortcuts import make_action
from ui.still_controls import StillComboBox
from ui.task import Handle, Pools, Task
from ui.theme import Theme

PAPERS = ("A4", "Letter", "A5")
LEAST_PREVIEW_DPI, MOST_PREVIEW_DPI = 60.0, 120.0
WIDEST_PAGE_INCHES = 8.5
PAGE_GAP = 20


class ReportPage(QWidget):
    """Preview, paper size, export, print."""

    paper_chosen = Signal(str)
    export_asked = Signal(bytes)
    print_asked = Signal(bytes)
    failed = Signal(object)

    def __init__(self, theme: Theme, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._theme, self._pools = theme, pools
        self._key: object = None
        self._whose: str | None = None
        self._forbidden = ""
        self._pdf: bytes | None = None
        self._task: Task | None = None
        self._pages: list[QLabel] = []
        self._pictures: list[QPixmap] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 0)
        column.setSpacing(12)
        column.addLayout(self._build_head())
        column.addWidget(self._build_area(), 1)
        make_action("export", self).triggered.connect(self._on_export)
        make_action("print", self).triggered.connect(self._on_print)
        self.show_nothing(self.tr("No study is open. A report appears here for the study that you read."))

    @property
    def pdf(self) -> bytes | None:
        """The PDF in sight."""
        return self._pdf

    def show_nothing(self, text: str) -> None:
        """Show a sentence instead of pages."""
        self._key = self._whose = None
        self._pdf = None
        self._clear()
        self._words.setText(text)
        self._words.show()
        self.tell_paper("")
        self._enable(False, text)

    def forbid(self, why_not: str) -> None:
        """Let nothing leave for who is logged in, and say why; "" allows it again."""
        self._forbidden = why_not
        self._enable(self._pdf is not None, self._words.text())

    def tell_paper(self, text: str) -> None:
        """Say beside the paper size as what the next paper goes out."""
        self._next.set_whole(text)
        self._next.setVisible(bool(text))

    def paper(self) -> str:
        """Return the paper size that is chosen."""
        return self._paper.currentText()

    def show_report(
        self, key: object, render: Callable[[], bytes], *, whose: str, signed: bool, paper: str
    ) -> None:
        """Make and show the report of the case ``whose``; an older one that comes late is not shown.

        Pages of the same case stay in sight while they are made anew.
        """
        if whose != self._whose:
            self._clear()  # never one patient's pages under another's banner
        self._key, self._whose = key, whose
        self._pdf = None
        self._state.set_chip(
            self.tr("Signed") if signed else self.tr("Unsigned"), "accent" if signed else "warning"
        )
        self._paper.blockSignals(True)
        self._paper.setCurrentIndex(max(0, self._paper.findText(paper)))
        self._paper.blockSignals(False)
        self._enable(False, self.tr("The report is being made"))
        if not self._pages:
            self._words.setText(self.tr("Making the report …"))
            self._words.show()
        if self._task is not None:
            self._task.cancel()
        self._task = self._pools.files("report", _Report(render, self._preview_dpi()), key=key, priority=9)
        self._task.succeeded.connect(self._on_made)
        self._task.failed.connect(self._on_failed)

    def _build_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label(self.tr("Report"), "title"))
        self._state = Chip()
        head.addWidget(self._state)
        head.addStretch(1)
        head.addWidget(label(self.tr("Paper"), "muted"))
        self._paper = StillComboBox()
        self._paper.addItems(PAPERS)
        self._paper.setAccessibleName(self.tr("Paper"))
        self._paper.setMinimumWidth(96)
        self._paper.currentTextChanged.connect(self.paper_chosen)
        head.addWidget(self._paper)
        self._next = Elided("", "muted")
        self._next.hide()
        head.addWidget(self._next)
        self._export = KeyButton(self.tr("Export PDF …"), "export")
        self._export.clicked.connect(self._on_export)
        self._print = KeyButton(self.tr("Print …"), "print")
        self._print.clicked.connect(self._on_print)
        head.addWidget(self._export)
        head.addWidget(self._print)
        return head

    def _build_area(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        inner = QWidget()
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(0, 0, 0, 18)
        self._words = label("", "muted", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        whole.addWidget(self._words, 1)
        self._sheets = QGridLayout()
        self._sheets.setSpacing(PAGE_GAP)
        whole.addLayout(self._sheets)
        whole.addStretch(0)
        area.setWidget(inner)
        self._area = area
        return area

    def _columns(self) -> int:
        """Return how many pages stand side by side: two, or one where two would be too small to read."""
        return 2 if self._page_width(2) >= LEAST_PREVIEW_DPI * WIDEST_PAGE_INCHES else 1

    def _page_width(self, columns: int) -> int:
        room = self._area.width() - self._area.verticalScrollBar().sizeHint().width()
        return (room - PAGE_GAP * (columns + 1)) // columns

    def _preview_dpi(self) -> float:
        """Return the resolution at which the pages fill the width."""
        room = self._page_width(self._columns()) / WIDEST_PAGE_INCHES
        return max(LEAST_PREVIEW_DPI, min(MOST_PREVIEW_DPI, room))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the pages within the width."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = self._columns()
        most = self._page_width(columns)
        for number, (page, picture) in enumerate(zip(self._pages, self._pictures, strict=True)):
            fits = picture.width() <= most
            smooth = Qt.TransformationMode.SmoothTransformation
            page.setPixmap(picture if fits else picture.scaledToWidth(most, smooth))
            place = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter
            self._sheets.addWidget(page, number // columns, number % columns, place)

    def _enable(self, enabled: bool, why_not: str = "") -> None:
        for button in (self._export, self._print):
            enable(button, enabled and not self._forbidden, self._forbidden or why_not)
        self._state.setVisible(self._key is not None)

    @Slot(object)
    def _on_made(self, made: tuple[bytes, Pages]) -> None:
        if getattr(self.sender(), "key", None) != self._key:
            return
        self._pdf, pages = made
        self._clear()
        self._words.hide()
        for number, pixels in enumerate(pages):
            page = QLabel()
            self._pictures.append(QPixmap.fromImage(pixels_image(pixels)))
            page.setAccessibleName(
                self.tr("Page {number} of {count}").format(number=number + 1, count=len(pages))
            )
            page.setFrameShape(QFrame.Shape.Box)
            page.setProperty("paper", True)
            self._pages.append(page)
        self._arrange()
        self._enable(True)
        if self.isVisible():
            self._export.setFocus()

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        if getattr(self.sender(), "key", None) == self._key:
            self.show_nothing(error.message)
            self.failed.emit(error)

    def _clear(self) -> None:
        for page in self._pages:
            page.hide()
            page.setParent(None)
            page.deleteLater()
        self._pages.clear()
        self._pictures.clear()

    @Slot()
    def _on_export(self) -> None:
        if self._pdf is not None and not self._forbidden:
            self.export_asked.emit(self._pdf)

    @Slot()
    def _on_print(self) -> None:
        if self._pdf is not None and not self._forbidden:
            self.print_asked.emit(self._pdf)


class _Report:
    """The Qt-free work of making a PDF and its preview."""

    def __init__(self, render: Callable[[], bytes], dots_per_inch: float) -> None:
        self._render = render
        self._dots_per_inch = dots_per_inch

    def __call__(self, _handle: Handle) -> tuple[bytes, Pages]:
        pdf = self._render()
        return pdf, page_pictures(pdf, self._dots_per_inch)
