"""What packs from other hands may say of their networks, and that nothing changes for the others."""

import re
from pathlib import Path

import pytest

from core.errors import ManifestError
from inference.explanation_reader import occlusion_runs
from inference.manifest import NOT_CALIBRATED, Explanation, Intensity, Normalise
from inference.manifest_reader import parse_manifest
from inference.model_files import models_of
from tests.inference.test_manifest_reader import FINDING, OUTLINE, SHA

MODELS = Path(__file__).parents[2] / "models"
TABLE = re.compile(r'method = "venn-abers"\n.*?\n\n', re.DOTALL)
REGION = re.compile(r"region = .*\n")
DEMONSTRATION = TABLE.sub(
    'method = "none"\n\n', FINDING.replace('class = "research"', 'class = "demonstration"')
)
WITHOUT_MAP = FINDING.replace('activation_map = "cam"\n', "").replace("activation_map = 0.5\n", "")
WHOLE = (
    REGION.sub('region = { rule = "whole" }\n', FINDING)
    .replace('"region" }', '"image" }')
    .replace('resize = "stretch"', 'resize = "fit"\npad = 0.25')
)


def _explained(table: str) -> str:
    return WITHOUT_MAP.replace("[tolerance]", f"[explanation]\n{table}\n[tolerance]")


def _problems(text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    return str(caught.value.detail).split("; ")


@pytest.mark.parametrize("pack", ["chest-lungs", "chest-pneumonia-child"])
def test_the_packs_of_today_read_as_before(pack: str) -> None:
    manifest = parse_manifest((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    spec, output = manifest.input, manifest.output
    assert (spec.channels, spec.resize, spec.pad, spec.normalise) == (1, "stretch", 0.0, None)
    assert spec.intensity.rule == "percentile"
    assert output.columns is None
    assert output.scores == ("probabilities" if manifest.task == "segment" else "logits")
    assert manifest.label_columns == tuple(range(len(manifest.labels)))
    maps = Explanation(method="activation_map") if output.has("activation_map") else None
    assert manifest.explanation == maps
    assert all(label.scoring.calibration.method == "venn-abers" for label in manifest.labels if label.scoring)
    assert [model.name for model in models_of(manifest.files)] == ["model.int8.onnx", "model.fp32.onnx"]


def test_reads_a_picture_that_is_fitted_and_normalised() -> None:
    text = WHOLE.replace("channels = 1", "channels = 3").replace(
        "[output]",
        "[input.normalise]\nscale = 255\nmean = [123.7, 116.3, 103.5]\nstd = [58.4, 57.1, 57.4]\n[output]",
    )
    spec = parse_manifest(text).input
    assert (spec.channels, spec.resize, spec.pad) == (3, "fit", 0.25)
    assert spec.normalise == Normalise(scale=255.0, mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4))


def test_a_scale_is_one_where_it_is_not_said() -> None:
    text = WHOLE.replace("[output]", "[input.normalise]\nmean = [0.5]\nstd = [0.25]\n[output]")
    assert parse_manifest(text).input.normalise == Normalise(scale=1.0, mean=(0.5,), std=(0.25,))


def test_the_full_range_of_grey_is_a_rule_without_numbers() -> None:
    text = re.sub(r"intensity = .*", 'intensity = { rule = "full" }', FINDING)
    assert parse_manifest(text).input.intensity == Intensity(low=0, high=100, within="image", rule="full")


def test_fitting_needs_the_value_that_lies_around() -> None:
    assert "input.pad: is missing" in _problems(WHOLE.replace("pad = 0.25\n", ""))


def test_a_network_may_return_more_than_what_the_pack_speaks_of() -> None:
    text = FINDING.replace('logits = "logit"', 'logits = "logit"\nscores = "softmax"\ncolumns = 15').replace(
        'title = "Brightness"', 'title = "Brightness"\ncolumn = 14'
    )
    manifest = parse_manifest(text)
    assert (manifest.columns, manifest.label_columns, manifest.output.scores) == (15, (14,), "softmax")
    assert any(
        "must lie in 0..14" in problem for problem in _problems(text.replace("column = 14", "column = 15"))
    )


def test_a_demonstration_may_go_without_calibration() -> None:
    scoring = parse_manifest(DEMONSTRATION).labels[0].scoring
    assert scoring is not None
    assert scoring.calibration is NOT_CALIBRATED


def test_without_calibration_no_threshold_lies_at_zero() -> None:
    problems = _problems(DEMONSTRATION.replace("threshold = 0.5", "threshold = 0.0"))
    assert problems == [
        "labels[0].operating_points[0].threshold: must lie above 0 where there is no calibration"
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('method = "rise"\nmasks = 64\ncell = 5\nseed = 3', {"masks": 64, "cell": 5, "seed": 3}),
        ('method = "occlusion"\nwindow = 8\nstride = 4\nbatch = 2', {"window": 8, "stride": 4, "batch": 2}),
    ],
)
def test_reads_how_maps_are_made_without_an_activation_map(table: str, expected: dict[str, int]) -> None:
    explanation = parse_manifest(_explained(table)).explanation
    assert explanation is not None
    assert {key: getattr(explanation, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            'method = "gradients"',
            "explanation.method: is 'gradients', must be one of activation_map, reciprocam",
        ),
        (
            'method = "activation_map"',
            "explanation.method: is 'activation_map', but output.activation_map is",
        ),
        ('method = "rise"\nwindow = 8', "explanation.window: does not belong to the method 'rise'"),
        ('method = "rise"\nmasks = 100000', "explanation.masks: is 100000, must lie in 16..4096"),
        ('method = "occlusion"\nwindow = 200', "explanation.window: is larger than the network's input"),
        ('method = "occlusion"\nwindow = 4\nstride = 9', "explanation.stride: is larger than window"),
        ('method = "reciprocam"\nfeatures = "f"', "explanation.head_input: is missing"),
        (
            'method = "reciprocam"\nfeatures = "f"\nhead_input = "f"',
            "files.head.fp32.onnx: is missing: the map method 'reciprocam' needs it",
        ),
    ],
)
def test_names_what_is_wrong_with_the_making_of_maps(table: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in _problems(_explained(table)))


