"""Copying and deleting are killed in the middle, in a process of their own: nothing is left half done."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from services.workplace import Workplace
from store.image_writing import Source
from store.records import PatientFacts, RecordStore, StudyRow
from tests.opening import PASSWORD, key_of_store, open_workplace
from tests.store.pages import decrypted

ROOT = Path(__file__).resolve().parent.parent.parent
AT = "2027-01-01T12:00:00+00:00"
NAME = "Plantedname Zuberi"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")

COPY = """
import io, os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from store.image_writing import Source
from tests.opening import open_workplace

@contextmanager
def opened(number):
    yield Dying() if number == int(sys.argv[2]) else io.BytesIO(bytes([number]) * 3_000_000)

class Dying(io.BytesIO):
    def readinto(self, buffer):
        if self.tell() > 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seek(1)
        return len(buffer)

place = open_workplace(Path(sys.argv[1]))
sources = tuple(
    Source(relative=f"{n}.dcm", byte_count=3_000_000, open=lambda n=n: opened(n)) for n in range(70)
)
place.images._vault.keep("unit", "{}", sources)
"""
DELETE = """
import os, signal, sys
from pathlib import Path
from tests.opening import PASSWORD, open_workplace

def die(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)

place = open_workplace(Path(sys.argv[1]))
target, name = {
    "before the rows": (type(place.deletion._stores.records), "forget_patient"),
    "before the files": (type(place.deletion._stores.images), "_shred"),
    "before the wiping": (type(place._database), "wipe"),
}[sys.argv[2]]
plan = place.deletion.plan(1)
setattr(target, name, die)
place.deletion.delete(plan, password=PASSWORD, typed=plan.typed)
"""


def killed(script: str, *arguments: str) -> None:
    """Run a script that ends by being killed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("at", [0, 1, 40, 69])
def test_a_killed_copy_leaves_whole_files_alone_and_no_orphans(tmp_path: Path, at: int) -> None:
    profile = tmp_path / "profile"
    open_workplace(profile).close()
    killed(COPY, str(profile), str(at))
    with open_workplace(profile) as place:
        vault = place.images._vault
        kept = vault.find("unit")
        assert kept is not None
        assert not kept.whole
        assert kept.files <= at
        assert kept.files % 23 == 0  # rows follow in batches of 64 MiB
        assert len(list(vault.folder.iterdir())) == kept.files
        assert vault.check(kept.unit_id)


def filled(profile: Path) -> None:
    """Make a store with a patient, a study, a draft, a copy of an image."""
    with open_workplace(profile) as place:
        records = RecordStore(place._database)
        number = records.add_patient(PatientFacts(known="{}", name=NAME, number="Q-7731"), AT)
        study = StudyRow(
            study_id=0, unit_key="unit", patient_id=number, path=f"/media/{NAME}.png", facts="{}",
            study_date="", modality="CR", description="", first_opened_at=AT,
            last_opened_at=AT,
        )  # fmt: skip
        records.add_study(study)
        copy(place)


@contextmanager
def opened() -> Iterator[BinaryIO]:
    yield io.BytesIO(bytes(5000))


def copy(place: Workplace) -> None:
    place.images._vault.keep("unit", NAME, (Source(relative="a", byte_count=5000, open=opened),))


@pytest.mark.parametrize(
    ("when", "stays"), [("before the rows", True), ("before the files", False), ("before the wiping", False)]
)
def test_a_killed_deletion_is_whole_or_not_at_all(tmp_path: Path, when: str, stays: bool) -> None:
    profile = tmp_path / "profile"
    filled(profile)
    killed(DELETE, str(profile), when)
    with open_workplace(profile) as place:
        patient = RecordStore(place._database).find_patient(1)
        assert (patient is not None) == stays
        assert len(list((profile / "images").iterdir())) == int(stays)
        assert tuple(place.trail.check()) == ()
        if stays:
            assert place.images._vault.check(1)
            place.deletion.delete(place.deletion.plan(1), password=PASSWORD, typed="Q-7731")
    left = decrypted(profile / "farlight.db", key_of_store(profile))
    assert b"Plantedname" not in left
