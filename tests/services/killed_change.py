"""One change of packs in a process that kills itself right before its n-th step that changes something."""

import multiprocessing
import os
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inference.verify import VerifyCheck
from services import pack_install
from store import pack_folder, pack_rows
from tests.opening import open_workplace

LONGEST_S = 60.0


class Steps:
    """Counts down to the step before which the power goes."""

    def __init__(self, left: int) -> None:
        self.left = left

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return the act with a step before it."""

        def stepped(*arguments: Any, **named: Any) -> Any:
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1
            return act(*arguments, **named)

        return stepped


def end_of_change(profile: Path, change: str, first: Path, second: Path, step: int) -> int | None:
    """Do it in a process that is forked from one that imported this; returns how that one ended.

    Raises:
        RuntimeError: it ended otherwise than by its end or by its own signal; the text says why.
        TimeoutError: it did not end.
    """
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    why = profile.with_suffix(".why")
    process = forks.Process(target=_telling, args=(why, profile, change, first, second, step))
    process.start()
    process.join(LONGEST_S)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{change} did not end, step {step}")
    if why.exists():
        raise RuntimeError(why.read_text(encoding="utf-8"))
    return process.exitcode


def _telling(why: Path, *change: Any) -> None:
    try:
        change_packs(*change)
    except BaseException:
        why.write_text(traceback.format_exc(), encoding="utf-8")
        raise


def change_packs(profile: Path, change: str, first: Path, second: Path, step: int) -> None:
    """Do it."""
    with open_workplace(profile) as workplace:
        own = workplace.packs
        desk = pack_install.PackDesk(
            own._store, own._folder, own.keys,
            session=workplace.session, trail=workplace.trail, clock=workplace.clock, bundled=(),
        )  # fmt: skip
        _arm(Steps(step), workplace)
        if change in ("install", "upgrade"):
            with desk.offer(first if change == "install" else second) as offer:
                desk.install(offer)
        elif change == "roll back":
            desk.roll_back("toy-outline")
        else:
            desk.remove("toy-outline")


def _arm(steps: Steps, workplace: Any) -> None:
    passed = VerifyCheck(name="Model", passed=True, text="")
    setattr(pack_install, "try_pack", lambda *_, **__: (passed,))  # noqa: B010  nobody exports it
    for owner, name in (
        (os, "fsync"),
        (Path, "mkdir"),
        (Path, "rename"),
        (pack_folder, "settle_folder"),
        (shutil, "rmtree"),
        (pack_rows.PackStore, "put"),
        (pack_rows.PackStore, "set_state"),
        (pack_rows.PackStore, "drop"),
        (workplace.trail, "note"),
    ):
        setattr(owner, name, steps.before(getattr(owner, name)))
