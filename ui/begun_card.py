"""Says that somebody else began to read the open study, and lets it be taken over in the open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.controls import Card, IconLabel, KeyButton, enable, label
from ui.duties import who_may
from ui.theme import Theme


class BegunCard(Card):
    """Stands above the reading column where the reading is not one's own."""

    take_over_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, "info", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        self.title = label("", "strong", wrap=True)
        row.addWidget(self.title, 1)
        self.body.addLayout(row)
        self.body.addWidget(
            label(
                self.tr(
                    "Their impression, answers and words are kept for them. If you take the study over, you "
                    "begin with your own impression; identity, typed values, indication and clinical signs "
                    "stay."
                ),
                "muted",
                wrap=True,
            )
        )
        self.button = KeyButton(self.tr("Take it over"))
        self.button.clicked.connect(self.take_over_asked)
        self.body.addWidget(self.button)
        self.hide()

    def show_reader(self, name: str, *, may: bool) -> None:
        """Say who began; "" hides the card."""
        self.setVisible(bool(name))
        self.title.setText(self.tr("{name} began to read this study.").format(name=name))
        enable(self.button, may, who_may("read"))
