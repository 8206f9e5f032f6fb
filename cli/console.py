"""What every verb needs of the terminal: progress on stderr, being stopped, tables and JSON on stdout."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from core.wording import say
from services.progress import IsCancelled, Progress
from services.time_left import TimeLeft

_ON_TERMINAL_EVERY_S = 0.1
_ELSEWHERE_EVERY_S = 10.0
_IN_SECONDS_BELOW_S = 90.0
_WIDEST_CELL = 60
_TIMED = frozenset({"looking", "tiles", "copying", "verifying", "restoring", "salvaging"})


class ProgressLine:
    """Progress on stderr: one line that renews itself on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown_at = time.monotonic()
        self._left = TimeLeft()
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        if progress.total and progress.stage in _TIMED:
            self._left.hear(progress.done, progress.total, at=now, work=progress.stage)
        if now - self._shown_at < (_ON_TERMINAL_EVERY_S if self._terminal else _ELSEWHERE_EVERY_S):
            return
        self._shown_at = now
        text = self._words(progress)
        if self._terminal:
            print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def begin(self, text: str) -> None:
        """Say at once what is being done: until the first progress many seconds may pass."""
        if self._terminal:
            print(text, end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def above(self, text: str) -> None:
        """Say a sentence that stays, above the line that renews itself."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, so that what follows starts on a clean one."""
        if self._terminal and self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def _words(self, progress: Progress) -> str:
        stage = say(f"cli.progress.{progress.stage}")
        if not progress.total:
            return say("cli.progress.count", stage=stage, done=progress.done)
        text = say("cli.progress.of", stage=stage, done=progress.done, total=progress.total)
        left = self._left.seconds() if progress.stage in _TIMED else None
        if left is None:
            return text
        if left < _IN_SECONDS_BELOW_S:
            return text + say("cli.progress.left", seconds=round(left))
        return text + say("cli.progress.left_minutes", minutes=round(left / 60))


@contextmanager
def stoppable() -> Iterator[IsCancelled]:
    """Turn Ctrl-C, a polite request to end and a closed terminal into a flag; a second Ctrl-C stops at once.

    A signal that is ignored (``nohup``) stays so.
    """
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    earlier = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield asked.is_set
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need, the last one as it is."""
    cells = [[_cell(text) for text in row] for row in (header, *rows)]
    widths = [min(_WIDEST_CELL, max(len(row[column]) for row in cells)) for column in range(len(header))]
    for row in cells:
        padded = [text.ljust(width) for text, width in zip(row[:-1], widths[:-1], strict=True)]
        print("  ".join([*padded, row[-1]]).rstrip())


def print_json(value: Any) -> None:
    """Print a value as ASCII JSON, so that every terminal and pipe carries it."""
    print(json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1))


def _cell(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
