"""The left strip of reading: the images of this study as thumbnails."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QVBoxLayout, QWidget

from services.typed_table import is_typed
from ui import words
from ui.cases import Case, CaseBook
from ui.controls import label
from ui.theme import SMALL_PX, Theme, interface_font

WIDTH = 148


class Thumb(QAbstractButton):
    """One reading unit: picture, name, number of images."""

    def __init__(self, theme: Theme, case: Case, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: QImage | None = None
        self.key = case.key
        self._title = words.study_name(case.unit)
        series = case.unit.header.series_description
        if series and series != self._title:
            self._title = series
        self._count = words.image_count(case.unit.frames)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{self._title}, {self._count}")
        self.setToolTip(self._title if is_typed(case.unit) else f"{self._title}\n{case.unit.path}")
        theme.changed.connect(self.update)

    def show_case(self, case: Case) -> None:
        """Show the thumbnail once it is there."""
        self._picture = case.thumbnail
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the card."""
        return QSize(124, 124)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the card."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(card, 6, 6)
        painter.fillPath(path, self._theme.color("card"))
        photo = QRectF(card.left(), card.top(), card.width(), 78)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(photo, Qt.GlobalColor.black)
        if self._picture is not None:
            size = self._picture.size().scaled(
                photo.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding
            )
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(photo.center())
            painter.setClipRect(photo, Qt.ClipOperation.IntersectClip)
            painter.drawImage(place, self._picture)
        painter.restore()
        edge = "accent" if self.isChecked() or self.hasFocus() else "line"
        painter.setPen(QPen(self._theme.color(edge), 2 if self.isChecked() else 1))
        painter.drawPath(path)
        self._paint_words(painter, card)

    def _paint_words(self, painter: QPainter, card: QRectF) -> None:
        for text, token, bold, top in ((self._title, "ink", True, 82), (self._count, "muted", False, 100)):
            painter.setFont(interface_font(SMALL_PX, bold=bold))
            painter.setPen(self._theme.color(token))
            room = QRectF(card.left() + 8, card.top() + top, card.width() - 14, 18)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


class StudyStrip(QWidget):
    """Thumbnails of the open study."""

    case_chosen = Signal(str)

    def __init__(self, theme: Theme, book: CaseBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._theme, self._book = theme, book
        self._thumbs: dict[str, Thumb] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 0, 12)
        column.setSpacing(8)
        column.addWidget(label(self.tr("THIS STUDY"), "heading"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 12, 0)
        self._list.setSpacing(10)
        self._list.addStretch(1)
        area.setWidget(inner)
        self._area = area
        column.addWidget(area, 1)
        book.case_changed.connect(self._on_case_changed)

    def show_case(self, case: Case | None) -> None:
        """Show the study of a case and mark the case."""
        cases = self._book.study_of(case.key).cases if case is not None else []
        if [one.key for one in cases] != list(self._thumbs):
            self._rebuild(cases)
        for key, thumb in self._thumbs.items():
            thumb.setChecked(case is not None and key == case.key)
            if case is not None and key == case.key:
                self._area.ensureWidgetVisible(thumb)

    def _rebuild(self, cases: list[Case]) -> None:
        for thumb in self._thumbs.values():
            thumb.hide()
            thumb.setParent(None)
            thumb.deleteLater()
        self._thumbs = {}
        for number, case in enumerate(cases):
            thumb = Thumb(self._theme, case)
            thumb.clicked.connect(self._on_clicked)
            self._list.insertWidget(number, thumb)
            self._thumbs[case.key] = thumb
            self._show_picture(thumb, case)

    def _show_picture(self, thumb: Thumb, case: Case) -> None:
        """Show the thumbnail, or ask for it where nobody has: a stick that came back is asked again."""
        thumb.show_case(case)
        if case.thumbnail is None and not case.thumbnail_asked:
            case.thumbnail_asked = True
            self._book.thumbnail_wanted.emit(case.key)

    @Slot()
    def _on_clicked(self) -> None:
        thumb = self.sender()
        assert isinstance(thumb, Thumb)
        self.case_chosen.emit(thumb.key)

    @Slot(str)
    def _on_case_changed(self, key: str) -> None:
        case = self._book.find(key)
        if key in self._thumbs and case is not None:
            self._show_picture(self._thumbs[key], case)
