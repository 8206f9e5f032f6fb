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
    """Shows who made a pack and what it is, and has its licence accepted where it asks for that."""

    def __init__(self, offer: Offer, class_name: str, parent: QWidget) -> None:
        title = self.tr("Upgrade a model") if offer.replaces else self.tr("Install a model")
        act = self.tr("Upgrade") if offer.replaces else self.tr("Install")
        super().__init__(title, act, parent)
        self.offer = offer
        self.body.addWidget(label(offer.facts.title, "strong", wrap=True))
        self._add_facts(class_name)
        self.accepted_licence = QCheckBox(self.tr("I have read this licence and accept it for this clinic"))
        if offer.licence_text:
            self._add_licence()
        self.yes.clicked.connect(self.accept)
        self.no.setFocus()

    def _add_facts(self, class_name: str) -> None:
        offer, grid = self.offer, self.grid()
        version = f"{offer.pack.id} {offer.version}"
        if offer.replaces:
            version = self.tr("{name}, in place of {old}").format(name=version, old=offer.replaces)
        licence = offer.facts.licence
        if not offer.commercial_use:
            licence = self.tr("{licence} · no commercial use").format(licence=licence)
        rows = (
            (self.tr("Version"), version),
            (self.tr("Class"), class_name),
            (self.tr("Signed by"), f"{offer.signer.name}\n{offer.signer.fingerprint}"),
            (self.tr("For"), offer.facts.intended_use),
            (self.tr("Licence"), licence),
        )
        for number, (name, text) in enumerate(rows):
            grid.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, "body", wrap=True), number, 1)

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
