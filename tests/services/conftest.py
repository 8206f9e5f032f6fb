"""A picture like a chest X-ray, real DICOM files, the installed packs, and a reading that may be signed."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.data import get_testdata_file

from core.decision import Decision, FirstRead, Reading
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.before_signing import about_of
from services.drafts import Draft, key_of
from services.scan import scan
from services.sign import Person
from services.workplace import Workplace
from tests.opening import enter_signer, open_workplace

CHEST_WITHOUT_GATES = AnalysisOptions(packs=("chest-lungs", "chest-pneumonia-child"), use_gates=False)
START = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
TYPED = Patient(
    name=Sourced(value="Nnamdi Okafor", source="typed"),
    id=Sourced(value="A-17", source="typed"),
    age_years=Sourced(value=3.0, source="typed"),
)


def draw_chest(file: Path, seed: int = 0) -> Path:
    """Write a picture with two dark ovals on a bright ground."""
    row, column = np.mgrid[0:224, 0:224]
    grey = np.full((224, 224), 0.75)
    for centre in (70, 154):
        grey[((column - centre) / 38) ** 2 + ((row - 112) / 70) ** 2 < 1] = 0.25
    grey += np.random.default_rng(seed).normal(0, 0.02, grey.shape)
    smooth = np.clip(cv2.GaussianBlur(grey, (0, 0), 2), 0, 1)
    assert cv2.imwrite(str(file), (smooth * 255).astype(np.uint8))
    return file


@pytest.fixture
def chest(tmp_path: Path) -> Path:
    """A drawn chest as PNG."""
    return draw_chest(tmp_path / "chest.png")


@pytest.fixture
def camp(tmp_path: Path) -> Path:
    """A folder of twelve different pictures, one of them damaged."""
    folder = tmp_path / "camp"
    folder.mkdir()
    for number in range(12):
        draw_chest(folder / f"{number}.png", seed=number)
    (folder / "7.png").write_bytes((folder / "7.png").read_bytes()[:700])
    return folder


@pytest.fixture
def ct_slice(tmp_path: Path) -> Path:
    """A real CT slice from pydicom's wheel."""
    return Path(shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), tmp_path / "ct.dcm"))


@pytest.fixture
def another_chest(tmp_path: Path) -> bytes:
    """The file of another drawn chest."""
    return draw_chest(tmp_path / "another.png", seed=1).read_bytes()


class MovedClock:
    """A clock that the test sets."""

    instant = START

    def now(self) -> datetime:
        return self.instant


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def workplace(tmp_path: Path, clock: MovedClock) -> Iterator[Workplace]:
    with open_workplace(tmp_path / "profile", clock=clock) as workplace:
        yield workplace


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Where a clinic's records lie, or will."""
    return tmp_path / "clinic"


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    """A stick for backups."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def amina(workplace: Workplace) -> Person:
    enter_signer(
        workplace, name="Amina Ouedraogo", role="Clinical officer", registration_number="BF 17", pin="2468"
    )
    (person,) = workplace.signing.people()
    return person


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(CHEST_WITHOUT_GATES)


@pytest.fixture
def unit(chest: Path) -> ReadingUnit:
    (unit,) = scan([str(chest)])
    assert isinstance(unit, ReadingUnit)
    return unit


@pytest.fixture
def analysis(analyzer: Analyzer, unit: ReadingUnit) -> Analysis:
    return analyzer.analyze(unit, patient=TYPED)


@pytest.fixture
def draft(unit: ReadingUnit, analysis: Analysis) -> Draft:
    """A draft in which all is answered."""
    decisions = tuple(
        Decision(
            pack_id=entry.stamp.pack_id,
            finding=finding.code,
            answer="disagree",
            at=START,
            about=about_of(entry, finding),
        )
        for entry in analysis.result.results
        for finding in entry.findings
    )
    reading = Reading(
        first_read=FirstRead(impression="abnormal", at=START),
        decisions=decisions,
        words="Film too dark.",
        conclusion="Repeat.",
    )
    return Draft(key=key_of(unit), path=unit.path, typed=TYPED, confirmed=("name", "id"), reading=reading)
