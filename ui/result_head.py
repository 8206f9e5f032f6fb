"""The head of a result card: what it is about, and the class of the model that speaks."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout

from core.result import PackResult
from ui.controls import Chip, label


def result_head(words: str, role: str, pack: PackResult) -> QHBoxLayout:
    """Return words in a role, and a chip with the pack's class; its tooltip names pack and version."""
    kind = pack.stamp.pack_class
    names = {
        "research": QCoreApplication.translate("results", "research"),
        "demonstration": QCoreApplication.translate("results", "demonstration"),
        "assist": QCoreApplication.translate("results", "assist"),
    }
    chip = Chip(names[kind], "plain" if kind == "assist" else "warning")
    chip.setToolTip(f"{pack.title} {pack.stamp.version}")
    row = QHBoxLayout()
    row.addWidget(label(words, role, wrap=True), 1)
    row.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
    return row
