"""Colours, fonts and icons of the window: every colour comes from the two columns of this table."""

from dataclasses import dataclass
from string import Template
from typing import Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from ui import assets

Choice = Literal["dark", "light", "system"]
CHOICES: tuple[Choice, ...] = ("dark", "light", "system")
FAMILY = "Noto Sans"
SMALL_PX, BODY_PX, TITLE_PX = 12, 14, 18

DARK = {
    "ground": "#0f1316", "pane": "#161b20", "card": "#1c2329", "line": "#2a333b",
    "ink": "#e8edf1", "muted": "#93a1ad", "accent": "#56c5bc", "warning": "#e3b04b",
    "critical": "#ee7a5f", "button": "#242d35", "button_hover": "#2d3841", "button_press": "#36434d",
    "well": "#0f1316", "selected": "#1d3136", "on_accent": "#06211f", "faint": "#66737e",
    "outline": "#465562", "warning_ground": "#2a2517", "critical_ground": "#2f1f1c", "scroll": "#3a4650",
    "watermark": "#263038",
}  # fmt: skip
LIGHT = {
    "ground": "#eef1f3", "pane": "#ffffff", "card": "#f6f8f9", "line": "#d6dde2",
    "ink": "#1b242b", "muted": "#5b6a76", "accent": "#0e7f78", "warning": "#9a6a00",
    "critical": "#b63c22", "button": "#e9eef1", "button_hover": "#dfe6ea", "button_press": "#d2dbe0",
    "well": "#ffffff", "selected": "#e1f1ef", "on_accent": "#ffffff", "faint": "#8b98a3",
    "outline": "#a9b6bf", "warning_ground": "#fdf5e2", "critical_ground": "#fdeeea", "scroll": "#b9c4cc",
    "watermark": "#e8edf0",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Painted:
    name: str
    color: str
    size: int
    ratio: float


class Theme(QObject):
    """The look in force; widgets that paint themselves listen to ``changed``."""

    changed = Signal()

    def __init__(self, choice: Choice = "dark", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice: Choice = choice
        self._tokens = LIGHT if self._wants_light() else DARK
        self._pixmaps: dict[_Painted, QPixmap] = {}
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    @property
    def choice(self) -> Choice:
        """What the user chose: dark, light, or as the system."""
        return self._choice

    @property
    def is_dark(self) -> bool:
        """Whether the dark column is in force."""
        return self._tokens is DARK

    def apply(self, choice: Choice | None = None) -> None:
        """Set palette and style sheet of the whole application."""
        if choice is not None:
            self._choice = choice
        self._tokens = LIGHT if self._wants_light() else DARK
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setPalette(self._palette())
            sheet = self._style_sheet()
            if application.styleSheet() != sheet:  # setting it anew polishes every widget once more
                application.setStyleSheet(sheet)
        self.changed.emit()

    def color(self, token: str) -> QColor:
        """Return the colour of a token."""
        return QColor(self._tokens[token])

    def pixmap(self, name: str, tint: str = "ink", size: int = 18) -> QPixmap:
        """Return an icon drawn in a token's colour, sharp on this screen."""
        ratio = QGuiApplication.primaryScreen().devicePixelRatio() if QGuiApplication.primaryScreen() else 1.0
        key = _Painted(name, self._tokens[tint], size, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = _draw_icon(key)
        return self._pixmaps[key]

    def icon(self, name: str, tint: str = "ink", size: int = 18) -> QIcon:
        """Return an icon for buttons, fainter where the button is disabled."""
        icon = QIcon(self.pixmap(name, tint, size))
        icon.addPixmap(self.pixmap(name, "faint", size), QIcon.Mode.Disabled)
        return icon

    def _wants_light(self) -> bool:
        if self._choice == "system":
            return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        return self._choice == "light"

    def _palette(self) -> QPalette:
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "ground", QPalette.ColorRole.WindowText: "ink",
            QPalette.ColorRole.Base: "well", QPalette.ColorRole.AlternateBase: "card",
            QPalette.ColorRole.Text: "ink", QPalette.ColorRole.Button: "button",
            QPalette.ColorRole.ButtonText: "ink", QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent", QPalette.ColorRole.PlaceholderText: "muted",
            QPalette.ColorRole.ToolTipBase: "card", QPalette.ColorRole.ToolTipText: "ink",
            QPalette.ColorRole.Link: "accent", QPalette.ColorRole.Mid: "line",
        }  # fmt: skip
        for role, token in roles.items():
            palette.setColor(role, self.color(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("faint"))
        return palette

    def _style_sheet(self) -> str:
        text = assets.STYLE_SHEET.read_text(encoding="utf-8")
        sizes = {"small": f"{SMALL_PX}px", "body": f"{BODY_PX}px", "title": f"{TITLE_PX}px"}
        icons = {"icons": assets.ICONS.as_posix(), "chevron": "dark" if self.is_dark else "light"}
        return Template(text).substitute(self._tokens, **sizes, **icons)

    @Slot(Qt.ColorScheme)
    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._choice == "system":
            self.apply()


def load_interface_fonts() -> None:
    """Load the two faces that the first paint needs and make them the application's own."""
    for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-SemiBold.ttf", "NotoSans-Medium.ttf"):
        path = assets.FONTS / name
        if path.is_file():
            QFontDatabase.addApplicationFont(str(path))
    QApplication.setFont(interface_font())


def load_script_fonts() -> None:
    """Load the remaining faces, for names in other scripts; called after the first paint."""
    for path in sorted(assets.FONTS.glob("*.?tf")):
        if not path.name.startswith("NotoSans-"):
            QFontDatabase.addApplicationFont(str(path))


def interface_font(pixels: int = BODY_PX, *, bold: bool = False) -> QFont:
    """Return the interface's face with tabular figures."""
    font = QFont(FAMILY)
    font.setPixelSize(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def _draw_icon(key: _Painted) -> QPixmap:
    svg = (assets.ICONS / f"{key.name}.svg").read_text(encoding="utf-8").replace("currentColor", key.color)
    renderer = QSvgRenderer(QByteArray(svg.encode("utf-8")))
    pixmap = QPixmap(QSize(key.size, key.size) * key.ratio)
    pixmap.setDevicePixelRatio(key.ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, key.size, key.size))
    painter.end()
    return pixmap
