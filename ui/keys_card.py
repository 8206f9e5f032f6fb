"""Whose model packs may be installed: the trusted keys, for administrators."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.errors import FarlightError, RequestError
from services.pack_keys import TrustedKey, read_public_key_file
from services.workplace import Workplace
from ui.controls import Card, KeyButton, enable, label
from ui.duties import who_may
from ui.pack_dialogs import ChangeDialog, TrustDialog


class KeysCard(Card):
    """Lists trusted keys, trusts one after its fingerprint was compared, and takes the trust away."""

    changed = Signal()

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Makers whose models may be installed"), parent)
        self._workplace = workplace
        self.dialog: TrustDialog | ChangeDialog | None = None
        self._asked: TrustedKey | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.body.addLayout(self._rows)
        self.said = label("", "error", wrap=True)
        self.said.hide()
        self.body.addWidget(self.said)
        row = QHBoxLayout()
        self.add_key = KeyButton(self.tr("Trust a maker's key …"))
        self.add_key.clicked.connect(self._on_add)
        row.addWidget(self.add_key)
        row.addStretch(1)
        self.body.addLayout(row)

    @Slot()
    def refresh(self) -> None:
        """Show the keys, and what whoever is logged in may do."""
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        may = self._workplace.session.may("packs")
        enable(self.add_key, may, who_may("packs"))
        keys = self._workplace.packs.keys.all()
        for key in keys:
            line = _KeyLine(key, self, may=may)
            self._rows.addWidget(line)
            line.show()
        if not keys:
            none = label(
                self.tr(
                    "No key is trusted yet. A maker hands out a public key file (.farkey.pub) and reads its "
                    "digits to you."
                ),
                "muted",
                wrap=True,
            )
            self._rows.addWidget(none)

    def open_key(self, file: Path) -> None:
        """Ask whether the key in a file is trusted."""
        self._tell("")
        try:
            public = read_public_key_file(file)
        except FarlightError as error:
            self._tell(f"{error.title} {error.detail} ({error.code})")
            return
        self.dialog = TrustDialog(public, self.window())
        self.dialog.finished.connect(self._on_trust_answered)
        self.dialog.open()

    def ask_distrust(self, key: TrustedKey) -> None:
        """Ask whether the trust is taken from a key."""
        signed = [
            f"{one.pack_id} {one.version}"
            for one in self._workplace.packs.versions()
            if one.fingerprint == key.fingerprint
        ]
        goes = self.tr("No installed model is signed with it.")
        if signed:
            goes = self.tr("These models are not used any more from then on: {names}.").format(
                names=", ".join(signed)
            )
        self._asked = key
        self.dialog = ChangeDialog(
            self.tr("Trust {name} no more").format(name=key.name),
            self.tr("Take the trust away"),
            (key.fingerprint, goes, self.tr("Reports that were signed stay as they are.")),
            self.window(),
        )
        self.dialog.finished.connect(self._on_distrust_answered)
        self.dialog.open()

    def _tell(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _act(self, act: object) -> None:
        try:
            act()  # type: ignore[operator]
        except FarlightError as error:
            self._tell(error.detail if isinstance(error, RequestError) else error.message)
        self.refresh()
        self.changed.emit()

    @Slot()
    def _on_add(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.tr("The maker's public key"), "", self.tr("Public keys (*.farkey.pub)")
        )
        if chosen:
            self.open_key(Path(chosen))

    @Slot(int)
    def _on_trust_answered(self, answer: int) -> None:
        dialog, self.dialog = self.dialog, None
        if answer == QDialog.DialogCode.Accepted and isinstance(dialog, TrustDialog):
            public, typed = dialog.public, dialog.digits.text()
            self._act(lambda: self._workplace.packs.keys.trust(public, typed))

    @Slot(int)
    def _on_distrust_answered(self, answer: int) -> None:
        key, self.dialog, self._asked = self._asked, None, None
        if answer == QDialog.DialogCode.Accepted and key is not None:
            self._act(lambda: self._workplace.packs.keys.distrust(key.key))


class _KeyLine(QWidget):
    """One key with its fingerprint."""

    def __init__(self, key: TrustedKey, card: KeysCard, *, may: bool) -> None:
        super().__init__()
        self._key, self._card = key, card
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(key.name, "strong", wrap=True))
        words.addWidget(label(key.fingerprint, "small", wrap=True))
        row.addLayout(words, 1)
        if key.built_in:
            row.addWidget(label(self.tr("part of Farlight"), "muted"))
            return
        button = QPushButton(self.tr("Trust no more …"))
        button.setProperty("kind", "link")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"{button.text()} {key.name}")
        enable(button, may, who_may("packs"))
        button.clicked.connect(self._on_distrust)
        row.addWidget(button)

    @Slot()
    def _on_distrust(self) -> None:
        self._card.ask_distrust(self._key)
