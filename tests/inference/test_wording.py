"""What the gates say: complete, calm, and nothing that a machine may not say."""

import re
import tomllib
from pathlib import Path

import pytest

from core import wording

TABLE = tomllib.loads(
    (Path(wording.__file__).parent / "wording" / "en" / "inference.toml").read_text(encoding="utf-8")
)
SENTENCES = [(f"{section}.{key}", text) for section, table in TABLE.items() for key, text in table.items()]
FORBIDDEN = re.compile(
    r"\b(positive|negative|normal|clear|ruled out|benign|malignant|healthy|no)\b", re.IGNORECASE
)


@pytest.mark.parametrize(("key", "text"), SENTENCES, ids=[key for key, _ in SENTENCES])
def test_a_sentence_says_nothing_that_a_machine_may_not_say(key: str, text: str) -> None:
    assert not FORBIDDEN.search(text)
    assert text == text.strip()
    assert "!" not in text


def test_every_reason_for_refusing_has_its_advice() -> None:
    used = {
        key
        for path in (Path(__file__).parents[2] / "inference").glob("*.py")
        for key in re.findall(r'\.refuse\(\s*"(\w+)", "(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(used) > 8
    for gate, case in used:
        assert {case, f"{case}_advice", "name"} <= set(TABLE[gate]), (gate, case)
