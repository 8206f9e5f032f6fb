"""The window itself killed while somebody types: what stood there two seconds before is kept."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.stand import ROOT, own_environment
from tests.faults.window import TEXT
from tests.opening import open_workplace
from tests.ui.stage import write_chest

pytestmark = pytest.mark.display
KILLS = 8
_KEPT_WITHIN_S = 2.0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_typed_two_seconds_before_the_window_was_killed_is_kept(
    display: str, tmp_path: Path, say: Callable[[str], None]
) -> None:
    def one(seed: int) -> float:
        folder = tmp_path / str(seed)
        image = write_chest(folder / "images", "1.dcm")
        open_workplace(folder / "profile").close()
        read, write = os.pipe()
        order = {"do": "type_for_ever", "profile": str(folder / "profile"), "open": str(image)}
        window = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.window", json.dumps(order), str(write)],
            cwd=ROOT, env=own_environment(folder), pass_fds=(write,),
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as told:
            key = json.loads(told.readline())["case"]
            time.sleep(random.Random(seed).uniform(0.3, 6))
            window.kill()
            killed_at = time.monotonic()
            lines = [json.loads(line) for line in told if line.endswith("\n")]
        window.wait(timeout=30)
        due = max((line["typed"] for line in lines if line["at"] < killed_at - _KEPT_WITHIN_S), default=0)
        with open_workplace(folder / "profile") as workplace:
            draft = workplace.drafts.find(key)
            assert draft is not None, "the impression is lost"
            assert draft.reading.first_read is not None
            kept = draft.jottings[0].note if draft.jottings else ""
            assert tuple(workplace.trail.check()) == ()
        assert TEXT.startswith(kept)
        assert len(kept) >= due, f"{due - len(kept)} signs typed two seconds before are lost"
        typed_at = {line["typed"]: line["at"] for line in lines}
        lost_from = typed_at.get(len(kept) + 1, killed_at)
        return max(0.0, killed_at - float(lost_from))

    with ThreadPoolExecutor(2) as pool:
        lost = list(pool.map(one, range(KILLS)))
    say(f"{KILLS} kills of the window while typing: at most the last {max(lost):.1f} s of it were lost")
