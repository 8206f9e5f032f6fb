"""The window's own sentences keep the clinical rules: the machine never says these words."""

import ast
import re
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parent.parent.parent / "ui"
FORBIDDEN = re.compile(
    r"\b(positive|negative|normal|benign|ruled out|clear of|healthy|malignant)\b", re.IGNORECASE
)


def sentences(path: Path) -> list[str]:
    """Return the texts that a module hands to tr()."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
            "tr",
            "_tr",
        }:
            found += [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
    return found


@pytest.mark.parametrize("path", sorted(UI.glob("*.py")), ids=lambda path: path.name)
def test_no_sentence_says_what_a_machine_may_not_say(path: Path) -> None:
    assert [text for text in sentences(path) if FORBIDDEN.search(text)] == []


def test_sentences_are_found_at_all() -> None:
    assert len([text for path in UI.glob("*.py") for text in sentences(path)]) > 150
