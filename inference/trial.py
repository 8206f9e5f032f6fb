"""Tries a pack in a child process with limits on memory and time: a hostile model ends no more than that.

The child is this module; in the frozen application ``main.py`` calls ``main()`` when its first argument is
``--farlight-trial``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.child import limit_memory, start_child, streams_of
from core.errors import Cancelled, PackTrialError
from core.wording import say

if TYPE_CHECKING:
    from inference.verify import VerifyCheck

ARGUMENT = "--farlight-trial"
_MEMORY_VARIABLE = "FARLIGHT_TRIAL_BYTES"
_ASKS_EVERY_S = 0.1
_LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLimits:
    """What the child may take; ``memory_bytes`` counts address space, of which the engines reserve much."""

    memory_bytes: int = 3 << 30
    seconds: float = 180.0


LIMITS = TrialLimits()


def try_pack(
    folder: Path,
    *,
    threads: int | None = None,
    limits: TrialLimits = LIMITS,
    cancelled: Callable[[], bool] = lambda: False,
) -> "tuple[VerifyCheck, ...]":
    """Return what ``verify_pack`` says in a child process, and as the last check how the child ended.

    Raises:
        Cancelled: ``cancelled`` said so; the child is ended.
    """
    child = start_child(
        "inference.trial", ARGUMENT, stderr=subprocess.DEVNULL, **{_MEMORY_VARIABLE: str(limits.memory_bytes)}
    )
    try:
        answer = _ask(child, {"folder": str(folder), "threads": threads}, limits.seconds, cancelled)
    finally:
        child.kill()
        child.wait()
        for stream in streams_of(child):
            stream.close()
    if answer is None:
        return (_ended(say("inference.verify_trial.too_long", seconds=round(limits.seconds))),)
    checks, whole = _read(answer)
    if not whole:
        return (*checks, _ended(say("inference.verify_trial.died", how=_how(child.returncode))))
    return checks


def require_tried(checks: "tuple[VerifyCheck, ...]") -> None:
    """Check that a pack passed.

    Raises:
        PackTrialError: it did not; the detail says what failed first.
    """
    failed = next((check for check in checks if not check.passed), None)
    if failed is not None or not checks:
        text = failed.text if failed else ""
        place = " ".join(filter(None, (failed.engine, failed.precision))) if failed else ""
        raise PackTrialError(f"{place}: {text}" if place else text)


def main() -> int:
    """Be the child: read which folder, say each check as a line of JSON, and a last line that it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which then ends this process
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    limit_memory(int(os.environ.get(_MEMORY_VARIABLE, "0")))
    from inference.verify import checks_of

    order = json.loads(sys.stdin.buffer.readline())
    for check in checks_of(Path(order["folder"]), threads=order["threads"]):
        print(json.dumps(asdict(check)), file=answers, flush=True)
    print(json.dumps({"done": True}), file=answers, flush=True)
    return 0


def _ask(
    child: "subprocess.Popen[bytes]", order: dict[str, Any], seconds: float, cancelled: Callable[[], bool]
) -> bytes | None:
    """Return what the child said until its end; None where its time was over."""
    request: bytes | None = json.dumps(order).encode() + b"\n"
    end = time.monotonic() + seconds
    while True:
        try:
            return child.communicate(request, timeout=_ASKS_EVERY_S)[0]
        except subprocess.TimeoutExpired:
            request = None
        if cancelled():
            child.kill()
            raise Cancelled
        if time.monotonic() > end:
            return None


def _read(answer: bytes) -> "tuple[tuple[VerifyCheck, ...], bool]":
    """Return the checks that came whole, and whether the child said that it was done."""
    from inference.verify import VerifyCheck

    checks: list[VerifyCheck] = []
    for line in answer[:_LONGEST_ANSWER].splitlines():
        try:
            said = json.loads(line)
            if said == {"done": True}:
                return tuple(checks), True
            checks.append(VerifyCheck(**said))
        except (ValueError, TypeError):
            break
    return tuple(checks), False


def _how(status: int | None) -> str:
    """Return how a process ended, in the system's own short words."""
    if status is not None and status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"status {status}"


def _ended(text: str) -> "VerifyCheck":
    from inference.verify import VerifyCheck

    return VerifyCheck(
        name=say("inference.verify_trial.name"), passed=False, text=text, code=PackTrialError.code
    )


if __name__ == "__main__":
    raise SystemExit(main())
