"""The foot of the reading column: what is still missing, and signing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from services.before_signing import Missing
from ui.cases import Case
from ui.controls import KeyButton, enable, label
from ui.duties import who_may


class SignFoot(QWidget):
    """Always in sight; quiet until all is answered."""

    sign_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("columnfoot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(8)
        self.missing = label("", "muted", wrap=True)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sign = KeyButton(self.tr("Sign and report"), "sign", kind="primary")
        self.sign.setProperty("tall", True)
        self.sign.setFixedHeight(44)
        self.sign.clicked.connect(self.sign_asked)
        column.addWidget(self.missing)
        column.addWidget(self.sign)

    def show_case(
        self,
        case: Case | None,
        missing: Sequence[Missing],
        *,
        card_open: bool,
        may_add: bool = True,
        besides: str = "",
    ) -> None:
        """Show what stands between the open case and its signature; ``besides`` is no part of the reading."""
        if case is None:
            enable(self.sign, False, self.tr("No study is open"))
            return
        texts = [one.text for one in missing]
        if case.signed is not None:
            self.missing.setText(self.tr("Signed. Later words go into an addendum."))
            self.sign.set_words(self.tr("Addendum"))
            enable(self.sign, may_add, who_may("read"))
        else:
            if case.error:
                texts = [self.tr("It could not be analysed, so there is nothing to sign.")]
            short = texts if case.error else self._in_short(missing)
            self.missing.setText(" ".join(short[:2] if card_open else short[:1]) or besides)
            self.sign.set_words(self.tr("Sign and report"))
            enable(self.sign, not missing, "\n".join(texts))
        self.missing.setVisible(bool(self.missing.text()))

    def _in_short(self, missing: Sequence[Missing]) -> list[str]:
        """Return what is missing, several findings in one sentence."""
        findings = sum(one.code == "decision" for one in missing)
        if findings < 2:
            return [one.text for one in missing]
        all_findings = (
            self.tr("Answer both findings.")
            if findings == 2
            else self.tr("Answer all {count} findings.").format(count=findings)
        )
        return list(dict.fromkeys(all_findings if one.code == "decision" else one.text for one in missing))
