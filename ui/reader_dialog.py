"""Entering a person who may sign: name, role, number, PIN."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from ui.controls import label, line_in
from ui.sheet_dialog import LEAST_PIN, PinField, Sheet


class ReaderDialog(Sheet):
    """Enters a person who may sign."""

    entered = Signal(str, str, str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self.tr("Who signs on this computer?"), self.tr("Enter this reader"), parent)
        self.body.addWidget(
            label(
                self.tr(
                    "Name, role and registration number are printed under each signature. "
                    "The PIN stays on this computer."
                ),
                "muted",
                wrap=True,
            )
        )
        grid = self.grid()
        self.name = line_in(grid, 0, self.tr("Name"), self.tr("Sr. N. Otieno"))
        self.role = line_in(grid, 1, self.tr("Role"), self.tr("clinical officer"))
        self.number = line_in(grid, 2, self.tr("Registration no."), self.tr("as on the licence"))
        self.pin = PinField(self.tr("PIN"))
        self.pin.setPlaceholderText(self.tr("at least four digits"))
        self.again = PinField(self.tr("PIN again"))
        for row, (words, field) in enumerate(
            ((self.tr("PIN"), self.pin), (self.tr("PIN again"), self.again)), 3
        ):
            grid.addWidget(label(words, "muted"), row, 0)
            grid.addWidget(field, row, 1)
        self.yes.clicked.connect(self._on_entered)
        self.name.setFocus()

    @Slot()
    def _on_entered(self) -> None:
        empty = next(
            (field for field in (self.name, self.role, self.number) if not field.text().strip()), None
        )
        if empty is not None:
            self.tell(self.tr("{field} is needed.").format(field=empty.accessibleName()))
            empty.setFocus()
        elif len(self.pin.text()) < LEAST_PIN:
            self.tell(self.tr("The PIN needs at least four digits."))
            self.pin.setFocus()
        elif self.pin.text() != self.again.text():
            self.tell(self.tr("The two PINs differ. Type them again."))
            self.again.setFocus()
            self.again.selectAll()
        else:
            self.entered.emit(
                self.name.text().strip(),
                self.role.text().strip(),
                self.number.text().strip(),
                self.pin.text(),
            )
