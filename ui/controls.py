"""Small controls that Qt lacks: a button with its key on it, a chip, a switch, an eliding label."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ui.shortcuts import TABLE, tooltip
from ui.theme import Theme

LEAST_WORDS = 120


def set_role(widget: QWidget, **properties: object) -> None:
    """Set dynamic properties that the style sheet looks at, and have it look again."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def enable(control: QWidget, usable: bool, why_not: str) -> None:
    """Enable a control, or disable it and say in its tooltip why."""
    if control.property("usual_tip") is None:
        control.setProperty("usual_tip", control.toolTip())
    control.setEnabled(usable)
    control.setToolTip(control.property("usual_tip") if usable else why_not)
    control.setAccessibleDescription("" if usable else why_not)


def line_in(grid: QGridLayout, row: int, name: str, hint: str) -> QLineEdit:
    """Place a line to type in, with its name before it, and return it."""
    field = QLineEdit()
    field.setPlaceholderText(hint)
    field.setAccessibleName(name)
    field.setMaxLength(64)
    grid.addWidget(label(name, "muted"), row, 0)
    grid.addWidget(field, row, 1)
    return field


def label(text: str = "", role: str = "body", *, wrap: bool = False) -> QLabel:
    """Return a plain-text label in one of the style sheet's roles."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    if wrap:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return made


class PushButton(QPushButton):
    """A push button that Enter presses where it has the focus, in a dialog and outside; never another one."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Press at Enter as at Space; a key that is held down is one press."""
        if not take_enter(self, event):
            super().keyPressEvent(event)


def is_enter(event: QKeyEvent) -> bool:
    """Return whether a key is Enter and nothing beside it."""
    beside = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not beside


