"""A database and a clock that the test moves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.database import Database
from tests.store.disk_steps import DiskSteps

KEY = bytes(range(32))


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def move(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "farlight.db", KEY, new=True)
    yield database
    database.close()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def disk_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DiskSteps:
    """What is named and settled on the disk in the test's folder, in its order."""
    return DiskSteps(tmp_path, monkeypatch)
