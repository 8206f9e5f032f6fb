"""The stem of all mornings, and what they open."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.morning import write_studies
from tests.faults.stand import NO_STRACE, Stem, can_trace, own_folder

ROUNDS = 16


@pytest.fixture(scope="session")
def faults_folder() -> Iterator[Path]:
    folder = own_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def studies(faults_folder: Path) -> Path:
    return write_studies(faults_folder / "studies", ROUNDS)


@pytest.fixture(scope="session")
def stem(faults_folder: Path) -> Iterator[Stem]:
    with Stem(faults_folder) as started:
        yield started


@pytest.fixture(scope="session")
def tracing() -> None:
    if not can_trace():
        pytest.skip(NO_STRACE)


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell counts to whoever reads the test's log, also when it passes."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None

    def write(text: str) -> None:
        reporter.write_line(f"\n  {text}")

    return write
