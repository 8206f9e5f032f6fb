"""Sentences that need to be seen and do not stop anybody: what happened, what to do, and a button for it."""

import html
from collections.abc import Callable, Collection

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.duty import Act
from ui.controls import IconLabel, KeyButton, PushButton, label
from ui.theme import Theme

SHOWN, SHOWN_LOW = 2, 1  # notices at once, in a window of the usual height and in a low one
LOW_PX = 700
PASSES_MS = 12_000
BESIDE_MS = 60_000
_ICONS = {
    "calm": ("info", "accent"),
    "warning": ("triangle-alert", "warning"),
    "critical": ("circle-alert", "critical"),
}


class Notice(QFrame):
    """One sentence with what to do."""

    dismissed = Signal(object)

    def __init__(
        self,
        theme: Theme,
        tone: str,
        title: str,
        hint: str,
        *,
        act: str = "",
        on_act: Callable[[], None] | None = None,
        about: Collection[str] = (),
        of: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.about, self.of = frozenset(about), of
        self.setProperty("notice", tone)
        self.setAccessibleName(f"{title} {hint}")
        self.key = title
        self.tone = tone
        self.stays = False
        self.duty: Act | None = None
        self.passing = QTimer(self)
        self.passing.setSingleShot(True)
        self.passing.timeout.connect(self._on_dismiss_clicked)
        self._on_act = on_act
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        icon, token = _ICONS[tone]
        row.addWidget(IconLabel(theme, icon, token))
        words = label("", "body", wrap=True)
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setText(f"<b>{html.escape(title)}</b> {html.escape(hint)}")
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(words, 1)
        if act:
            button = KeyButton(act)
            button.clicked.connect(self._on_act_clicked)
            row.addWidget(button)
        close = PushButton(self.tr("Dismiss"))
        close.setProperty("kind", "link")
        close.setCursor(Qt.CursorShape.PointingHandCursor)
        close.clicked.connect(self._on_dismiss_clicked)
        row.addWidget(close)

    @Slot()
    def _on_act_clicked(self) -> None:
        self.dismissed.emit(self)
        if self._on_act is not None:
            self._on_act()

    @Slot()
    def _on_dismiss_clicked(self) -> None:
        self.dismissed.emit(self)


class NoticeArea(QWidget):
    """Holds notices under the banner: the newest in sight, the others counted and one click away.

    None goes unread because others came after it, and together they leave the image its room.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._notices: list[Notice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._opened = False
        self.others = PushButton()
        self.others.setProperty("kind", "link")
        self.others.setCursor(Qt.CursorShape.PointingHandCursor)
        self.others.clicked.connect(self._on_others_clicked)
        self._column.addWidget(self.others, 0, Qt.AlignmentFlag.AlignRight)
        self.hide()

    def withdraw(self, title: str) -> None:
        """Take a sentence away that does not hold any more."""
        self._drop_all(lambda one: one.key == title)

    def tell(
        self,
        tone: str,
        title: str,
        hint: str = "",
        *,
        act: str = "",
        on_act: Callable[[], None] | None = None,
        about: Collection[str] = (),
        of: str = "",
        lasting: bool = False,
        beside: bool = False,
        duty: Act | None = None,
    ) -> None:
        """Show a sentence; the same sentence stands only once, and so does a calm one, whatever it says.

        A calm one speaks of what has just happened to the study in sight: it is gone after a while, or when
        the next study is opened (``forget``); a ``lasting`` one only then. A critical one, and a lasting
        warning, stays until it is dismissed. ``about`` are the keys of the cases that it offers, ``of`` that
        of the case whose sentence and button it is: it goes with that case, and at the lock. A calm one that
        stands ``beside`` others speaks of no study: it goes after a minute, whatever is opened or said. One
        that asks for what only some may do (``duty``) goes when somebody logs in who may not.
        """
        if not beside:
            self._drop_all(lambda one: one.tone == tone == "calm" and not one.stays)
        self._drop_all(lambda one: one.key == title)
        notice = Notice(self._theme, tone, title, hint, act=act, on_act=on_act, about=about, of=of)
        notice.stays = beside or (lasting and tone != "calm")
        notice.dismissed.connect(self._drop)
        if tone == "calm" and not lasting:
            notice.passing.start(BESIDE_MS if beside else PASSES_MS)
        notice.duty = duty
        self._notices.append(notice)
        self._column.insertWidget(self._column.count() - 1, notice)
        self._opened = False
        self._arrange()

    def forget(self, key: str) -> None:
        """Take away what offered to open a case that is open now, and what is calm: another is in sight."""
        self._drop_all(lambda one: key in one.about or (one.tone == "calm" and not one.stays))
        self.leave(key)

    def leave(self, key: str = "") -> None:
        """Take away what belongs to another case than the one that is open now, or to any where none is."""
        self._drop_all(lambda one: one.of not in ("", key))

    def settle(self, key: str, *titles: str) -> None:
        """Take away what stood against a case and is put right: its errors, and what has these titles."""
        self._drop_all(lambda one: one.of == key and (one.tone == "critical" or one.key in titles))

    def forget_patients(self) -> None:
        """Take away all that speaks of a case: nobody is logged in, or what it spoke of is deleted."""
        self._drop_all(lambda one: bool(one.of or one.about) or (one.tone == "calm" and not one.stays))

    def keep_for(self, may: Callable[[Act], bool]) -> None:
        """Take away what asks for something that whoever is logged in now may not do."""
        self._drop_all(lambda one: one.duty is not None and not may(one.duty))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show as many as the window's height leaves room for."""
        super().resizeEvent(event)
        self._arrange()

    def in_sight(self) -> tuple[str, ...]:
        """Return the titles that stand there now, without those that are only counted."""
        return tuple(one.key for one in self._notices if not one.isHidden())

    def _arrange(self) -> None:
        """Show the newest, what is critical before all else, and count the others."""
        most = SHOWN_LOW if self.window().height() < LOW_PX else SHOWN
        ranked = sorted(self._notices, key=lambda one: one.tone == "critical")
        chosen = self._notices if self._opened else ranked[-most:]
        for one in self._notices:
            one.setVisible(one in chosen)
        hidden = len(self._notices) - len(chosen)
        self.others.setText(
            self.tr("Show fewer")
            if self._opened
            else self.tr("One more notice: show it")
            if hidden == 1
            else self.tr("{count} more notices: show them").format(count=hidden)
        )
        self.others.setVisible(hidden > 0 or (self._opened and len(self._notices) > most))
        self.setVisible(bool(self._notices))

    @Slot()
    def _on_others_clicked(self) -> None:
        self._opened = not self._opened
        self._arrange()

    def dismiss_last(self) -> bool:
        """Take the newest notice away; returns False where there is none."""
        if not self._notices:
            return False
        self._drop(self._notices[-1])
        return True

    def texts(self) -> tuple[str, ...]:
        """Return the titles, the newest last."""
        return tuple(notice.key for notice in self._notices)

    def _drop_all(self, chosen: Callable[[Notice], bool]) -> None:
        for notice in [one for one in self._notices if chosen(one)]:
            self._drop(notice)

    @Slot(object)
    def _drop(self, notice: Notice) -> None:
        if notice in self._notices:
            self._notices.remove(notice)
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self._opened = self._opened and len(self._notices) > 1
        self._arrange()
