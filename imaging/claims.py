"""Checks what coded content claims of itself before anything is allocated; for the decoder process."""

import sys
from typing import Any

Parameters = dict[str, Any]


class RefusedError(Exception):
    """The content is refused with one of Farlight's error codes."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def require_claim(rows: int, columns: int, samples: int, parameters: Parameters) -> None:
    """Check that a frame of that size is one, and fits into ``most_bytes`` and ``most_samples``.

    Raises:
        RefusedError: it is empty, or too large.
    """
    if rows <= 0 or columns <= 0:
        raise RefusedError("E104", "empty frame")
    claimed = rows * columns * max(samples, 1)
    most = (int(parameters.get(name, sys.maxsize)) for name in ("most_bytes", "most_samples"))
    if claimed > min(most):
        raise RefusedError("E107", "claimed size")
