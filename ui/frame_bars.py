"""The lines round the pages: tabs above, the patient under them, work and the research notice below."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from core.image import ReadingUnit
from core.patient import Patient
from services.images import origin_of
from services.patient import identity_differs
from ui import words
from ui.cases import Case
from ui.controls import Chip, PushButton, label, set_role
from ui.shortcuts import tooltip
from ui.theme import Theme, interface_font
from ui.two_lines import NameLabel, clipped

WIDEST_PERSON = 240
PAGES = ("worklist", "read", "report", "models", "records")


class TopBar(QWidget):
    """Name, pages, engine and who is logged in."""

    page_chosen = Signal(str)
    lock_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(4)
        self._brand = label("", "brand")
        self._brand.setTextFormat(Qt.TextFormat.RichText)
        row.addWidget(self._brand)
        row.addSpacing(20)
        self._tabs = self._build_tabs(row)
        row.addStretch(1)
        self.engine = Chip(self.tr("Models not loaded yet"))
        self.engine.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(self.engine)
        row.addSpacing(8)
        self.reader = self._chip_button("", row)
        self.reader.clicked.connect(self.lock_asked)
        row.addSpacing(8)
        self.lock = self._chip_button(self.tr("Lock"), row)
        self.lock.setToolTip(tooltip("lock"))
        self.lock.clicked.connect(self.lock_asked)
        row.addSpacing(8)
        self.settings = self._chip_button(self.tr("Settings"), row)
        self.settings.setToolTip(tooltip("settings"))
        self.settings.setObjectName("settings")
        self.settings.clicked.connect(self._on_tab_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_person(self, text: str) -> None:
        """Show who is logged in; a long name loses its middle, and stands whole in the tooltip."""
        room = self.reader.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, WIDEST_PERSON)
        self.reader.setText(room)
        self.reader.setAccessibleName(text)
        self.reader.setToolTip(self.tr("{name} is logged in; click to let somebody else").format(name=text))

    def set_page(self, page: str) -> None:
        """Mark the page in sight."""
        set_role(self.settings, chosen=page == "settings")
        if page in self._tabs:
            self._tabs[page].setChecked(True)
        else:
            self._group.setExclusive(False)
            for tab in self._tabs.values():
                tab.setChecked(False)
            self._group.setExclusive(True)

    def _build_tabs(self, row: QHBoxLayout) -> dict[str, PushButton]:
        names = (
            self.tr("Worklist"),
            self.tr("Read"),
            self.tr("Report"),
            self.tr("Models"),
            self.tr("Records"),
        )
        self._group = QButtonGroup(self)
        tabs = {}
        for page, name in zip(PAGES, names, strict=True):
            tab = PushButton(name)
            tab.setProperty("tab", True)
            tab.setCheckable(True)
            tab.setObjectName(page)
            tab.setToolTip(tooltip(page))
            tab.clicked.connect(self._on_tab_clicked)
            self._group.addButton(tab)
            row.addWidget(tab)
            tabs[page] = tab
        return tabs

    def _chip_button(self, text: str, row: QHBoxLayout) -> PushButton:
        button = PushButton(text)
        button.setProperty("kind", "chip")
        row.addWidget(button)
        return button

    @Slot()
    def _on_tab_clicked(self) -> None:
        self.page_chosen.emit(self.sender().objectName())

    @Slot()
    def _on_theme_changed(self) -> None:
        accent = self._theme.color("accent").name()
        self._brand.setText(f'Far<span style="color:{accent}">light</span>')


class Facts(QWidget):
    """Facts in one line: what it is in muted ink, its value in bold; a long one loses its middle."""

    GAP = 24
    WIDEST = 180  # one long fact leaves room for the others

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._facts: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Set (what, value) pairs."""
        self._facts = facts
        self.setToolTip(self.text())
        self.update()

    def text(self) -> str:
        """Return all facts as text."""
        return "   ".join(" ".join(part for part in fact if part) for fact in self._facts)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the facts from left to right as far as there is room."""
        painter = QPainter(self)
        left = 0
        for what, value in self._facts:
            for text, token, bold in ((what, "muted", False), (value, "ink", True)):
                if not text or left >= self.width():
                    continue
                painter.setFont(interface_font(bold=bold))
                painter.setPen(self._theme.color(token))
                metrics = painter.fontMetrics()
                room = min(self.width() - left, max(self.WIDEST, self.width() // 3))
                shown = metrics.elidedText(clipped(text), Qt.TextElideMode.ElideMiddle, room)
                base = (self.height() + metrics.ascent() - metrics.descent()) // 2
                painter.drawText(left, base, shown)
                left += metrics.horizontalAdvance(shown) + 6
            left += self.GAP - 6


class PatientBanner(QWidget):
    """Which patient: always in sight, changed only by opening a study or by typing who it is."""

    kept_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(52)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(22)
        self.name = NameLabel(theme)
        self._facts = Facts(theme)
        self.status = Chip()
        self.kept = PushButton(self.tr("Kept …"))
        self.kept.setProperty("kind", "chip")
        self.kept.setToolTip(self.tr("What is kept of this patient: consent, copies, deletion"))
        self.kept.clicked.connect(self.kept_clicked)
        row.addWidget(self.name)
        row.addWidget(self._facts, 1)
        self.identity = label("", "muted")
        row.addWidget(self.identity)
        row.addWidget(self.kept)
        row.addWidget(self.status)
        self.clear()

    def clear(self) -> None:
        """Show that no patient is open."""
        self.name.set_whole(self.tr("No patient open"))
        self._facts.set_facts(())
        self.identity.clear()
        self.identity.hide()
        self.status.hide()
        self.kept.hide()
        self.setAccessibleName(self.tr("No patient open"))

    def show_case(self, case: Case) -> None:
        """Show a case: whose it is now, and whom its report names where that is somebody else."""
        self.show_patient(case.whose, case.unit, signed_as=case.moved.signed_as if case.moved else "")

    def show_patient(self, patient: Patient, unit: ReadingUnit, *, signed_as: str = "") -> None:
        """Show a patient and the study."""
        name = words.patient_name(patient)
        self.name.set_whole(name)
        when = " ".join(part for part in (words.study_date(unit), words.study_time(unit)) if part)
        facts = (
            *(((self.tr("signed as"), signed_as),) if signed_as else ()),
            (f"{words.sex_word(patient)} ·", words.age_word(patient)),
            (self.tr("ID"), words.patient_id(patient)),
            ("", words.study_name(unit)),
            (when, ""),
            (unit.header.institution or "", ""),
            (self.tr("from the kept copy") if origin_of(unit) == "copy" else "", ""),
        )
        self._facts.set_facts(tuple(fact for fact in facts if any(fact)))
        self._show_identity(patient, unit.patient)
        self.kept.show()
        self.setAccessibleName(self.text())

    def set_status(self, text: str, tone: str) -> None:
        """Show where the reading stands."""
        self.status.set_chip(text, tone)
        self.status.setVisible(bool(text))

    def text(self) -> str:
        """Return all that stands on the banner."""
        return f"{self.name.whole()} {self._facts.text()}   {self.identity.text()}"

    def _show_identity(self, patient: Patient, header: Patient) -> None:
        """Say where it is known from who this is, as far as it is no header; in amber where one differs."""
        sources = {value.source for value in (patient.name, patient.id) if value is not None}
        said, told, role = "", "", "muted"
        if identity_differs(header, patient):
            who = " · ".join((words.patient_name(patient), words.patient_id(patient)))
            said, role = self.tr("header names another patient"), "warning-strong"
            told = "\n".join(
                (words.header_identity(header), self.tr("It is read as of {who}.").format(who=who))
            )
        elif "typed" in sources:
            said = self.tr("identity typed")
        elif not sources:
            said, role = self.tr("identity not known"), "warning"
        self.identity.setText(said)
        self.identity.setToolTip(told)
        self.identity.setVisible(bool(said))
        set_role(self.identity, role=role)


class StatusLine(QWidget):
    """What works in the background, with its time left, and the research notice."""

    pause_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(32)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        self._words = label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(180)
        self._left = label("", "small")
        self._pause = self._flat(self.tr("Pause"), self.pause_clicked)
        self._cancel = self._flat(self.tr("Cancel"), self.cancel_clicked)
        for part in (self._words, self._bar, self._left, self._pause, self._cancel):
            row.addWidget(part)
        row.addStretch(1)
        self._row = row
        self.notice = label(self.tr("Research use only: not a medical device"), "small")
        row.addWidget(self.notice)
        self.show_rest("")

    def show_work(self, text: str, done: int, total: int, left: str, *, paused: bool | None = None) -> None:
        """Show work that goes on; ``paused`` None hides the pause button."""
        self._words.setText(text)
        self._bar.setRange(0, max(0, total))
        self._bar.setValue(done)
        self._bar.setAccessibleName(text)
        self._left.setText(left)
        self._pause.setText(self.tr("Resume") if paused else self.tr("Pause"))
        self._pause.setVisible(paused is not None)
        for part in (self._bar, self._cancel):
            part.show()
        self._left.setVisible(bool(left))

    def add(self, part: QWidget) -> None:
        """Place a part at the end, before the research notice."""
        self._row.insertWidget(self._row.count() - 1, part)

    def show_rest(self, text: str) -> None:
        """Show that nothing works, with a closing sentence."""
        self._words.setText(text)
        for part in (self._bar, self._left, self._pause, self._cancel):
            part.hide()

    def text(self) -> str:
        """Return the words about the work."""
        return self._words.text()

    def _flat(self, text: str, signal: object) -> PushButton:
        button = PushButton(text)
        button.setProperty("kind", "flat")
        button.clicked.connect(signal)
        return button
