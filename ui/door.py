"""The door: the screens before the window. Set up, log in, a forgotten password, or why it does not open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from core.errors import FarlightError, RequestError, WrongPasswordError
from services.access import Access
from services.staff import NewPerson
from ui.controls import KeyButton
from ui.door_page import DoorPage
from ui.log_in_form import LogInForm
from ui.rescue import Trouble, offers_for
from ui.task import Handle, Pools
from ui.theme import Theme

if TYPE_CHECKING:
    from services.workplace import Workplace

SIZE = (960, 700)
LOG_IN_WIDTH = 420
_LATER = (
    "argon2.low_level", "cryptography.hazmat.primitives.ciphers.aead", "numpy", "services.workplace",
    "ui.cases", "ui.frame_bars", "ui.viewer", "ui.column", "ui.read_page", "ui.worklist_page",
    "ui.main_window",
)  # fmt: skip
"""What the window needs next, loaded one by one while somebody types their password."""


class LogInPage(DoorPage):
    """Who opens the records."""

    forgotten = Signal()

    def __init__(
        self, theme: Theme, wait_seconds: Callable[[str], float], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "", parent, width=LOG_IN_WIDTH)
        self.title.setText(self.tr("Log in"))
        self.form = LogInForm(self.tr("Log in"), wait_seconds)
        self.body.addWidget(self.form)
        forgot = KeyButton(self.tr("Forgot the password …"))
        forgot.clicked.connect(self.forgotten)
        self.body.addWidget(forgot)


class Door(QWidget):
    """Stands where the window will stand, until somebody has opened the records."""

    opened = Signal(object)  # Workplace
    closed = Signal()

    def __init__(
        self, make_access: Callable[[], Access], theme: Theme, folder: Path | None = None, user: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setWindowTitle("Farlight")
        self.resize(*SIZE)
        self._make_access, self._theme, self._folder = make_access, theme, folder
        self._user = user.strip().casefold()
        self._access: Access | None = None
        self._work: _Open | None = None
        self._made: Came | None = None
        self._painted = False
        self._later = list(_LATER)
        self.error: FarlightError | None = None
        self.pools = Pools(self)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._loading = QTimer(self)
        self._loading.setInterval(0)
        self._loading.timeout.connect(self._load_one)

    @property
    def page(self) -> DoorPage:
        """The screen in sight."""
        page = self._stack.currentWidget()
        assert isinstance(page, DoorPage)
        return page

    @Slot()
    def start(self) -> None:
        """Look at the profile and show what it asks for; also to try again."""
        self._give_back()
        self.error = None
        try:
            self._access = self._make_access()
        except FarlightError as error:
            self._show_trouble(error)
            return
        if self._access.is_new:
            self._show_set_up()
        else:
            self.show_log_in()

    @Slot()
    def show_log_in(self, chosen: str = "") -> None:
        """Ask who opens the records."""
        assert self._access is not None
        page = LogInPage(self._theme, self._access.wait_seconds)
        page.form.asked.connect(self._on_log_in_asked)
        page.forgotten.connect(self._on_forgotten)
        self._turn_to(page)
        holders = self._access.holders()
        named = next((one.holder_id for one in holders if one.name.casefold() == self._user), "")
        page.form.begin(holders, chosen or named)

    # --- screens

    def _show_set_up(self) -> None:
        from ui.set_up_page import SetUpPage

        assert self._access is not None
        page = SetUpPage(self._theme, plain_records=self._access.has_plain_records)
        page.entered.connect(self._on_set_up_asked)
        self._turn_to(page)
        page.begin()

    def _show_sheet(self, came: Came) -> None:
        from ui.sheet_page import OfferSheetPage, SheetPage

        self._made = came
        if came.offer:
            offer = OfferSheetPage(self._theme, used=came.offer == "used")
            offer.wanted.connect(self._on_sheet_wanted)
            offer.put_off.connect(self._hand_over)
            self._turn_to(offer)
            offer.go.setFocus()
            return
        page = SheetPage(self._theme)
        page.confirmed.connect(self._on_sheet_confirmed)
        self._turn_to(page)
        page.begin(came.code)

    def _show_trouble(self, error: FarlightError, holder_id: str = "", password: str = "") -> None:
        from ui.trouble_page import TroublePage

        self._give_back()
        self.error = error
        trouble = Trouble(
            error=error, folder=self._folder, retry=self.start, holder_id=holder_id, password=password
        )
        page = TroublePage(self._theme, error, str(self._folder or ""), offers_for(trouble))
        page.retry_asked.connect(self.start)
        page.close_asked.connect(self.close)
        self._turn_to(page)
        page.again.setFocus()

    def _turn_to(self, page: DoorPage) -> None:
        old = self._stack.currentWidget()
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()

    # --- acts

    @Slot(str, str)
    def _on_log_in_asked(self, holder_id: str, password: str) -> None:
        assert self._access is not None
        self._open(partial(_log_in, self._access, holder_id, password), (holder_id, password))

    @Slot()
    def _on_forgotten(self) -> None:
        from ui.forgot_page import ForgotPage

        chosen = self.page.form.holder_id() if isinstance(self.page, LogInPage) else ""
        assert self._access is not None
        page = ForgotPage(self._theme)
        page.asked.connect(self._on_sheet_code_given)
        page.back_asked.connect(self.show_log_in)
        self._turn_to(page)
        page.begin(self._access.holders(), chosen)

    @Slot(str, str, str)
    def _on_sheet_code_given(self, code: str, holder_id: str, password: str) -> None:
        assert self._access is not None
        self._open(partial(_recover, self._access, code, holder_id, password), (holder_id, password))

    @Slot(object, str)
    def _on_set_up_asked(self, person: NewPerson, password: str) -> None:
        assert self._access is not None
        self._open(partial(_set_up, self._access, person, password), ("", password))

    def _open(self, act: Callable[[], Came], secret: tuple[str, str]) -> None:
        """Open the records in the background: guessing is slow on purpose."""
        self._work = _Open(act)
        task = self.pools.records("open the records", self._work, key=secret)
        task.succeeded.connect(self._on_opened)
        task.failed.connect(self._on_not_opened)

    @Slot(object)
    def _on_opened(self, came: Came) -> None:
        self._work, self._access, self._made = None, None, came
        if came.code or came.offer:
            self._show_sheet(came)
        else:
            self._hand_over()

    @Slot(object)
    def _on_not_opened(self, error: FarlightError) -> None:
        holder_id, password = self.sender().key  # type: ignore[attr-defined]
        from ui.forgot_page import ForgotPage

        page = self.page
        if isinstance(error, WrongPasswordError) and isinstance(page, LogInPage):
            page.form.refuse(error)
        elif isinstance(error, WrongPasswordError | RequestError) and isinstance(page, ForgotPage):
            assert self._access is not None
            page.refuse(error, self._access.wait_seconds("sheet"))
        elif isinstance(error, RequestError):
            page.set_busy(False)  # type: ignore[attr-defined]
            page.tell(error.detail)
        else:
            self._show_trouble(error, holder_id, password)

    @Slot()
    def _on_sheet_wanted(self) -> None:
        assert self._made is not None
        task = self.pools.records("new sheet", _NewSheet(self._made))
        task.succeeded.connect(self._show_sheet)
        task.failed.connect(self._on_sheet_not_made)

    @Slot(object)
    def _on_sheet_not_made(self, error: FarlightError) -> None:
        self.page.tell(error.message)

    @Slot()
    def _on_sheet_confirmed(self) -> None:
        assert self._made is not None
        try:
            self._made.workplace.staff.confirm_sheet()
        except FarlightError as error:
            self.page.tell(error.message)
            return
        self._hand_over()

    @Slot()
    def _hand_over(self) -> None:
        came, self._made = self._made, None
        self._loading.stop()
        if came is not None:
            self.opened.emit(came.workplace)

    # --- start and end

    def event(self, event: QEvent) -> bool:
        """Load what the window will need, after the first paint."""
        handled = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            self._loading.start()
        return handled

    @Slot()
    def _load_one(self) -> None:
        import importlib

        if not self._later:
            self._loading.stop()
            return
        importlib.import_module(self._later.pop(0))

    def _give_back(self) -> None:
        if self._access is not None:
            self._access.close()
            self._access = None

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop, and give the profile back."""
        self._loading.stop()
        self.pools.close()
        late = self._work.made if self._work is not None else None
        for made in (late, self._made):
            if made is not None:
                made.workplace.close()
        self._work = self._made = None
        self._give_back()
        super().closeEvent(event)
        self.closed.emit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of knocking: open records, and what is to be said of the recovery sheet before the window."""

    workplace: Workplace
    code: str = ""
    offer: Literal["", "not_confirmed", "used"] = ""


class _Open:
    """Opens the records; remembers what came of it, should the door close meanwhile."""

    def __init__(self, act: Callable[[], Came]) -> None:
        self._act = act
        self.made: Came | None = None

    def __call__(self, _handle: Handle) -> Came:
        self.made = self._act()
        return self.made


def _set_up(access: Access, person: NewPerson, password: str) -> Came:
    made = access.set_up(person, password)
    return Came(workplace=made.workplace, code=made.code)


def _log_in(access: Access, holder_id: str, password: str) -> Came:
    """Log in; an administrator is asked again for a sheet that nobody said they keep."""
    workplace = access.log_in(holder_id, password)
    wanted = not workplace.staff.sheet_kept and workplace.session.may("people")
    return Came(workplace=workplace, offer="not_confirmed" if wanted else "")


def _recover(access: Access, code: str, holder_id: str, password: str) -> Came:
    """Open with the sheet; an administrator is offered a new one, since others may have seen this one."""
    workplace = access.recover(code, holder_id, password)
    return Came(workplace=workplace, offer="used" if workplace.session.may("people") else "")


class _NewSheet:
    """Makes a new code in the background."""

    def __init__(self, came: Came) -> None:
        self._came = came

    def __call__(self, _handle: Handle) -> Came:
        return replace(self._came, code=self._came.workplace.staff.new_sheet(), offer="")
