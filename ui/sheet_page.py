"""The recovery sheet on the screen: print it or copy it by hand, and say that it is kept."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from ui.controls import KeyButton, enable, label
from ui.door_page import DoorPage
from ui.recovery_sheet import SheetPrinting
from ui.theme import Theme

GROUPS_A_ROW = 3
WIDTH = 560
HIDDEN = "••••"


class SheetView(QWidget):
    """The code in groups, a button to print it, and its last group to be typed from the paper."""

    confirmed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._code = ""
        self._end = label()
        self._printing = SheetPrinting(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(
            label(
                self.tr(
                    "Print this code, or copy it by hand, and keep it locked up and apart from this "
                    "computer. It is shown only now, and it is not saved as a file: a file would lie "
                    "beside what it opens."
                ),
                "muted",
                wrap=True,
            )
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(22)
        self._grid.setVerticalSpacing(6)
        column.addLayout(self._grid)
        self.print_button = KeyButton(self.tr("Print the sheet …"))
        by_hand = self.tr("No printer is set up on this computer: copy the code by hand.")
        enable(self.print_button, SheetPrinting.is_possible(), by_hand)
        self.print_button.clicked.connect(self._on_print)
        column.addWidget(self.print_button)
        if not SheetPrinting.is_possible():
            column.addWidget(label(by_hand, "small", wrap=True))
        column.addWidget(label(self.tr("Now type the last group from your paper"), "small"))
        self.last = QLineEdit()
        self.last.setMaxLength(8)
        self.last.setAccessibleName(self.tr("Last group of the code"))
        self.last.setPlaceholderText(self.tr("four letters or digits"))
        column.addWidget(self.last)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        column.addWidget(self.wrong)
        self.last.returnPressed.connect(self.confirm)
        self.last.installEventFilter(self)

    def show_code(self, code: str) -> None:
        """Show a code; its last group goes out of sight while it is typed from the paper."""
        self._code = code
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for place, group in enumerate(code.split("-")):
            self._end = label(group, "code")
            self._grid.addWidget(self._end, place // GROUPS_A_ROW, place % GROUPS_A_ROW)
        self.last.clear()
        self.wrong.hide()

    def forget(self) -> None:
        """Keep nothing of the code."""
        self.show_code("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hide the last group while it is typed, so that it comes from the paper."""
        if watched is self.last and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            group = self._code.split("-")[-1]
            self._end.setText(HIDDEN if event.type() == QEvent.Type.FocusIn else group)
        return super().eventFilter(watched, event)

    @Slot()
    def confirm(self) -> None:
        """Take the last group, if it is right."""
        from store.secret_words import same_letters

        if self._code and same_letters(self.last.text(), self._code.split("-")[-1]):
            self.wrong.hide()
            self.confirmed.emit()
            return
        self.wrong.setText(self.tr("That is not the last group. Compare your paper with the code above."))
        self.wrong.show()
        self.last.selectAll()
        self.last.setFocus()

    @Slot()
    def _on_print(self) -> None:
        self._printing.ask(self._code)


class SheetPage(DoorPage):
    """The screen with the sheet."""

    confirmed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, self.tr("The recovery sheet"), parent, width=WIDTH)
        self.view = SheetView()
        self.view.confirmed.connect(self.confirmed)
        self.body.addWidget(self.view)
        self.foot.addStretch(1)
        self.go = self.act(self.tr("I keep the sheet"), primary=True)
        self.go.clicked.connect(self.view.confirm)

    def begin(self, code: str) -> None:
        """Show the code."""
        self.view.show_code(code)
        (self.view.print_button if self.view.print_button.isEnabled() else self.go).setFocus()


class OfferSheetPage(DoorPage):
    """Offers a new sheet; the earlier one opens the records until it is made."""

    wanted = Signal()
    put_off = Signal()

    def __init__(self, theme: Theme, *, used: bool, parent: QWidget | None = None) -> None:
        super().__init__(theme, self.tr("A new recovery sheet?"), parent, width=WIDTH)
        self.say(
            self.tr(
                "The sheet was used just now. Others may have seen its code: a new sheet makes it worthless."
            )
            if used
            else self.tr(
                "Nobody has confirmed that the recovery sheet of this computer is kept. Without it, a "
                "forgotten password can lock everybody out for good."
            )
        )
        later = self.tr("Keep the sheet that I have") if used else self.tr("Ask again next time")
        self.act(later).clicked.connect(self.put_off)
        self.foot.addStretch(1)
        self.go = self.act(self.tr("Make a new sheet"), primary=True)
        self.go.clicked.connect(self._on_wanted)

    @Slot()
    def _on_wanted(self) -> None:
        self.go.setEnabled(False)
        self.wanted.emit()
