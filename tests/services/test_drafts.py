"""Drafts are on the disk when ``keep`` returns, also where the process is killed."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.decision import Reading
from core.errors import DiskFullError, NotPermittedError
from core.image import ReadingUnit, StudyHeader
from core.patient import Patient, Sourced
from services.drafts import Draft, OpenPlace, claimed, key_of, taken_over
from services.record_json import from_plain, to_plain
from services.scan import scan
from services.staff import NewPerson
from store.database import Database
from store.drafts import DraftRow, DraftStore
from tests.imaging import writers
from tests.opening import key_of_store, open_workplace

ROOT = Path(__file__).parents[2]
TYPIST = """
import sys
from pathlib import Path
from core.decision import Reading
from services.drafts import Draft, OpenPlace
from tests.opening import open_workplace
workplace = open_workplace(Path(sys.argv[1]))
workplace.drafts.keep_place(OpenPlace(paths=("/media/stick",), current="unit"))
number = 0
while True:
    number += 1
    reading = Reading(words="word " * number)
    workplace.drafts.keep(Draft(key="unit", path="/media/stick/a.png", reading=reading))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")
def test_a_killed_process_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TYPIST, str(tmp_path / "profile")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as typist:
        assert typist.stdout is not None
        told = [int(typist.stdout.readline()) for _ in range(25)][-1]
        typist.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in typist.stdout if line.endswith("\n"))])
    with open_workplace(tmp_path / "profile") as workplace:
        assert workplace.drafts.place() == OpenPlace(paths=("/media/stick",), current="unit")
        draft = workplace.drafts.find("unit")
    assert draft is not None
    assert len(draft.reading.words.split()) >= told


def test_a_draft_can_be_found_and_listed(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        drafts = workplace.drafts
        assert drafts.place() is None
        first = drafts.keep(Draft(key="a", path="a.png"))
        second = drafts.keep(Draft(key="b", path="b.png"))
        assert drafts.all() == (second, first)
        assert (drafts.find("never kept"), drafts.find("b")) == (None, second)


def test_a_draft_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    open_workplace(tmp_path).close()
    database = Database(tmp_path / "farlight.db", key_of_store(tmp_path))
    DraftStore(database).keep(DraftRow(key="a", payload='{"key": 1}', updated_at="1"))
    database.close()
    with open_workplace(tmp_path) as workplace:
        assert workplace.drafts.find("a") is None
        assert workplace.drafts.all() == ()
    database = Database(tmp_path / "farlight.db", key_of_store(tmp_path))
    assert DraftStore(database).find("a") is not None
    database.close()


def test_the_key_of_a_picture_changes_with_its_content_and_stays_otherwise(
    chest: Path, another_chest: bytes
) -> None:
    def key() -> str:
        (unit,) = scan([str(chest)])
        assert isinstance(unit, ReadingUnit)
        return key_of(unit)

    before = key()
    assert key() == before
    chest.write_bytes(another_chest + b"\0")
    assert key() != before


@pytest.mark.parametrize("kind", ["BMP", "DICOM without numbers"])
def test_another_picture_of_one_name_size_and_time_has_a_key_of_its_own(tmp_path: Path, kind: str) -> None:
    def key(grey: int) -> str:
        stored = np.full((60, 80), grey, np.uint8)
        if kind == "BMP":
            content = writers.raster(stored, "BMP")
        else:
            header = writers.header(Modality="US", SOPInstanceUID=None)
            content = writers.dicom(writers.with_pixels(header, stored, bits=8), stored)
        path = writers.put(tmp_path, "IMG_0001", content)
        os.utime(path, (315532800, 315532800))
        (unit,) = scan([str(path)])
        assert isinstance(unit, ReadingUnit)
        return key_of(unit)

    first = key(50)
    assert key(90) != first
    assert key(50) == first


def test_the_key_of_a_dicom_image_is_the_same_wherever_the_stick_is_mounted() -> None:
    unit = ReadingUnit(
        kind="dicom-image",
        path="/media/one/a.dcm",
        files=(Path("/media/one/a.dcm"),),
        header=StudyHeader(),
        patient=Patient(),
        sop_instance_uids=("1.2.3",),
    )
    moved = replace(unit, path="E:\\a.dcm", files=(Path("E:/a.dcm"),))
    assert key_of(moved) == key_of(unit)
    assert key_of(replace(unit, sop_instance_uids=("1.2.4",))) != key_of(unit)


def test_two_patients_who_share_an_instance_uid_have_two_keys() -> None:
    anna, berta = (
        ReadingUnit(
            kind="dicom-image",
            path=f"/media/{name}.dcm",
            files=(Path(f"/media/{name}.dcm"),),
            header=StudyHeader(),
            patient=Patient(name=Sourced(value=name, source="header")),
            sop_instance_uids=("1.2.3",),
        )
        for name in ("Anna", "Berta")
    )
    assert key_of(anna) != key_of(berta)


def test_a_reading_that_somebody_began_is_taken_over_in_the_open_and_given_back() -> None:
    begun = claimed(
        Draft(key="k", path="p", reading=Reading(indication="cough", words="shadow"), result_seen=True),
        1,
        "A",
    )
    assert (begun.reader_id, begun.reader) == (1, "A")
    assert claimed(begun, 2, "B") is begun
    theirs = taken_over(begun, 2, "B")
    assert (theirs.reader_id, theirs.reading.indication, theirs.reading.words) == (2, "cough", "")
    assert not theirs.result_seen
    written = replace(theirs, reading=replace(theirs.reading, words="nothing", indication="fever"))
    back = taken_over(written, 1, "A")
    assert (back.reading.words, back.reading.indication, back.result_seen) == ("shadow", "fever", True)
    assert [one.reader for one in back.earlier] == ["B"]
    again = from_plain(Draft, json.loads(json.dumps(to_plain(back))))
    assert again == back


def test_an_untouched_study_is_nobodys() -> None:
    draft = Draft(key="k", path="p")
    assert claimed(draft, 1, "A") is draft
    assert taken_over(draft, 1, "A") is draft


def test_who_may_not_read_changes_no_reading(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), "yam and plantain")
        workplace.drafts.keep(Draft(key="k", path="p", reading=Reading(words="shadow")))
        workplace.switch(helper.holder_id, "yam and plantain")
        typed = Patient(id=Sourced(value="K-1", source="typed"))
        workplace.drafts.keep(Draft(key="k", path="p", typed=typed, reading=Reading(words="shadow")))
        with pytest.raises(NotPermittedError):
            workplace.drafts.keep(Draft(key="k", path="p", reading=Reading(words="nothing")))


def test_a_first_edit_that_found_no_room_has_its_line_when_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workplace(tmp_path) as workplace:
        store = workplace.drafts._store
        keep = store.keep
        draft = Draft(key="unit", path="a.png", reading=Reading(words="old scar"))

        def full(_row: DraftRow) -> None:
            raise DiskFullError("drafts")

        monkeypatch.setattr(store, "keep", full)
        with pytest.raises(DiskFullError):
            workplace.drafts.keep(draft)
        monkeypatch.setattr(store, "keep", keep)
        workplace.drafts.keep(draft)
        workplace.drafts.keep(replace(draft, reading=Reading(words="old scar, left")))
        edits = [line for line in workplace.trail.lines() if line.act == "edit"]
    assert [line.subject for line in edits] == ["unit:unit"]
