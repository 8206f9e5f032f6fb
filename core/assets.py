"""Where the files that ship with the program lie: beside the source, or inside the frozen folder."""

import sys
from pathlib import Path

_SOURCE_ROOT = Path(__file__).resolve().parent.parent


def asset_path(relative: str) -> Path:
    """Return the path of ``assets/<relative>``; it need not exist."""
    root = Path(getattr(sys, "_MEIPASS", _SOURCE_ROOT))
    return root / "assets" / relative


SET_ASIDE = ".set-aside-"
"""Begins the name of an empty file beside an installed pack's folder that must not be used, followed by the
folder's name: trust in its maker was taken away."""
