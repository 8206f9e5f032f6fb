"""Installing model packs in the window: from a file, a drop or a stick, with progress and the licence."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.controls import KeyButton, enable, label
from ui.duties import who_may
from ui.pack_dialogs import ChangeDialog, OfferDialog
from ui.task import Handle, Pools, Task
from ui.working_card import WorkingCard

if TYPE_CHECKING:
    from services.pack_install import Offer, PackVersion
    from services.scan import Medium

SUFFIX = ".farpack"
_MOST_OFFERED = 8


class PackDeskCard(WorkingCard):
    """Takes a pack file, shows what it is, installs it; rolls back and removes, asked by the cards below."""

    changed = Signal()

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Install a model"), pools, parent)
        self._workplace = workplace
        self._opened: ExitStack | None = None
        self._looking: Task | None = None
        self._offered: Offer | None = None
        self.dialog: OfferDialog | ChangeDialog | None = None
        self._asked: tuple[str, str] = ("", "")
        hint = self.tr(
            "A model from other hands comes as a file (.farpack) that its maker signed. Choose it, or drop "
            "it on this page. It is checked and tried before it is used; nothing is sent anywhere."
        )
        self.body.addWidget(label(hint, "muted", wrap=True))
        self._offers = QVBoxLayout()
        self._offers.setSpacing(6)
        self.body.addLayout(self._offers)
        self._add_progress()
        row = QHBoxLayout()
        self.choose = KeyButton(self.tr("Install from a file …"), kind="primary")
        self.choose.clicked.connect(self._on_choose)
        row.addWidget(self.choose)
        row.addStretch(1)
        self.body.addLayout(row)
        self.show_rights()

    # --- what is shown

    @Slot()
    def show_rights(self) -> None:
        """Enable what whoever is logged in may do now."""
        may = self._workplace.session.may("packs")
        why = who_may("packs") if not may else self.tr("One change at a time: wait until this one is done.")
        for button in (self.choose, *self._offers_buttons()):
            enable(button, may and self._task is None and self._opened is None, why)

    def look_on(self, media: tuple[Medium, ...]) -> None:
        """Offer the pack files that lie on sticks."""
        places = tuple((medium.name, medium.path) for medium in media)
        work = partial(_find_files, self._workplace, places)
        task = self._looking = self._pools.files("pack files", work, instead_of=self._looking)
        task.succeeded.connect(self.show_files)

    @Slot(object)
    def show_files(self, found: tuple[tuple[str, Path], ...]) -> None:
        """Offer pack files by the name of the stick; none takes the lines away."""
        while (item := self._offers.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for name, file in found:
            line = _FileLine(name, file, self)
            self._offers.addWidget(line)
            line.show()
        self.show_rights()

    def _offers_buttons(self) -> tuple[KeyButton, ...]:
        return tuple(self.findChildren(KeyButton, "offer"))

    # --- acts

    def open_file(self, file: Path) -> None:
        """Unpack and try a pack file, then ask."""
        if not self._workplace.session.may("packs"):
            self.say(who_may("packs"), wrong=True)
            return
        if self._task is None and self._opened is None:
            self._run(
                self.tr("Checking {name}").format(name=file.name),
                partial(_open, self._workplace, file),
                self._on_offered,
            )

    def ask_roll_back(self, now: PackVersion, before: PackVersion) -> None:
        """Ask whether the version before counts again."""
        sentences = (
            self.tr("Goes: {name} {version}.").format(name=now.pack_id, version=now.version),
            self.tr("In use from then on: {version}.").format(version=before.version),
            self.tr(
                "Reports that were signed with it stay as they are. It can be installed again from its file."
            ),
        )
        self._ask(
            "roll back",
            now,
            self.tr("Go back to an earlier version"),
            self.tr("Use {version} again").format(version=before.version),
            sentences,
        )

    def ask_remove(self, going: tuple[PackVersion, ...], left: PackVersion | None) -> None:
        """Ask whether all installed versions of a pack go."""
        names = ", ".join(one.version for one in going)
        then = self.tr("Images are not looked at for this any more.")
        if left is not None:
            then = self.tr("In use from then on: {version}, which is part of Farlight.").format(
                version=left.version
            )
        sentences = (
            self.tr("Goes: {name} {versions}.").format(name=going[0].pack_id, versions=names),
            then,
            self.tr(
                "Reports that were signed with it stay as they are. It can be installed again from its file."
            ),
        )
        self._ask("remove", going[0], self.tr("Remove a model"), self.tr("Remove it"), sentences)

    def _ask(self, what: str, pack: PackVersion, title: str, act: str, sentences: tuple[str, ...]) -> None:
        self._asked = (what, pack.pack_id)
        self.dialog = ChangeDialog(title, act, sentences, self.window())
        self.dialog.finished.connect(self._on_change_answered)
        self.dialog.open()

    @Slot()
    def _on_choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.tr("Model to install"), "", self.tr("Model packs (*.farpack)")
        )
        if chosen:
            self.open_file(Path(chosen))

    @Slot(object)
    def _on_offered(self, opened: tuple[ExitStack, Offer]) -> None:
        self._opened, offer = opened
        self._offered = offer
        asked = self._workplace.prevalences.asked((offer.facts,))
        again = tuple(one.label for one in asked if one.outdated)
        self.dialog = OfferDialog(offer, again, self.window())
        self.dialog.finished.connect(self._on_offer_answered)
        self.dialog.open()

    @Slot(int)
    def _on_offer_answered(self, answer: int) -> None:
        dialog, self.dialog = self.dialog, None
        opened, self._opened = self._opened, None
        assert opened is not None
        if answer != QDialog.DialogCode.Accepted or not isinstance(dialog, OfferDialog):
            self._pools.files("tidy up", partial(_close, opened))
            self.say(self.tr("Not installed. Nothing was changed."))
            self.show_rights()
            return
        accepted = dialog.accepted_licence.isChecked()
        self._run(
            self.tr("Installing"),
            partial(_install, self._workplace, opened, dialog.offer, accepted=accepted),
            self._on_installed,
        )

    @Slot(int)
    def _on_change_answered(self, answer: int) -> None:
        self.dialog = None
        what, pack_id = self._asked
        if answer == QDialog.DialogCode.Accepted:
            self._run(self.tr("Changing"), partial(_change, self._workplace, what, pack_id), self._on_changed)

    @Slot(object)
    def _on_installed(self, made: PackVersion) -> None:
        text = self.tr("{name} {version} is installed and in use.")
        if self._is_off(made.pack_id):
            text = self.tr(
                "{name} {version} is installed. It is a demonstration: it answers nothing until an "
                "administrator switches demonstration models on, below."
            )
        self.say(text.format(name=made.pack_id, version=made.version))
        self.changed.emit()

    def _is_off(self, pack_id: str) -> bool:
        offer = self._offered
        shown = offer is not None and offer.pack.id == pack_id and offer.facts.pack_class == "demonstration"
        return shown and not self._workplace.settings.flag("packs.demonstration")

    @Slot(object)
    def _on_changed(self, text: str) -> None:
        self.say(text)
        self.changed.emit()

    def show_ready(self) -> None:
        """Enable what whoever is logged in may begin now."""
        self.show_rights()

    def stopped_words(self) -> str:
        """Return that nothing was changed."""
        return self.tr("Stopped. Nothing was changed.")

    def error_words(self, error: FarlightError) -> str:
        """Return the error; of a pack rather what is wrong with it."""
        said = error.detail if error.code.startswith("E2") else ""
        return f"{error.title} {said or error.hint} ({error.code})"


class _FileLine(QWidget):
    """A pack file on a stick, offered."""

    def __init__(self, name: str, file: Path, card: PackDeskCard) -> None:
        super().__init__()
        self._file, self._card = file, card
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(
            label(self.tr("On {stick}: {file}").format(stick=name, file=file.name), "body", wrap=True), 1
        )
        button = KeyButton(self.tr("Install …"))
        button.setObjectName("offer")
        button.setAccessibleName(f"{button.text()} {file.name}")
        button.clicked.connect(self._on_chosen)
        row.addWidget(button)

    @Slot()
    def _on_chosen(self) -> None:
        self._card.open_file(self._file)


def _find_files(
    workplace: Workplace, places: tuple[tuple[str, Path], ...], _handle: Handle
) -> tuple[tuple[str, Path], ...]:
    """Return pack files at the top of each place, and one folder below, that are not installed."""
    here = {f"{one.pack_id}-{one.version}{SUFFIX}" for one in workplace.packs.versions()}
    found: list[tuple[str, Path]] = []
    for name, place in places:
        for pattern in (f"*{SUFFIX}", f"*/*{SUFFIX}"):
            try:
                found += [
                    (name, file)
                    for file in sorted(place.glob(pattern))
                    if file.name not in here and file.is_file()
                ]
            except OSError:
                continue
    return tuple(found[:_MOST_OFFERED])


def _open(workplace: Workplace, file: Path, handle: Handle) -> tuple[ExitStack, Offer]:
    opened = ExitStack()
    offer = opened.enter_context(
        workplace.packs.offer(file, progress=handle.deliver, cancelled=handle.cancelled)
    )
    return opened, offer


def _install(
    workplace: Workplace, opened: ExitStack, offer: Offer, _handle: Handle, *, accepted: bool
) -> PackVersion:
    with opened:
        made = workplace.packs.install(offer, accepted_licence=accepted)
    workplace.renew_analyzer()
    return made


def _change(workplace: Workplace, what: str, pack_id: str, _handle: Handle) -> str:
    from core.wording import say

    if what == "roll back":
        now = workplace.packs.roll_back(pack_id)
        text = say("packs.cli.rolled_back", name=now.pack_id, version=now.version)
    else:
        gone = workplace.packs.remove(pack_id)
        text = say("packs.cli.removed", name=pack_id, version=", ".join(one.version for one in gone))
    workplace.renew_analyzer()
    return text


def _close(opened: ExitStack, _handle: Handle) -> None:
    opened.close()
