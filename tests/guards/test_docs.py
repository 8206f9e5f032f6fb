"""Links lead somewhere, the changelog has an entry, the README's commands exist."""

import re
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def test_every_relative_link_leads_to_a_file(root: Path, tree: tuple[str, ...]) -> None:
    broken = []
    for name in tree:
        if not name.endswith(".md"):
            continue
        for target in LINK.findall((root / name).read_text(encoding="utf-8")):
            path = target.partition("#")[0]
            elsewhere = not path or "://" in path or path.startswith("mailto:")
            if not elsewhere and not ((root / name).parent / path).exists():
                broken.append(f"{name}: {target}")
    assert not broken


def test_the_changelog_has_an_entry_under_its_newest_heading(root: Path) -> None:
    newest = (root / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    assert re.search(r"^- \S", newest, re.MULTILINE)


def test_every_make_target_in_the_docs_exists(root: Path, tree: tuple[str, ...]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        target
        for name in tree
        if name.endswith(".md")
        for target in re.findall(r"`make ([a-z-]+)", (root / name).read_text(encoding="utf-8"))
    }
    assert named
    assert named <= targets


def test_the_contribution_guide_fits_one_page(root: Path) -> None:
    assert len((root / "CONTRIBUTING.md").read_text(encoding="utf-8").split()) < 500
