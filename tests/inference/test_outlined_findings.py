"""Packs that outline and also score what they outlined."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

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
_SECOND = _FINDINGS.replace('"brightness"', '"dullness"').replace('"Brightness"', '"Dull things"')
_BESIDE = _SECOND.replace("operating_point =", 'beside = "brightness"\noperating_point =', 1)
BESIDE_TOML = (
    BOTH_TOML.replace('logits = "familiarity"', 'logits = "scores"')
    .replace("[outline]", f"{_BESIDE.replace('map_shown = false', 'map_shown = true')}\n[outline]")
    .replace("[output]", '[output]\nactivation_map = "maps"')
    .replace("logits = 0.05", "logits = 0.05\nactivation_map = 0.05")
)


def _two_scores() -> bytes:
    """Return the network with two equal scores, each with a map."""
    model = onnx.load_from_string(outline_model())
    graph = model.graph
    graph.node.append(helper.make_node("Concat", ["familiarity", "familiarity"], ["scores"], axis=1))
    graph.node.append(helper.make_node("Concat", ["distance", "distance"], ["maps"], axis=1))
    sizes: dict[str, list[str | int]] = {"scores": [2], "maps": [2, OUTLINE_SIDE, OUTLINE_SIDE]}
    batch = graph.output[0].type.tensor_type.shape.dim[0].dim_param
    for name, size in sizes.items():
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *size]))
    return bytes(model.SerializeToString())


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


def test_a_score_beside_a_finding_is_no_finding_and_has_no_map(tmp_path: Path) -> None:
    write_pack(tmp_path / "toy-outline", BESIDE_TOML, _two_scores(), OUTLINE_SIDE)
    grey = marker(64)
    result = (
        PackRunner(PackLibrary([tmp_path]), "onnxruntime", "fp32", 1)
        .run(
            "toy-outline",
            Image(ref=ImageRef(file="a.png"), values=grey),
            grey,
            Subject(modality="DX", body_part="CHEST", view="PA", age_years=3.0),
        )
        .result
    )
    assert [finding.code for finding in result.findings] == ["brightness"]
    assert [(finding.code, finding.beside) for finding in result.beside] == [("dullness", "brightness")]
    assert [finding.code for finding in result.scores] == ["brightness", "dullness"]
    assert result.beside[0].probability == result.findings[0].probability
    assert [heat.finding for heat in result.heatmaps] == ["brightness"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (BESIDE_TOML.replace('beside = "brightness"', 'beside = "nothing"'), "beside 'nothing'"),
        (BESIDE_TOML.replace('beside = "brightness"', 'beside = "dullness"'), "beside 'dullness'"),
        (BESIDE_TOML.replace('beside = "brightness"', "beside = true"), "beside"),
        (BESIDE_TOML.replace('beside = "brightness"', 'beside = "Bright Things"'), "beside"),
        (BESIDE_TOML.replace(_FINDINGS, "", 1).replace("[outline]", f"{_FINDINGS}\n[outline]"), "last"),
        (BOTH_TOML.replace('title = "Left"', 'title = "Left"\nbeside = "right"', 1), "packs that classify"),
    ],
)
def test_what_stands_beside_a_finding_is_read_strictly(text: str, named: str) -> None:
    assert text not in (BESIDE_TOML, BOTH_TOML)
    with pytest.raises(ManifestError, match=named):
        parse_manifest(text, with_files=False)


def test_the_order_of_scores_is_the_networks() -> None:
    manifest = parse_manifest(BESIDE_TOML, with_files=False)
    assert [(label.code, label.beside) for label in manifest.scored_labels] == [
        ("brightness", ""),
        ("dullness", "brightness"),
    ]
