"""This computer, in Settings: what it is, whether models give their known answers on it, how they run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from core.wording import say
from services.workplace import Workplace
from ui.checks_card import FoldedLines
from ui.controls import Card, IconLabel, KeyButton, enable, label
from ui.duties import who_may
from ui.still_controls import StillComboBox
from ui.task import Handle, Pools, Progress
from ui.theme import Theme

if TYPE_CHECKING:
    from services.selftest import Verdict
    from services.tuning import DeviceEntry

_FEW = 3  # good verdicts that stand one below the other
_ICONS = {
    "trusted": ("check", "accent"),
    "partly": ("circle-alert", "warning"),
    "not_tried": ("circle-alert", "warning"),
    "not_trusted": ("ban", "critical"),
    "not_used": ("ban", "warning"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is shown; ``verdicts`` None where only the devices were looked up."""

    computer: str
    limits: tuple[str, ...]
    devices: tuple[DeviceEntry, ...]
    troubles: tuple[str, ...]
    verdicts: tuple[Verdict, ...] | None = None


class ThisComputerCard(Card):
    """Says what this computer can do, and lets an administrator choose the device and have it measured."""

    failed = Signal(object)
    device_changed = Signal()

    def __init__(
        self, theme: Theme, workplace: Workplace, pools: Pools, parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("This computer"), parent)
        self._theme, self._workplace, self._pools = theme, workplace, pools
        self._asked = self._running = self._measured = False
        self._unbroken = True
        self.computer = label("", "strong", wrap=True)
        self.body.addWidget(self.computer)
        self._limits = _lines(self.body)
        self._verdicts = _lines(self.body)
        self._meaning = label(say("engines.verdict.meaning"), "small", wrap=True)
        self.body.addWidget(self._meaning)
        self._build_device()
        self._troubles = _lines(self.body)
        self._build_buttons()
        self.said = label("", "muted", wrap=True)
        self.said.hide()
        self.body.addWidget(self.said)

    def show_rights(self) -> None:
        """Let administrators choose and measure."""
        may = self._workplace.session.may("settings")
        for part in (self.device, self.again, self.retry):
            enable(part, may, who_may("settings"))

    def load(self) -> None:
        """Look up what is known, once; testing the models takes some seconds and runs in the background."""
        if not self._asked and not self._running:
            self._asked = True
            self._start(again=False, retry=False)

    @Slot()
    def renew(self) -> None:
        """Forget what was found: the models have changed. They are tested when this is in sight again."""
        self._asked = False
        self._fill(self._verdicts, [])
        if self.isVisible():
            self.load()

    def show_known(self, known: Known) -> None:
        """Show what is known of this computer."""
        self.computer.setText(known.computer)
        self._fill(self._limits, [("circle-alert", "warning", text) for text in known.limits])
        if known.verdicts is not None:
            self._show_verdicts(known.verdicts)
        troubles = [
            *known.troubles,
            *(f"{one.name}: {one.trouble}." for one in known.devices if one.trouble),
        ]
        self._fill(self._troubles, [("circle-alert", "warning", text) for text in troubles])
        self.retry.setVisible(bool(troubles))
        self._show_devices(known.devices)

    def _show_verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """Show each verdict; many good ones are folded into one line."""
        good = tuple(one.sentence for one in verdicts if one.state == "trusted")
        folds = len(good) > _FEW
        told = [one for one in verdicts if not folds or one.state != "trusted"]
        self._fill(self._verdicts, [(*_ICONS[one.state], one.sentence) for one in told])
        if folds:
            words = self.tr("{count} models give their makers' known answers here").format(count=len(good))
            self._verdicts.addWidget(FoldedLines(self._theme, words, good))

    def _build_device(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        self.device = StillComboBox()
        self.device.setAccessibleName(self.tr("Device"))
        self.device.activated.connect(self._on_device)
        grid.addWidget(label(self.tr("Models run on"), "muted"), 0, 0)
        grid.addWidget(self.device, 0, 1)
        self.body.addLayout(grid)
        self._show_devices(())

    def _build_buttons(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        self.again = KeyButton(self.tr("Measure again"))
        self.again.clicked.connect(self._on_again)
        self.retry = KeyButton(self.tr("Try failed devices again"))
        self.retry.clicked.connect(self._on_retry)
        self.retry.hide()
        row.addWidget(self.again)
        row.addWidget(self.retry)
        row.addStretch(1)
        self.body.addLayout(row)

    def _show_devices(self, devices: tuple[DeviceEntry, ...]) -> None:
        chosen = self._workplace.settings.text("device")
        self.device.clear()
        self.device.addItem(self.tr("Automatic: the fastest that answers rightly"), "auto")
        self.device.addItem(self.tr("The processor alone"), "CPU")
        for one in devices:
            if one.key != "CPU":
                self.device.addItem(f"{one.name} ({one.key.partition(':')[0]})", one.key)
        if self.device.findData(chosen) < 0:
            self.device.addItem(self.tr("{device} (not found now)").format(device=chosen), chosen)
        self.device.setCurrentIndex(self.device.findData(chosen))

    def _fill(self, lines: QVBoxLayout, texts: list[tuple[str, str, str]]) -> None:
        while (item := lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for icon, token, text in texts:
            line = _Line(self._theme, icon, token, text, self)
            lines.addWidget(line)
            line.show()

    def _start(self, *, again: bool, retry: bool) -> None:
        self._running = True
        for button in (self.again, self.retry):
            button.setEnabled(False)
        self.said.setText(self.tr("Testing the models …"))
        self.said.show()
        self._measured, self._unbroken = again, True
        task = self._pools.files("this computer", partial(_look, self._workplace, again=again, retry=retry))
        task.progressed.connect(self._on_progressed)
        task.delivered.connect(self._on_delivered)
        task.succeeded.connect(self._on_delivered)
        task.failed.connect(self._on_failed)
        task.ended.connect(self._on_ended)

    @Slot(object)
    def _on_progressed(self, told: Progress) -> None:
        self.said.setText(
            self.tr("Measuring: {done} of {total} models. You can go on reading meanwhile.").format(
                done=told.done, total=told.total
            )
        )

    @Slot(object)
    def _on_delivered(self, known: Known) -> None:
        self.show_known(known if self._asked else replace(known, verdicts=None))

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._unbroken = False
        self.failed.emit(error)

    @Slot()
    def _on_ended(self) -> None:
        self._running = False
        self.said.setText(self.tr("Measured and tested just now; what stands above is what came out."))
        self.said.setVisible(self._measured and self._unbroken)
        self.show_rights()
        if not self._asked and self.isVisible():
            self.load()

    @Slot()
    def _on_again(self) -> None:
        self._start(again=True, retry=False)

    @Slot()
    def _on_retry(self) -> None:
        self._start(again=True, retry=True)

    @Slot()
    def _on_device(self) -> None:
        try:
            self._workplace.set_for_site("device", self.device.currentData())
        except FarlightError as error:
            self._show_devices(())
            self.failed.emit(error)
            return
        self._workplace.renew_analyzer()
        self.device_changed.emit()


class _Line(QWidget):
    """An icon and a sentence."""

    def __init__(self, theme: Theme, icon: str, token: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, icon, token))
        row.addWidget(label(text, "body", wrap=True), 1)


def _lines(body: QVBoxLayout) -> QVBoxLayout:
    lines = QVBoxLayout()
    lines.setSpacing(6)
    body.addLayout(lines)
    return lines


def _look(workplace: Workplace, handle: Handle, *, again: bool, retry: bool) -> Known:
    """Look up what is known, test every model, and measure again where that was asked for."""
    from services.selftest import run_self_test, verdicts
    from services.tuning import computer_limits, computer_words

    tuner = workplace.tuner()
    if retry:
        tuner.try_failed_again()

    def known(found: tuple[Verdict, ...] | None) -> Known:
        return Known(
            computer=computer_words(),
            limits=computer_limits(),
            devices=tuner.entries(),
            troubles=tuner.troubles(),
            verdicts=found,
        )

    handle.deliver(known(None))
    if again:
        tuner.learn(
            workplace.analyzer(),
            again=True,
            progress=lambda told: handle.progress(told.done, told.total or 0),
            cancelled=handle.cancelled,
        )
    library = workplace.packs.library()
    checks = run_self_test(library=library, tuner=tuner, cancelled=handle.cancelled)
    return known(verdicts(checks, tuner, library=library))
