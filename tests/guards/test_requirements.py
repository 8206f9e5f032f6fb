"""Every requirement is pinned, says why it is there and under which licence, and nothing else sneaks in."""

import itertools
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILES = ("requirements.txt", "requirements-dev.txt", "requirements-training.txt")
NOT_SHIPPED = ("tests", "training", "benchmarks", "packaging")
LICENCES = ("MIT", "BSD", "Apache", "PSF", "MPL", "LGPL", "with an exception")


def _requirements(path: Path) -> dict[str, Requirement]:
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found}


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_to_one_version(root: Path, name: str) -> None:
    for one in _requirements(root / name).values():
        assert re.fullmatch(r"==[0-9][0-9.a-z]*", str(one.specifier)), one


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_gives_its_reason_and_licence_in_the_comment_above(root: Path, name: str) -> None:
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        if line and not line.startswith("#"):
            assert above.startswith("# "), f"{line} has no reason"
            assert any(licence in above for licence in LICENCES), f"{line} names no licence"


def test_everything_that_ships_is_pinned_with_all_that_it_needs(root: Path) -> None:
    pinned = _requirements(root / "requirements.txt")
    missing = []
    for name in pinned:
        marker = pinned[name].marker
        if marker is not None and not marker.evaluate():
            continue
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if wanted and canonicalize_name(needed.name) not in pinned:
                missing.append(f"{name} needs {needed}")
    assert not missing


def test_everything_that_the_application_imports_is_required(
    root: Path, imports: dict[str, frozenset[str]]
) -> None:
    required = set(_requirements(root / "requirements.txt"))
    homes = metadata.packages_distributions()
    missing = {
        f"{name} imports {module}"
        for name, modules in imports.items()
        if Path(name).parts[0] not in NOT_SHIPPED
        for module in modules
        if module not in sys.stdlib_module_names and not (root / module).exists() and module != "__future__"
        if not required & {canonicalize_name(home) for home in homes.get(module, [])}
    }
    assert not missing


def test_no_opencv_that_brings_its_own_qt(root: Path) -> None:
    names = {name for file in FILES for name in _requirements(root / file)}
    assert "opencv-python" not in names
    assert "opencv-contrib-python" not in names