def take_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Press a button at Enter, once however long the key is held; False for another key."""
    if not is_enter(event):
        return False
    if not event.isAutoRepeat():
        button.click()
    return True


class KeyButton(PushButton):
    """A push button that shows its key, as on paper."""

    def __init__(
        self,
        text: str,
        act: str | None = None,
        parent: QWidget | None = None,
        *,
        kind: str = "",
        spread: bool = False,
    ) -> None:
        super().__init__(parent=parent)
        self.setProperty("kind", kind)
        self.setProperty("keyed", True)
        self.setAccessibleName(text)
        self._whole, self._elides = text, False
        self._key: QLabel | None = None
        self._words = QLabel(text)
        self._words.setProperty("part", "words")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 9 if act else 12, 0)
        row.setSpacing(7)
        if not spread:
            row.addStretch(1)
        row.addWidget(self._words)
        if spread:
            row.addStretch(1)
        if act:
            self._key = QLabel(TABLE[act].shown)
            self._key.setProperty("part", "key")
            room = self._key.sizePolicy()
            room.setRetainSizeWhenHidden(True)
            self._key.setSizePolicy(room)
            row.addWidget(self._key, 0, Qt.AlignmentFlag.AlignVCenter)
            self.setToolTip(tooltip(act))
        if not spread:
            row.addStretch(1)
        for part in self.findChildren(QLabel):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMinimumHeight(36)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def show_key(self, shown: bool) -> None:
        """Show the key, or keep its room free where it acts on another button now."""
        if self._key is not None:
            self._key.setVisible(shown)

    def shows_key(self) -> bool:
        """Whether the key stands on the button."""
        return self._key is not None and not self._key.isHidden()

    def set_words(self, text: str) -> None:
        """Change what stands on the button."""
        self._whole = text
        self._words.setText(text)
        self.setAccessibleName(text)
        self._elide()

    def words(self) -> str:
        """Return what stands on the button, whole also where it ends in dots."""
        return self._whole

    def elide_words(self) -> None:
        """Let the words end in dots where the room is narrow; they stand whole in the tooltip."""
        self._elides = True
        self._elide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size that words and key need."""
        inner, metrics = self.layout(), self._words.fontMetrics()
        width = inner.sizeHint().width() if inner is not None else 0
        cut = metrics.horizontalAdvance(self._whole) - metrics.horizontalAdvance(self._words.text())
        return QSize(width + cut, max(36, self.minimumHeight()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least size: never cut the words, unless they may be elided."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), LEAST_WORDS), hint.height()) if self._elides else hint

    def event(self, event: QEvent) -> bool:
        """Show the whole words where they are elided, before anything else that is to be told."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.is_cut():
            told = "\n".join(part for part in (self._whole, self.toolTip()) if part)
            QToolTip.showText(event.globalPos(), told, self)
            return True
        return super().event(event)

    def is_cut(self) -> bool:
        """Whether the words end in dots."""
        return self._words.text() != self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Elide the words anew, where they may be."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        if self._elides:
            metrics = self._words.fontMetrics()
            room = metrics.horizontalAdvance(self._whole) - (self.sizeHint().width() - self.width())
            self._words.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, room)))


class Card(QFrame):
    """A framed group with an optional small heading."""

    def __init__(self, heading: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 12, 14, 14)
        self.body.setSpacing(8)
        if heading:
            self.body.addWidget(label(heading.upper(), "heading"))
            self.setAccessibleName(heading)


class Switch(QAbstractButton):
    """An on-off switch; the words beside it say what it switches."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the switch."""
        return QSize(40, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw track and knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(3, 3, 34, 18)
        on = self.isChecked() and self.isEnabled()
        painter.setPen(QPen(self._theme.color("accent" if on else "outline"), 1))
        painter.setBrush(self._theme.color("accent" if on else "button"))
        painter.drawRoundedRect(track, 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("on_accent" if on else "muted"))
        painter.drawEllipse(QPointF(28 if self.isChecked() else 12, 12), 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(1, 1, 38, 22), 11, 11)


class Elided(QLabel):
    """One line of text that ends in dots where it does not fit; the whole stands in the tooltip."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(24)
        self.set_whole(text)

    def set_whole(self, text: str) -> None:
        """Set the whole text."""
        self._whole = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._elide()

    def whole(self) -> str:
        """Return the whole text."""
        return self._whole

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size that the whole text would need."""
        self.ensurePolished()
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 4, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Cut the text to the new width."""
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Cut again when the font changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(8, self.width()))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class Chip(QFrame):
    """A rounded fact: a dot or an icon, and words."""

    def __init__(self, text: str = "", tone: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("chip", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(11, 0, 11, 0)
        row.setSpacing(8)
        self._dot = QLabel("●")
        self._dot.setProperty("part", "dot")
        self._dot.hide()
        self._words = Elided(text, "")
        row.addWidget(self._dot)
        row.addWidget(self._words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_chip(text, tone)

    def set_chip(self, text: str, tone: str = "plain", *, dot: bool = False) -> None:
        """Set words, tone (plain, accent, warning, critical) and whether a dot stands before them."""
        self._words.set_whole(text)
        self._dot.setVisible(dot)
        self.setAccessibleName(text)
        set_role(self, tone=tone)
        for part in (self._dot, self._words):
            set_role(part)

    def words(self) -> str:
        """Return the words."""
        return self._words.whole()


class ToolWord(QToolButton):
    """A tool with an icon and a word under it, tinted by the theme."""

    def __init__(self, theme: Theme, icon: str, words: str, act: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(tooltip(act))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(18, 18))
        self.setProperty("tool", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tint()
        theme.changed.connect(self._tint)

    def set_face(self, icon: str, words: str) -> None:
        """Change icon and word."""
        self._icon = icon
        self.setText(words)
        self.setAccessibleName(words)
        self._tint()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Press at Enter as at Space; a key that is held down is one press."""
        if not take_enter(self, event):
            super().keyPressEvent(event)

    @Slot()
    def _tint(self) -> None:
        self.setIcon(self._theme.icon(self._icon, "ink"))


class IconLabel(QLabel):
    """An icon beside words, tinted by the theme."""

    def __init__(
        self, theme: Theme, icon: str, token: str, size: int = 18, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon, self._token, self._pixels = theme, icon, token, size
        self.setFixedSize(size, size)
        self._tint()
        theme.changed.connect(self._tint)

    def set_face(self, icon: str, token: str) -> None:
        """Change icon and tint."""
        self._icon, self._token = icon, token
        self._tint()

    @Slot()
    def _tint(self) -> None:
        self.setPixmap(self._theme.pixmap(self._icon, self._token, self._pixels))
