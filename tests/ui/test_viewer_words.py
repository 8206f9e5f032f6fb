"""What stands at the edges of an image can be read on white and on black."""

from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from core.image import Window
from ui.theme import SMALL_PX, interface_font
from ui.view_state import ViewState
from ui.viewer_words import INK, MARGIN, WARNING, Corners, _Writer, paint_words

pytestmark = pytest.mark.display
VIEW = QSize(420, 360)
STATE = ViewState(window=Window(center=128, width=255))
CORNERS = Corners(heading="As stored in the file", top_left=("Chest AP",), side_note="side not\nverified")


def luminance(color: QColor) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4) for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["white", "black", "#808080"])
def test_words_stand_on_a_backing_with_contrast_whatever_the_image(application: Any, ground: str) -> None:
    image = QImage(VIEW, QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    painter.setFont(interface_font(SMALL_PX))
    line = painter.fontMetrics().height()
    paint_words(painter, VIEW, CORNERS, STATE, scale_percent=100, caption=("Where the model looked",))
    painter.end()
    places = {
        "side note": (MARGIN - 2, VIEW.height() // 2, WARNING, 4.5),
        "caption": (MARGIN - 2, VIEW.height() - MARGIN - line // 2, INK, 7.0),
        "zoom": (VIEW.width() - MARGIN + 2, MARGIN + line * 2 + 18, INK, 7.0),
    }
    for name, (x, y, ink, least) in places.items():
        assert contrast(image.pixelColor(x, y), ink) >= least, name


def test_the_image_between_the_words_is_left_as_it_is(application: Any) -> None:
    image = QImage(VIEW, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setFont(interface_font(SMALL_PX))
    paint_words(painter, VIEW, CORNERS, STATE, scale_percent=100, caption=())
    painter.end()
    assert image.pixelColor(VIEW.width() // 2, VIEW.height() // 2) == QColor("white")
    assert image.pixelColor(VIEW.width() // 4, VIEW.height() - MARGIN - 2) == QColor("white")


@pytest.mark.parametrize("across", [260, 420, 900])
def test_what_a_map_is_not_stands_whole_in_a_view_however_narrow(
    application: Any, monkeypatch: pytest.MonkeyPatch, across: int
) -> None:
    """Cut after "where the model looked", the sentence would say the opposite of what it is for."""
    caption = (
        "Pneumonia: where the model looked, not where disease is",
        "outlined by chest-lungs 1.1.0",
    )
    view = QSize(across, 360)
    image = QImage(view, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setFont(interface_font(SMALL_PX))
    written: list[tuple[int, str]] = []
    write = _Writer._write

    def noted(self: _Writer, text: str, top: int, *more: Any) -> None:
        write(self, text, top, *more)
        assert painter.fontMetrics().horizontalAdvance(text) < across // 2
        written.append((top, text))

    monkeypatch.setattr(_Writer, "_write", noted)
    paint_words(painter, view, Corners(), STATE, scale_percent=100, caption=caption)
    painter.end()
    below = " ".join(text for top, text in sorted(written) if top > view.height() // 2)
    assert " ".join(caption) in below