def test_the_cost_of_occlusion_is_bounded() -> None:
    text = _explained('method = "occlusion"\nwindow = 2\nstride = 1').replace("[24, 24]", "[500, 500]")
    assert "explanation.stride: asks for 249001 runs, 4096 are allowed" in _problems(text)
    assert occlusion_runs(Explanation(method="occlusion", window=8, stride=4), (24, 20)) == 5 * 4


def test_a_pack_that_segments_makes_no_maps() -> None:
    problems = _problems(OUTLINE.replace("[tolerance]", '[explanation]\nmethod = "rise"\n[tolerance]'))
    assert "explanation: belongs to packs that classify" in problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("model.fp32.onnx", "other.onnx", "files.model.fp32.onnx: is missing"),
        ("model.fp32.onnx", "model.fp32.xml", "files.model.fp32.bin: is missing"),
        ("model.fp32.onnx", "model.fp32.bin", "files.model.fp32.xml: is missing"),
        ("other", "model.int8.xml", "files.model.int8.xml: stands beside model.int8.onnx"),
    ],
)
def test_names_the_network_that_is_missing_or_too_much(old: str, new: str, problem: str) -> None:
    text = f'{FINDING}"other" = "{SHA}"\n'
    assert any(found.startswith(problem) for found in _problems(text.replace(f'"{old}"', f'"{new}"')))


def test_full_precision_is_enough_and_may_be_openvinos_own_format() -> None:
    onnx = re.sub(r'"model.int8.onnx" = .*\n', "", FINDING)
    alone = models_of(parse_manifest(onnx).files)
    assert [(model.precision, model.engines) for model in alone] == [("fp32", ("openvino", "onnxruntime"))]
    pair = onnx.replace('"model.fp32.onnx"', f'"model.fp32.bin" = "{SHA}"\n"model.fp32.xml"')
    (model,) = models_of(parse_manifest(pair).files)
    assert (model.name, model.weights, model.engines) == ("model.fp32.xml", "model.fp32.bin", ("openvino",))
