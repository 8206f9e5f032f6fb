"""Deletion in the window: what goes is found and shown, confirmed, carried out, and told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError, NotRemovedError, RequestError
from services.deletion import Deleted
from services.deletion_plan import Chosen, DeletionPlan
from services.workplace import Workplace
from ui.delete_dialog import DeleteDialog
from ui.desk import Desk
from ui.due_dialog import DueDialog
from ui.notices import NoticeArea
from ui.task import Handle, Pools


class Deleting(QObject):
    """Asks and deletes; what is deleted is off the desk before it goes."""

    failed = Signal(object)
    deleted = Signal(object)  # keys of the studies that went
    asked = Signal(object)  # a DeleteDialog, to be opened

    def __init__(
        self, desk: Desk, pools: Pools, *, workplace: Workplace, notices: NoticeArea, window: QWidget
    ) -> None:
        super().__init__(window)
        self._desk, self._pools, self._workplace = desk, pools, workplace
        self._notices, self._window = notices, window
        self._dialog: DeleteDialog | None = None
        self._stop = threading.Event()

    def ask(self, chosen: Chosen) -> None:
        """Show exactly what would go with one patient, or with studies of theirs, and ask."""
        try:
            self._desk.flush()
            plan = self._workplace.deletion.plan(chosen.patient_id, chosen.studies)
        except FarlightError as error:
            self.failed.emit(error)
            return
        self._show((plan,))

    def ask_all(self, chosen: Sequence[Chosen], dialog: DueDialog) -> None:
        """Find what would go with several, which takes a moment for each, and ask once for all of them."""
        if len(chosen) == 1:
            self.ask(chosen[0])
            return
        self._desk.flush()
        task = self._pools.records("plan", partial(_plan, self._workplace, tuple(chosen)))
        task.succeeded.connect(self._show)
        task.failed.connect(self.failed)
        dialog.follow(task)

    @Slot(object)
    def _show(self, plans: tuple[DeletionPlan, ...]) -> None:
        self._dialog = DeleteDialog(plans, self._window)
        self._dialog.confirmed.connect(self._on_confirmed)
        self._dialog.stop_asked.connect(self._on_stop)
        self._dialog.finished.connect(self._on_finished)
        self.asked.emit(self._dialog)

    @Slot(str, str, bool)
    def _on_confirmed(self, typed: str, password: str, with_set_aside: bool) -> None:
        if self._dialog is None:
            return
        plans = self._dialog.plans
        if self._desk.case is not None and self._desk.case.key in _keys(plans):
            self._desk.close()
        self._stop.clear()
        work = partial(
            _delete,
            plans,
            workplace=self._workplace,
            typed=typed,
            password=password,
            with_set_aside=with_set_aside,
            stop=self._stop,
        )
        task = self._pools.records("delete", work)
        task.succeeded.connect(self._on_deleted)
        task.failed.connect(self._on_not_deleted)
        self._dialog.follow(task)

    @Slot()
    def _on_stop(self) -> None:
        self._stop.set()

    @Slot(object)
    def _on_deleted(self, deleted: Deleted) -> None:
        if self._dialog is not None:
            self._dialog.done_deleting()
        if deleted.done:
            self.deleted.emit(_keys(deleted.done))
        if isinstance(deleted.trouble, NotRemovedError):
            self.failed.emit(deleted.trouble)
        if deleted.left:
            self._tell_left(deleted)
        elif deleted.trouble is None:
            self._notices.tell(
                "calm",
                self._done_words(deleted.done),
                self.tr("Backups made earlier still hold them; delete or renew those as well."),
            )

    def _done_words(self, done: tuple[DeletionPlan, ...]) -> str:
        if len(done) > 1:
            return self.tr("The records of {count} patients are deleted.").format(count=len(done))
        if done[0].whole:
            return self.tr("The patient is deleted.")
        if len(done[0].studies) == 1:
            return self.tr("The study is deleted; its patient stays.")
        return self.tr("The studies are deleted; their patient stays.")

    def _tell_left(self, deleted: Deleted) -> None:
        """Say what was done of several before it was stopped, and why it was."""
        why = deleted.trouble.message if deleted.trouble is not None else self.tr("Somebody stopped it.")
        self._notices.tell(
            "warning",
            self.tr("The records of {done} of {all} patients are deleted; the others are whole.").format(
                done=len(deleted.done), all=len(deleted.done) + len(deleted.left)
            ),
            why,
        )

    @Slot(object)
    def _on_not_deleted(self, error: FarlightError) -> None:
        dialog = self._dialog
        if dialog is not None and dialog.isVisible():
            dialog.refuse(error.detail if isinstance(error, RequestError) else error.message)
            return
        if dialog is not None:
            dialog.done_deleting()
        self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        if self.sender() is self._dialog:
            self._dialog = None


def _keys(plans: Sequence[DeletionPlan]) -> frozenset[str]:
    return frozenset(key for plan in plans for key in plan.unit_keys)


def _plan(workplace: Workplace, chosen: tuple[Chosen, ...], handle: Handle) -> tuple[DeletionPlan, ...]:
    """Find what would go, free of Qt."""
    return workplace.deletion.plan_all(chosen, progress=handle.deliver, cancelled=handle.cancelled)


def _delete(
    plans: tuple[DeletionPlan, ...],
    handle: Handle,
    *,
    workplace: Workplace,
    typed: str,
    password: str,
    with_set_aside: bool,
    stop: threading.Event,
) -> Deleted:
    """Delete, free of Qt. Who stops it is told what was done: no cancelled task, but one that ended early."""
    deleted = workplace.deletion.delete_all(
        plans,
        password=password,
        typed=typed,
        with_set_aside=with_set_aside,
        progress=handle.deliver,
        cancelled=stop.is_set,
    )
    if deleted.trouble is not None and not deleted.done:
        raise deleted.trouble
    return deleted
