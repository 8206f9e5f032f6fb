"""The settings of what is kept: copies of images, and for how long records are kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.controls import Card, KeyButton, label
from ui.still_controls import StillComboBox, StillSpinBox

MOST_YEARS = 99
MEGABYTE = 1_000_000


class KeepingCard(Card):
    """Whether images are copied, for how long records are kept, and who is due."""

    due_asked = Signal()
    failed = Signal(object)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workplace = workplace
        name = self.tr("What is kept")
        self.setAccessibleName(name)
        self.body.addWidget(label(name.upper(), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self._build_images(grid)
        self.adult = self._years(grid, 2, self.tr("Adults"), "keep.years_adult")
        self.child = self._years(grid, 3, self.tr("Children"), "keep.child_until_age")
        self.adult.setSuffix(self.tr(" years after the last entry"))
        self.child.setPrefix(self.tr("at least until the age of "))
        self.adult.setSpecialValueText(self.tr("No limit: nothing is listed as due"))
        self.child.setSpecialValueText(self.tr("As adults"))
        self.body.addWidget(
            label(
                self.tr(
                    "Your country's law says how long. One known scheme (NHS England, 2021): 8 years, and "
                    "for children until 25. Nothing is ever deleted by itself."
                ),
                "small",
                wrap=True,
            )
        )
        self.due = KeyButton(self.tr("Show whose records are due …"))
        self.due.clicked.connect(self.due_asked)
        self.body.addWidget(self.due, 0, Qt.AlignmentFlag.AlignLeft)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the values in force, and let who is logged in change what they may."""
        settings, session = self._workplace.settings, self._workplace.session
        may = session.may("settings")
        for part in (self.images, self.adult, self.child):
            part.setEnabled(may)
            part.blockSignals(True)
        self.images.setCurrentIndex(max(0, self.images.findData(settings.text("images.keep"))))
        self.adult.setValue(int(settings.number("keep.years_adult")))
        self.child.setValue(int(settings.number("keep.child_until_age")))
        for part in (self.images, self.adult, self.child):
            part.blockSignals(False)
        self.due.setVisible(session.may("delete"))
        self._show_copied()

    def _build_images(self, grid: QGridLayout) -> None:
        self.images = StillComboBox()
        self.images.setAccessibleName(self.tr("Images"))
        self.images.addItem(self.tr("Stay on their stick or disk"), "reference")
        self.images.addItem(self.tr("Are copied into the records, encrypted, when opened"), "copy")
        self.images.activated.connect(self._on_images)
        grid.addWidget(label(self.tr("Images"), "muted"), 0, 0)
        grid.addWidget(self.images, 0, 1)
        self.copied = label("", "small", wrap=True)
        grid.addWidget(self.copied, 1, 1)

    def _years(self, grid: QGridLayout, row: int, name: str, key: str) -> QSpinBox:
        box = StillSpinBox()
        box.setObjectName(key)
        box.setRange(0, MOST_YEARS)
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_years)
        grid.addWidget(label(name, "muted"), row, 0)
        grid.addWidget(box, row, 1)
        return box

    def _show_copied(self) -> None:
        kept = self._workplace.images.all()
        size = sum(one.byte_count for one in kept) / MEGABYTE
        self.copied.setText(
            self.tr("{count} copied so far, {size} MB").format(count=len(kept), size=f"{size:,.1f}")
            if kept
            else self.tr("None copied so far.")
        )

    def _keep(self, key: str, value: str | int) -> None:
        try:
            self._workplace.set_for_site(key, value)
        except FarlightError as error:
            self.failed.emit(error)
            self.refresh()

    @Slot()
    def _on_images(self) -> None:
        self._keep("images.keep", self.images.currentData())

    @Slot(int)
    def _on_years(self, value: int) -> None:
        self._keep(self.sender().objectName(), value)
