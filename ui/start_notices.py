"""What must be said when somebody has logged in: wrong passwords, a broken trail, a clock that went back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication

from core.errors import FarlightError
from core.wording import say
from services.trail_words import found_words
from services.tuning import limits_mark, limits_unseen
from services.workplace import Workplace
from ui.notices import NoticeArea


def tr(text: str) -> str:
    """Return a sentence in the user's language."""
    return QCoreApplication.translate("start_notices", text)


def tell_start_notices(
    notices: NoticeArea, workplace: Workplace, choose_password: Callable[[], None] | None = None
) -> None:
    """Say what was found; it comes back at each log-in until somebody who may has answered it.

    With ``choose_password`` whoever has just logged in is told what others did with their password.
    """
    before = workplace.clock_before
    if before is not None:
        now = workplace.clock.now()
        notices.tell(
            "warning",
            tr("The clock of this computer shows {now}, earlier than the last entry ({before}).").format(
                now=f"{now:%Y-%m-%d %H:%M}", before=f"{before.astimezone():%Y-%m-%d %H:%M}"
            ),
            tr("Is it right? If not, set it before you go on. The jump is marked in the audit trail."),
            act=tr("The clock is right"),
            on_act=partial(_answer, notices, workplace.accept_clock),
            lasting=True,
        )
    if workplace.staff.key_waits:
        tell_key_waits(notices, "start")
    reminder = workplace.backups.reminder()
    if reminder is not None and workplace.session.may("backup"):
        hint = tr("Settings, Backup: plug in a stick and press Back up now.")
        notices.tell("calm", reminder, hint, duty="backup")
    _tell_limits(notices, workplace)
    if choose_password is not None:
        _tell_log_in(notices, workplace, choose_password)
    if not workplace.trail_unseen:
        return
    administrator = workplace.session.may("audit")
    notices.tell(
        "warning",
        tr("The audit trail of this computer was changed outside Farlight, or lost lines."),
        tr("Found: {found}. Settings, Audit trail shows where; an administrator has to look.").format(
            found=" ".join(found_words(name) for name in workplace.trail_unseen.split(", ")).removesuffix(".")
        ),
        act=tr("I have seen it") if administrator else "",
        on_act=partial(_answer, notices, workplace.see_trail_trouble) if administrator else None,
        lasting=True,
    )


def _tell_limits(notices: NoticeArea, workplace: Workplace) -> None:
    """Say once what does not work on an old or small computer."""
    limits = limits_unseen(workplace.settings.text("computer.limits_seen"))
    if limits:
        notices.tell(
            "calm",
            " ".join(limits),
            tr("Settings, This computer says which models give their known answers here."),
            act=tr("I have seen it"),
            on_act=partial(
                _answer, notices, partial(workplace.settings.set, "computer.limits_seen", limits_mark())
            ),
            lasting=True,
        )


def tell_key_waits(notices: NoticeArea, when: str = "done") -> None:
    """Say that the records have not got their new key yet: once a change is ``done``, or at a ``start``."""
    notices.tell("warning", say(f"people.key_waits.{when}"), say("people.key_waits.hint"), lasting=True)


def _tell_log_in(notices: NoticeArea, workplace: Workplace, choose_password: Callable[[], None]) -> None:
    for sentence in workplace.wrong_guesses:
        notices.tell("calm", sentence, say("people.guesses.advice"), beside=True)
    given = workplace.given_password
    if given is not None:
        notices.tell(
            "warning", given.title, given.hint, act=tr("Choose it …"), on_act=choose_password, lasting=True
        )


def _answer(notices: NoticeArea, act: object) -> None:
    assert callable(act)
    try:
        act()
    except FarlightError as error:
        notices.tell("critical", error.title, f"{error.hint} ({error.code})")
