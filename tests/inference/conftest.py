"""The toy packs, made once, and a runner for each engine and precision."""

from pathlib import Path

import pytest

from inference.packs import PackLibrary
from inference.runner import PackRunner
from tests.inference import toy_packs


@pytest.fixture(scope="session")
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds ``toy-outline`` and ``toy-finding``; do not change it."""
    root = tmp_path_factory.mktemp("packs")
    toy_packs.write_outline_pack(root)
    toy_packs.write_finding_pack(root)
    return root


@pytest.fixture(scope="session")
def library(toy_root: Path) -> PackLibrary:
    """Return the library of the toy packs."""
    return PackLibrary([toy_root])


@pytest.fixture(scope="session")
def runner(library: PackLibrary) -> PackRunner:
    """Return a runner of the toy packs with everything left to the program."""
    return PackRunner(library, threads=1)
