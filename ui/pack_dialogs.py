"""The dialogs of model packs: what a file would install, what would go, and whose key is trusted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPlainTextEdit, QWidget

from core.result import PackClass
from inference.signature import PublicKey
from services.pack_install import Offer
from services.pack_keys import same_digits
from ui.controls import label
from ui.sheet_dialog import Sheet

_LICENCE_PX = 150
_DIGITS = 40


class OfferDialog(Sheet):
    """Shows who made a pack and what it is, and has its licence accepted where it asks for that.

    What an upgrade changes for patients is pointed out; ``again`` are the findings for which it must be
    entered again how common they are here.
    """

    def __init__(self, offer: Offer, again: tuple[str, ...], parent: QWidget) -> None:
        title = self.tr("Upgrade a model") if offer.replaces else self.tr("Install a model")
        act = self.tr("Upgrade") if offer.replaces else self.tr("Install")
        super().__init__(title, act, parent)
        self.offer = offer
        self.body.addWidget(label(offer.facts.title, "strong", wrap=True))
        self._add_facts()
        for sentence in self._changes(again):
            self.body.addWidget(label(sentence, "warning", wrap=True))
        self.accepted_licence = QCheckBox(self.tr("I have read this licence and accept it for this clinic"))
        if offer.licence_text:
            self._add_licence()
        self.yes.clicked.connect(self.accept)
        self.no.setFocus()

    def _add_facts(self) -> None:
        offer, grid = self.offer, self.grid()
        version = f"{offer.pack.id} {offer.version}"
        if offer.replaces:
            version = self.tr("{name}, in place of {old}").format(name=version, old=offer.replaces)
        licence = offer.facts.licence
        if not offer.commercial_use:
            licence = self.tr("{licence} · no commercial use").format(licence=licence)
        rows = (
            (self.tr("Version"), version),
            (self.tr("Class"), self._class_words()),
            (self.tr("Signed by"), f"{offer.signer.name}\n{offer.signer.fingerprint}"),
            (self.tr("For"), offer.facts.intended_use),
            (self.tr("Not for"), "; ".join(offer.facts.not_for)),
            (self.tr("Licence"), licence),
        )
        for number, (name, text) in enumerate(row for row in rows if row[1]):
            grid.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, "body", wrap=True), number, 1)

    def _class_words(self) -> str:
        now, before = self.offer.facts.pack_class, self.offer.replaced
        if before is None or before.pack_class == now:
            return class_word(now, self)
        return self.tr("{now}, was {before}").format(
            now=class_word(now, self), before=class_word(before.pack_class, self)
        )

    def _changes(self, again: tuple[str, ...]) -> list[str]:
        """Return what an upgrade changes for patients and for who keeps this computer."""
        facts, before = self.offer.facts, self.offer.replaced
        said = []
        if before is not None and before.pack_class != facts.pack_class:
            if before.pack_class == "demonstration":
                said.append(
                    self.tr(
                        "Until now it was a demonstration, off unless switched on. From the upgrade on it "
                        "answers on every image that fits, and its answers stand in signed reports."
                    )
                )
            elif facts.pack_class == "demonstration":
                said.append(
                    self.tr(
                        "It becomes a demonstration: it answers nothing unless an administrator switches "
                        "demonstration models on, and stands in no signed report."
                    )
                )
        known = before.not_for if before is not None else facts.not_for
        new = [one for one in facts.not_for if one not in known]
        if new:
            said.append(self.tr("New: it is not for {whom}.").format(whom="; ".join(new)))
        if again:
            said.append(
                self.tr(
                    "How common {labels} is here must be entered again after the upgrade (Settings, How "
                    "common it is here). Until then its scores are shown without what they mean here."
                ).format(labels=", ".join(again))
            )
        return said

    def _add_licence(self) -> None:
        text = QPlainTextEdit(self.offer.licence_text)
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setFixedHeight(_LICENCE_PX)
        text.setAccessibleName(self.tr("Text of the licence"))
        self.body.addWidget(text)
        self.body.addWidget(self.accepted_licence)
        self.accepted_licence.toggled.connect(self.yes.setEnabled)
        self.yes.setEnabled(False)


class ChangeDialog(Sheet):
    """Names what goes, and asks."""

    def __init__(self, title: str, act: str, sentences: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(title, act, parent)
        for sentence in sentences:
            self.body.addWidget(label(sentence, "body", wrap=True))
        self.yes.clicked.connect(self.accept)
        self.yes.setDefault(False)
        self.no.setDefault(True)
        self.no.setFocus()


class TrustDialog(Sheet):
    """Has the fingerprint of a maker's key compared: the digits are typed as the maker reads them out."""

    def __init__(self, public: PublicKey, parent: QWidget) -> None:
        super().__init__(self.tr("Trust a maker's key"), self.tr("Trust this key"), parent)
        self.public = public
        sentences = (
            self.tr("The file says that this is the key of: {name}").format(name=public.name),
            self.tr(
                "Anybody can write a name into a file. Call the maker on a number that you know, or meet "
                "them, and type the 40 digits that they read to you from their own screen or paper. They are "
                "not shown here, so that nobody copies them from the file."
            ),
            self.tr("Then every model that this key signs can be installed here by an administrator."),
        )
        for number, sentence in enumerate(sentences):
            self.body.addWidget(label(sentence, "body" if number else "strong", wrap=True))
        self.digits = QLineEdit()
        self.digits.setPlaceholderText("00000 00000 00000 00000 00000 00000 00000 00000")
        self.digits.setAccessibleName(self.tr("Fingerprint as the maker reads it"))
        self.digits.textChanged.connect(self._on_typed)
        self.body.addWidget(self.digits)
        self.reserve_complaint()
        self.yes.setEnabled(False)
        self.yes.clicked.connect(self.accept)
        self.digits.setFocus()

    @Slot()
    def _on_typed(self) -> None:
        typed = self.digits.text()
        same = same_digits(typed, self.public.fingerprint)
        self.yes.setEnabled(same)
        whole = sum(one.isdigit() for one in typed) >= _DIGITS
        self.tell(
            self.tr("These are not the digits of this key. Compare again.") if whole and not same else ""
        )


def class_word(pack_class: PackClass, widget: QWidget) -> str:
    """Return the class of a pack in a word."""
    return {
        "assist": widget.tr("assist"),
        "research": widget.tr("research"),
        "demonstration": widget.tr("demonstration"),
    }[pack_class]
