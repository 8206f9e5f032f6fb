"""No machine's paths, nobody's notes, no stray data: what is committed is the product and nothing else."""

import re
import subprocess
from pathlib import Path

TEXT = (
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".sh",
    ".spec",
    ".yml",
    ".yaml",
    ".json",
    ".cfg",
    ".qss",
    ".svg",
    ".ts",
    "",
)
# Written in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join(
        ["/wo" + "rk/", "/ro" + "ot/", r"/ho" + r"me/[a-z]{3,}/", r"[A-Z]:\\Us" + "ers", "/op" + "t/pypi"]
    )
)
WORKPLACE = re.compile(
    "|".join(
        [
            r"(?<!\w)\.libr" + "ary/",
            "index" + r"-url[ =]\w",
            r"\b[Ii]ssue #" + r"?\d",
            r"\bTO" + r"DO\b",
            r"\bFIX" + r"ME\b",
            "[Ll]orem" + " ipsum",
        ]
    )
)
LARGEST_BYTES = 16 * 1024 * 1024


def _texts(root: Path, tree: tuple[str, ...]) -> dict[str, str]:
    return {
        name: (root / name).read_text(encoding="utf-8", errors="replace")
        for name in tree
        if Path(name).suffix in TEXT and name != "LICENSE" and not name.startswith("ui/fonts/")
    }


def test_no_file_names_a_path_of_one_machine(root: Path, tree: tuple[str, ...]) -> None:
    found = {
        name: match.group()
        for name, text in _texts(root, tree).items()
        if (match := MACHINE_PATHS.search(text))
    }
    assert not found


def test_no_file_holds_notes_to_ourselves(root: Path, tree: tuple[str, ...]) -> None:
    found = {
        name: match.group() for name, text in _texts(root, tree).items() if (match := WORKPLACE.search(text))
    }
    assert not found


def test_no_file_is_larger_than_a_small_model(root: Path, tree: tuple[str, ...]) -> None:
    assert not [name for name in tree if (root / name).stat().st_size > LARGEST_BYTES]


def test_nothing_built_or_cached_is_committed(tree: tuple[str, ...]) -> None:
    strays = ("build/", "dist/", "out/", ".venv", "htmlcov/")
    assert not [
        name for name in tree if name.startswith(strays) or "__pycache__" in name or name.endswith(".pyc")
    ]


def test_no_links_are_committed(root: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=root, capture_output=True, text=True, check=True)
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]


def test_tests_have_no_package_files(tree: tuple[str, ...]) -> None:
    assert not [name for name in tree if name.startswith("tests/") and name.endswith("__init__.py")]


def test_every_font_and_icon_set_and_pack_has_its_licence_beside_it(
    root: Path, tree: tuple[str, ...]
) -> None:
    folders = {Path(name).parent for name in tree if name.endswith((".ttf", ".otf", "pack.toml"))}
    packs_and_fonts = {folder for folder in folders if not folder.parts[0].startswith("tests")}
    bare = [str(folder) for folder in packs_and_fonts if not _has_licence(root / folder)]
    assert not bare


def _has_licence(folder: Path) -> bool:
    return any(path.name.upper().startswith(("LICENSE", "LICENCE", "OFL")) for path in folder.iterdir())
