"""The guide for writers of packs is true."""

import re
from pathlib import Path

import pytest

from inference.manifest import SCHEMA
from inference.manifest_reader import parse_manifest
from inference.quality import GATE_MEASURES
from tests.inference.test_manifest_reader import OUTLINE
from tests.inference.toy_tables import RISK_TOML

GUIDE = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


def test_the_example_is_a_sound_manifest() -> None:
    manifest = parse_manifest(EXAMPLES[0])
    assert manifest.id == "chest-pneumonia-child"
    assert f'schema = "{SCHEMA}"' in EXAMPLES[0]


def test_the_example_of_an_outline_is_what_such_a_pack_needs() -> None:
    assert EXAMPLES[1] in OUTLINE


@pytest.mark.parametrize(
    ("gate", "measure"), [(gate, name) for gate, names in GATE_MEASURES.items() for name in names]
)
def test_every_measure_stands_beside_its_gate(gate: str, measure: str) -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{gate}` |"))
    assert f"`{measure}`" in row


def test_every_key_of_the_example_is_explained() -> None:
    explained = GUIDE.split("## Every key")[1]
    for key in set(re.findall(r"^(\w+) = ", EXAMPLES[0], re.MULTILINE)):
        assert re.search(rf"[`.]{key}[ `]", explained), key


def test_the_example_of_values_is_sound_and_each_of_its_keys_explained() -> None:
    (example,) = (one for one in EXAMPLES if "[[inputs]]" in one)
    begin, end = RISK_TOML.index("[uses]"), RISK_TOML.index("[[labels]]")
    applies = "age_years = { minimum = 40.0, maximum = 95.0 }\n"
    text = (RISK_TOML[:begin] + example + "\n" + RISK_TOML[end:]).replace(applies, "")
    manifest = parse_manifest(text, with_files=False)
    assert [field.code for field in manifest.inputs] == ["ejection_fraction", "smoking"]
    explained = GUIDE.split("## Packs that read values")[1]
    for key in set(re.findall(r"^(\w+) = ", example, re.MULTILINE)):
        assert re.search(rf"[`.]{key}[ `]", explained), key


def test_every_link_inside_the_guide_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) <= headings
