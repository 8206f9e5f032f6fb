"""The first impression: asked before anything else is shown, and told afterwards."""

from __future__ import annotations

import html

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QWidget

from core.decision import FinalRead, FirstRead, Impression
from ui import words
from ui.controls import Card, KeyButton, enable, label

IMPRESSIONS: tuple[Impression, ...] = ("nothing_seen", "abnormal", "unsure")


class ReadCard(Card):
    """Asks for one of three words on the image."""

    given = Signal(str)

    def __init__(self, title: str, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.addWidget(label(title, "title"))
        self.why = label(why, "muted", wrap=True)
        self.body.addWidget(self.why)
        self.body.addSpacing(2)
        names = (self.tr("Nothing seen"), self.tr("Abnormal"), self.tr("Unsure"))
        self.buttons = {}
        for impression, name in zip(IMPRESSIONS, names, strict=True):
            button = KeyButton(name, impression, spread=True)
            button.setProperty("tall", True)
            button.setFixedHeight(44)
            button.setObjectName(impression)
            button.clicked.connect(self._on_clicked)
            self.body.addWidget(button)
            self.buttons[impression] = button

    def set_ready(self, ready: bool, why_not: str = "") -> None:
        """Let the impression be given only where the image is in sight."""
        for button in self.buttons.values():
            enable(button, ready, why_not or self.tr("First the image must be in sight"))

    @Slot()
    def _on_clicked(self) -> None:
        self.given.emit(self.sender().objectName())


class ImpressionCard(ReadCard):
    """Asks what the reader sees, before anything else is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr("What do you see?"),
            self.tr("Read the image first. The computer's result opens after your first impression."),
            parent,
        )


class FinalReadCard(ReadCard):
    """Asks for the final read where no score is to be agreed or disagreed with."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr("Your final read"),
            "",
            parent,
        )
        for button in self.buttons.values():
            button.setCheckable(True)

    def show_why(self, why: str) -> None:
        """Say why it is asked for."""
        self.why.setText(self.tr("{why} Look again: what do you say of the image?").format(why=why))

    def show_final_read(self, final: FinalRead | None, *, locked: bool) -> None:
        """Show what was said; it may be said anew until it is signed."""
        for impression, button in self.buttons.items():
            button.setChecked(final is not None and final.impression == impression)
            enable(button, not locked, self.tr("Signed: later words go into an addendum"))


def impression_words(first: FirstRead | FinalRead) -> str:
    """Return the impression in words."""
    said = {
        "nothing_seen": QCoreApplication.translate("impression", "nothing seen"),
        "abnormal": QCoreApplication.translate("impression", "abnormal"),
        "unsure": QCoreApplication.translate("impression", "unsure"),
    }
    return said[first.impression]


class FirstReadLine(QLabel):
    """Says which impression was given, and when."""

    def show_first_read(self, first: FirstRead | None) -> None:
        """Show it, or nothing."""
        self.setVisible(first is not None)
        if first is not None:
            self.setTextFormat(Qt.TextFormat.RichText)
            self.setText(
                self.tr("Your first impression: {words} · {time}").format(
                    words=f"<b>{html.escape(impression_words(first))}</b>", time=words.clock_time(first.at)
                )
            )
            self.setProperty("role", "muted")
