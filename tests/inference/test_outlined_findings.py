"""Packs that outline and also score what they outlined."""

from pathlib import Path

import pytest

from core.errors import ManifestError
from core.image import Image, ImageRef
from inference.manifest_reader import parse_manifest
from inference.packs import PackLibrary
from inference.runner import PackRunner
from inference.subject import Subject
from inference.verify import verify_pack
from tests.inference.toy_packs import (
    FINDING_TOML,
    OUTLINE_SIDE,
    OUTLINE_TOML,
    marker,
    outline_model,
    write_pack,
)

_LABEL = FINDING_TOML[FINDING_TOML.index("[[labels]]") : FINDING_TOML.index("[tolerance]")]
_FINDINGS = _LABEL.replace("labels", "findings").replace("map_shown = true", "map_shown = false")
BOTH_TOML = (
    OUTLINE_TOML.replace('familiarity = "familiarity"', 'logits = "familiarity"')
    .replace("[familiarity]\nmaximum = 0.45\n", "")
    .replace("familiarity = 0.05", "logits = 0.05")
    .replace("[outline]", f"{_FINDINGS}\n[outline]")
)


def test_outlines_and_scores_come_from_one_look(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "toy-outline", BOTH_TOML, outline_model(), OUTLINE_SIDE)
    assert all(check.passed for check in verify_pack(folder))
    runner = PackRunner(PackLibrary([tmp_path]), "onnxruntime", "fp32", 1)
    grey = marker(64)
    result = runner.run(
        "toy-outline",
        Image(ref=ImageRef(file="a.png"), values=grey),
        grey,
        Subject(modality="DX", body_part="CHEST", view="PA", age_years=3.0),
    ).result
    assert [finding.code for finding in result.findings] == ["brightness"]
    assert {mask.code for mask in result.masks} == {"left", "right"}


def test_findings_need_scores_and_belong_to_outlines() -> None:
    manifest = parse_manifest(BOTH_TOML, with_files=False)
    assert manifest.codes == ("left", "right")
    assert [label.code for label in manifest.scored_labels] == ["brightness"]
    for text in (BOTH_TOML.replace('logits = "familiarity"\n', ""), f"{FINDING_TOML}\n{_FINDINGS}"):
        with pytest.raises(ManifestError, match="findings"):
            parse_manifest(text, with_files=False)
    with pytest.raises(ManifestError, match="findings"):
        parse_manifest(BOTH_TOML.replace(_FINDINGS, ""), with_files=False)
