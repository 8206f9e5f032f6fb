"""The recovery sheet on the screen: print it or copy it by hand, and say that it is kept."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from ui.controls import KeyButton, enable, label
from ui.door_page import DoorPage
from ui.recovery_sheet import GROUPS_A_ROW, SheetPrinting
from ui.theme import Theme

WIDTH = 560
HIDDEN = "••••"


class SheetView(QWidget):
    """The code in numbered groups, a button to print it, and a line in which it is typed from the paper.

    Of a printed sheet one group is asked for, chosen by chance; of a copy by hand all of them, since any of
    them may be copied wrongly, and that would be found on the day on which the sheet is needed.
    """

    confirmed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._code = ""
        self._groups: list[QLabel] = []
        self.asked: tuple[int, ...] = ()
        self._printing = SheetPrinting(self)
        self._printing.printed.connect(self.ask_one)
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
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        column.addLayout(self._grid)
        self.print_button = KeyButton(self.tr("Print the sheet …"))
        by_hand = self.tr("No printer is set up on this computer: copy the code by hand.")
        enable(self.print_button, SheetPrinting.is_possible(), by_hand)
        self.print_button.clicked.connect(self._on_print)
        column.addWidget(self.print_button)
        if not SheetPrinting.is_possible():
            column.addWidget(label(by_hand, "small", wrap=True))
        self._ask = label("", "small", wrap=True)
        column.addWidget(self._ask)
        self.typed = QLineEdit()
        self.typed.setMaxLength(80)
        column.addWidget(self.typed)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        column.addWidget(self.wrong)
        self.typed.returnPressed.connect(self.confirm)
        self.typed.textEdited.connect(self.wrong.hide)
        self.typed.installEventFilter(self)

    def show_code(self, code: str) -> None:
        """Show a code; what is asked of it goes out of sight while it is typed from the paper."""
        self._code = code
        self._groups = []
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for place, group in enumerate(code.split("-")):
            row, across = divmod(place, GROUPS_A_ROW)
            self._groups.append(label(group, "code"))
            number = label(str(place + 1), "small")
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(number, row, 2 * across)
            self._grid.addWidget(self._groups[-1], row, 2 * across + 1)
            self._grid.setColumnStretch(2 * across + 1, 1)
        self._ask_for(tuple(range(len(self._groups))))

    def forget(self) -> None:
        """Keep nothing of the code."""
        self.show_code("")

    @Slot()
    def ask_one(self) -> None:
        """Ask for one group of the printed sheet, nobody knows which beforehand."""
        self._ask_for((secrets.randbelow(len(self._groups)),))

    def _ask_for(self, asked: tuple[int, ...]) -> None:
        self.asked = asked
        one = len(asked) == 1
        self._ask.setText(
            self.tr("Now type group {number} from your paper. It is out of sight meanwhile.").format(
                number=asked[0] + 1
            )
            if one
            else self.tr("Now type the whole code from your paper. It is out of sight meanwhile.")
        )
        self.typed.setAccessibleName(self._ask.text())
        self.typed.setPlaceholderText(
            self.tr("four letters or digits") if one else self.tr("nine groups, as they stand on your paper")
        )
        self.typed.clear()
        self.wrong.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hide what is typed, so that it comes from the paper."""
        if watched is self.typed and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._hide(event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _hide(self, hidden: bool) -> None:
        for place, (shown, group) in enumerate(zip(self._groups, self._code.split("-"), strict=False)):
            shown.setText(HIDDEN if hidden and place in self.asked else group)

    @Slot()
    def confirm(self) -> None:
        """Take what was typed, if it is right; else show the code again, to be compared."""
        from store.secret_words import wrong_groups

        expected = [self._code.split("-")[place] for place in self.asked]
        bad = wrong_groups(self.typed.text(), expected) if self._code else ()
        if self._code and not bad:
            self.wrong.hide()
            self.confirmed.emit()
            return
        self.typed.clearFocus()
        self._hide(hidden=False)
        names = ", ".join(str(self.asked[place] + 1) for place in bad)
        self.wrong.setText(
            self.tr(
                "That is not the code: see group {groups}. It stands above again: compare your paper with "
                "it, put the paper right, then type it once more."
            ).format(groups=names)
            if self.typed.text().strip()
            else self.tr("Type it from your paper first: so a slip in copying is found today.")
        )
        self.wrong.show()

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
