"""Strict reading of pack.toml: one test a rule."""

import re

import pytest

from core.errors import EscapingPathError, ManifestError, NewerSchemaError
from inference.manifest import MaskRegion, WholeRegion
from inference.manifest_reader import parse_manifest
from inference.versions import Version
from tests.inference.toy_packs import FINDING_TOML, OUTLINE_TOML

SHA = "0" * 64
FILES = "\n[files]\n" + "".join(
    f'"{name}" = "{SHA}"\n'
    for name in ("model.int8.onnx", "model.fp32.onnx", "card.md", "golden.npz", "LICENSE")
)
FINDING = FINDING_TOML + FILES
OUTLINE = OUTLINE_TOML + FILES

FINDING_FAULTS = [
    # (what is written, what it is replaced by, where and what the error says)
    ('title = "Toy finding"\n', "", "title: is missing"),
    ('title = "Toy finding"', 'title = " "', "title: is empty"),
    ('title = "Toy finding"', "title = 3", "title: must be a text, is 3"),
    ('title = "Toy finding"', 'title = "Toy"\ncolor = "red"', "color: is not a key that Farlight knows"),
    ('id = "toy-finding"', 'id = "Toy Finding"', "id: is 'Toy Finding', must be lower-case words"),
    ('id = "toy-finding"', f'id = "{"a" * 65}"', "id: is longer than 64 characters"),
    ('version = "1.0.0"', 'version = "1.0"', "version: '1.0' is not a version"),
    ('class = "research"', 'class = "clinical"', "class: is 'clinical', must be one of assist, research"),
    ('task = "classify"', 'task = "guess"', "task: is 'guess', must be one of classify, segment"),
    ('not_for = ["patients"]', "not_for = []", "not_for: is empty"),
    ('not_for = ["patients"]', 'not_for = ["a", "a"]', "not_for: names something twice"),
    ('not_for = ["patients"]', 'not_for = ["a", 1]', "not_for[1]: must be a text"),
    ('not_for = ["patients"]', 'not_for = "patients"', "not_for: must be a list"),
    ('spdx = "Apache-2.0"', 'spdx = "some licence"', "licence.spdx: is 'some licence', must be an SPDX"),
    ("commercial_use = true", 'commercial_use = "yes"', "licence.commercial_use: must be true or false"),
    ("commercial_use = true", "commercial_use = 1", "licence.commercial_use: must be true or false"),
    ('attribution = "nobody"\n', "", "licence.attribution: is missing"),
    (
        "[applies]",
        '[[citations]]\ntext = "A"\ndoi = "doi.org/1"\n[applies]',
        "citations[0].doi: is 'doi.org/1'",
    ),
    (
        'modalities = ["CR", "DX"]',
        'modalities = ["dx"]',
        "applies.modalities: has 'dx', which must be in capitals",
    ),
    (
        "minimum = 1.0, maximum = 5.99",
        "minimum = 6.0, maximum = 5.99",
        "applies.age_years.minimum: lies above",
    ),
    (
        "minimum = 1.0, maximum = 5.99",
        "minimum = -1, maximum = 5.99",
        "applies.age_years.minimum: is -1, must lie",
    ),
    ("minimum = 1.0, maximum = 5.99", "minimum = 1.0", "applies.age_years.maximum: is missing"),
    (
        "age_years = {",
        "trained_on_ages = { minimum = 18, maximum = 90 }\nage_years = {",
        "applies.trained_on_ages: belongs to packs without age_years",
    ),
    (
        "age_years = { minimum = 1.0, maximum = 5.99 }",
        "trained_on_ages = { minimum = 18.0 }",
        "applies.trained_on_ages.maximum: is missing",
    ),
    (
        "age_years = { minimum = 1.0, maximum = 5.99 }",
        "trained_on_ages = [18, 90]",
        "applies.trained_on_ages: must be a table",
    ),
    ('colour = "grey"', 'colour = "sepia"', "applies.colour: is 'sepia', must be one of grey, colour"),
    ('">=1.0.0,<2.0.0"', '"1.x"', "depends.toy-outline: '1.x' is not a range"),
    (
        '"toy-outline" = ">=1.0.0,<2.0.0"',
        "",
        "input.region.pack: is 'toy-outline', which [depends] does not name",
    ),
    (
        '"toy-outline" = ">=',
        '"toy-finding" = ">=1.0.0"\n"toy-outline" = ">=',
        "depends: names the pack itself",
    ),
    ("size = [24, 24]", "size = [24]", "input.size: must have 2 numbers, has 1"),
    ("size = [24, 24]", "size = [24, 24.5]", "input.size: must be whole numbers"),
    ("size = [24, 24]", "size = [24, 100000]", "input.size: has a number that does not lie in 8..2048"),
    ("channels = 1", "channels = 2", "input.channels: is 2, must be 1 or 3"),
    ("channels = 1", "channels = 4", "input.channels: is 4, must lie in 1..3"),
    ('rule = "masks"', 'rule = "circle"', "input.region.rule: is 'circle', must be one of whole, masks"),
    ("margin = 0.05", "margin = 1.5", "input.region.margin: is 1.5, must lie in 0..1"),
    ("outside = 0.0", "outside = 2.0", "input.region.outside: is 2, must lie in 0..1"),
    (", outside = 0.0", "", "input.region.outside: is missing"),
    ('resize = "stretch"', 'resize = "pad"', "input.resize: is 'pad', must be one of stretch, fit, crop"),
    (
        'resize = "stretch"',
        'resize = "crop"',
        "input.resize: must be 'stretch' where the region's rule is masks",
    ),
    ('resize = "stretch"', 'resize = "stretch"\npad = 0.5', "input.pad: belongs to the resize rule 'fit'"),
    (
        '{ rule = "percentile", low = 1.0, high = 99.0, within = "region" }',
        '{ rule = "full", low = 1.0 }',
        "input.intensity.low: belongs to the rule 'percentile'",
    ),
    (
        "[output]",
        "[input.normalise]\nmean = [0.5, 0.5]\nstd = [0.2]\n[output]",
        "input.normalise.mean: must have 1 numbers, has 2",
    ),
    (
        "[output]",
        "[input.normalise]\nmean = [0.5]\nstd = [0.0]\n[output]",
        "input.normalise.std: has a number that does not lie in 1e-06..100000",
    ),
    (
        'logits = "logit"',
        'logits = "logit"\nscores = "percent"',
        "output.scores: is 'percent', must be one of logits, probabilities, softmax",
    ),
    ('logits = "logit"', 'logits = "logit"\ncolumns = 2', "labels[0].column: is missing"),
    ('title = "Brightness"', 'title = "Brightness"\ncolumn = 1', "labels[0].column: needs output.columns"),
    (
        "[tolerance]",
        '[explanation]\nmethod = "rise"\n[tolerance]',
        "explanation.method: must be 'activation_map' where the network has such an output",
    ),
    ("low = 1.0, high = 99.0", "low = 99.0, high = 1.0", "input.intensity.low: must lie below high"),
    ("low = 1.0, high = 99.0", "low = 1.0, high = 101.0", "input.intensity.high: is 101, must lie in 0..100"),
    ('within = "region"', 'within = "image"', "input.intensity.within: must be 'region'"),
    ('logits = "logit"\n', "", "output.logits: is missing"),
    ('logits = "logit"', 'logits = "cam"', "output: names one output for two roles"),
    ('logits = "logit"', 'logits = "logit"\nmasks = "m"', "output.masks: is not a key that Farlight knows"),
    ('activation_map = "cam"\n', "", "labels[0].map_shown: is true, but neither output.activation_map"),
    ('code = "brightness"', 'code = "Bright ness"', "labels[0].code: is 'Bright ness', must be lower-case"),
    (
        'operating_point = "balanced"',
        'operating_point = "best"',
        "labels[0].operating_point: is 'best', which is not",
    ),
    (
        "threshold = 0.5",
        "threshold = 1.5",
        "labels[0].operating_points[0].threshold: is 1.5, must lie in 0..1",
    ),
    ("threshold = 0.5", "threshold = nan", "labels[0].operating_points[0].threshold: must be a number"),
    (
        'chosen_on = "nothing"',
        'chosen_on = "nothing"\nsensitivity = [0.9, 0.91, 0.99]',
        "labels[0].operating_points[0].sensitivity: must be [value, low, high] with the value inside",
    ),
    (
        'chosen_on = "nothing"',
        'chosen_on = "nothing"\nspecificity = [90, 85, 95]',
        "labels[0].operating_points[0].specificity: has a number that does not lie in 0..1",
    ),
    ('method = "venn-abers"', 'method = "platt"', "labels[0].calibration.method: is 'platt', must be one of"),
    (
        'method = "venn-abers"\nprevalence = 0.5\nlogits = [-8.0, 0.0, 8.0]\n'
        "lower = [0.01, 0.45, 0.95]\nupper = [0.05, 0.55, 0.99]",
        'method = "none"',
        "labels[0].calibration.method: may be 'none' in packs of the class demonstration only",
    ),
    ("prevalence = 0.5", "prevalence = 50", "labels[0].calibration.prevalence: is 50, must lie in 0..1"),
    ("logits = [-8.0, 0.0, 8.0]", "logits = [0.0, 0.0, 8.0]", "labels[0].calibration: logits must ascend"),
    (
        "logits = [-8.0, 0.0, 8.0]",
        "logits = [0.0, 8.0]",
        "labels[0].calibration: logits, lower and upper must be of",
    ),
    (
        "lower = [0.01, 0.45, 0.95]",
        "lower = [0.01, 0.005, 0.95]",
        "labels[0].calibration: lower must not fall",
    ),
    (
        "upper = [0.05, 0.55, 0.99]",
        "upper = [0.05, 0.40, 0.99]",
        "labels[0].calibration: lower must not lie above",
    ),
    (
        "upper = [0.05, 0.55, 0.99]",
        "upper = [0.05, 0.55, 1.99]",
        "labels[0].calibration.upper: has a number that",
    ),
    ("[tolerance]\nlogits = 0.3", "[tolerance]", "tolerance.logits: is missing"),
    (
        "[tolerance]\nlogits = 0.3",
        "[tolerance]\nlogits = -1.0",
        "tolerance.logits: is -1, must lie in 0..inf",
    ),
    ("[tolerance]", "[tolerance]\nsense = 0.1", "tolerance.sense: is not a key that Farlight knows"),
    ("[tolerance]", "[sense]\nclasses = []\n[tolerance]", "sense: has no output: output.sense is missing"),
    ("[tolerance]", "[familiarity]\nmaximum = 3\n[tolerance]", "familiarity: has no output"),
    ("[tolerance]", "[outline]\nthreshold = 0.5\n[tolerance]", "outline: belongs to packs that segment"),
    (
        "[tolerance]",
        '[[limits]]\ngate = "exposure"\nmeasure = "mask_area"\nminimum = 0.1\n[tolerance]',
        "limits[0].measure: is 'mask_area', must be one of contrast",
    ),
    (
        "[tolerance]",
        '[[limits]]\ngate = "exposure"\nmeasure = "contrast"\n[tolerance]',
        "limits[0]: needs a minimum, a maximum or both",
    ),
    (
        "[tolerance]",
        '[[limits]]\ngate = "exposure"\nmeasure = "contrast"\nminimum = 0.5\nmaximum = 0.1\n[tolerance]',
        "limits[0].minimum: lies above maximum",
    ),
    (
        "[tolerance]",
        '[[figures]]\npopulation = "a"\nmetric = "AUC"\nvalue = 0.9\ninterval = [0.91, 0.95]\n[tolerance]',
        "figures[0].interval: does not contain value",
    ),
    (
        "[tolerance]",
        '[[figures]]\npopulation = "a"\nmetric = "AUC"\nvalue = 0.9\npatients = 0\n[tolerance]',
        "figures[0].patients: is 0, must lie in 1..",
    ),
    (f'"card.md" = "{SHA}"\n', "", "files.card.md: is missing"),
    (f'"card.md" = "{SHA}"', '"card.md" = "ABC"', "files.card.md: is 'ABC', must be a sha256"),
    (
        f'"card.md" = "{SHA}"',
        f'"card.md" = "{SHA}"\n"CARD.md" = "{SHA}"',
        "files.CARD.md: differs from 'card.md'",
    ),
    (FILES, "", "files: is missing"),
    (
        "[training_data]",
        '[[figures]]\npopulation = "p"\nmetric = "A"\nvalue = 1\npatients = 3\nunit = "x"\n[training_data]',
        "figures[0].unit: is 'x', must be one of patients, near_duplicates, source_tiles",
    ),
    (
        "[training_data]",
        '[[figures]]\npopulation = "p"\nmetric = "AUC"\nvalue = 0.9\nunit = "source_tiles"\n[training_data]',
        "figures[0].unit: says what patients counts, which is not there",
    ),
]
OUTLINE_FAULTS = [
    ('masks = "masks"\n', "", "output.masks: is missing"),
    ("[outline]\nthreshold = 0.5\nsmallest_part = 0.2\n", "", "outline: is missing"),
    (
        "[outline]\nthreshold = 0.5",
        "[outline]\nthreshold = 1.0",
        "outline.threshold: is 1, must lie in 0.01..0.99",
    ),
    (
        'title = "Left"',
        'title = "Left"\nmap_shown = true',
        "labels[0].map_shown: belongs to packs that classify",
    ),
    ('code = "right"', 'code = "left"', "labels: has the code 'left' twice"),
    ('classes = ["upright", ', "classes = [", "sense.classes: must have 'upright'"),
    (
        'classes = ["upright", ',
        'classes = ["upside-down", ',
        "sense.classes[0]: is 'upside-down', must be one of",
    ),
    ('may_correct = ["', 'may_correct = ["other", "', "sense.may_correct[0]: is 'other', must be one of"),
    (
        "correct_probability = 0.9",
        "correct_probability = 0.1",
        "sense.correct_probability: lies below minimum",
    ),
    ("[familiarity]\nmaximum = 0.45", "[familiarity]", "familiarity.maximum: is missing"),
    (
        'rule = "whole"',
        'rule = "whole", margin = 0.1',
        "input.region.margin: is not a key that Farlight knows",
    ),
]


def _problems(text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    assert caught.value.code == "E202"
    problems = caught.value.context["problems"]
    assert isinstance(problems, tuple)
    return list(problems)


@pytest.mark.parametrize(
    ("written", "instead", "said"), FINDING_FAULTS, ids=[case[2] for case in FINDING_FAULTS]
)
def test_names_the_fault_in_a_pack_that_classifies(written: str, instead: str, said: str) -> None:
    assert written in FINDING
    problems = _problems(FINDING.replace(written, instead, 1))
    assert any(problem.startswith(said) for problem in problems), problems


@pytest.mark.parametrize(
    ("written", "instead", "said"), OUTLINE_FAULTS, ids=[case[2] for case in OUTLINE_FAULTS]
)
def test_names_the_fault_in_a_pack_that_segments(written: str, instead: str, said: str) -> None:
    assert written in OUTLINE
    problems = _problems(OUTLINE.replace(written, instead, 1))
    assert any(problem.startswith(said) for problem in problems), problems


def test_a_single_fault_gives_a_single_problem() -> None:
    assert _problems(FINDING.replace("prevalence = 0.5", "prevalence = 2.0")) == [
        "labels[0].calibration.prevalence: is 2, must lie in 0..1"
    ]


def test_all_faults_are_named_in_one_go() -> None:
    text = FINDING.replace('title = "Toy finding"', "titel = 1").replace("threshold = 0.5", "threshold = 7")
    problems = _problems(text)
    assert [problem.split(":")[0] for problem in problems] == [
        "title",
        "labels[0].operating_points[0].threshold",
        "titel",
    ]


def test_every_top_level_key_that_is_required_is_missed() -> None:
    bare = 'schema = "farlight-pack/1"\ntask = "classify"\n'
    missing = {problem.split(":")[0] for problem in _problems(bare) if problem.endswith("is missing")}
    assert missing >= {
        *(
            "id",
            "version",
            "title",
            "class",
            "intended_use",
            "not_for",
            "licence",
            "applies",
            "input",
            "output",
        ),
        *("labels", "tolerance", "training_data", "files"),
    }


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 5_000, 'schema = "farlight-pack/' + "9" * 5_000 + '"']
)
def test_text_beyond_all_measure_is_refused(text: str) -> None:
    with pytest.raises((ManifestError, NewerSchemaError)):
        parse_manifest(text)


def test_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(ManifestError, match="not TOML"):
        parse_manifest("schema = ")


@pytest.mark.parametrize("schema", ["farlight-pack/2", "farlight-pack/17"])
def test_a_newer_schema_is_told_apart_from_a_broken_one(schema: str) -> None:
    with pytest.raises(NewerSchemaError, match=re.escape(schema)):
        parse_manifest(FINDING.replace("farlight-pack/1", schema).replace("title", "heading"))


@pytest.mark.parametrize("schema", ["farlight-pack/0", "farlight-pack/x", "other/1", "", "farlight-pack/²"])
def test_an_unknown_schema_is_an_error(schema: str) -> None:
    with pytest.raises(ManifestError, match="schema"):
        parse_manifest(FINDING.replace("farlight-pack/1", schema))


@pytest.mark.parametrize("task", ["detect"])
def test_a_task_of_a_later_farlight_is_told_as_such(task: str) -> None:
    with pytest.raises(NewerSchemaError, match=task):
        parse_manifest(FINDING.replace('task = "classify"', f'task = "{task}"'))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../outside",
            "/etc/passwd",
            "a/../../b",
            "C:/x",
            "c:x",
            "a\\\\b",
            "..\\\\x",
            "./card",
            "a//b",
            "a/",
            "",
        ),
        *("nul", "CON.txt", "a/aux", "what?", "trailing.", "trailing ", "a:b", "\\u0000", "a/.."),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(EscapingPathError):
        parse_manifest(FINDING + f'"{name}" = "{SHA}"\n')


def test_reads_what_is_written() -> None:
    manifest = parse_manifest(FINDING)
    assert manifest.version == Version(1, 0, 0)
    assert manifest.codes == ("brightness",)
    assert manifest.applies.age_years is not None
    assert manifest.applies.age_years.maximum == 5.99
    assert isinstance(manifest.input.region, MaskRegion)
    assert manifest.input.region.codes == ("left", "right")
    assert manifest.input.size == (24, 24)
    assert dict(manifest.tolerance) == {"logits": 0.3, "activation_map": 0.5}
    assert Version(1, 4, 0) in manifest.depends["toy-outline"]
    scoring = manifest.labels[0].scoring
    assert scoring is not None
    assert scoring.operating_point.threshold == 0.5


def test_reads_a_pack_that_segments() -> None:
    manifest = parse_manifest(OUTLINE)
    assert isinstance(manifest.input.region, WholeRegion)
    assert manifest.outline is not None
    assert manifest.outline.smallest_part == 0.2
    assert manifest.labels[0].scoring is None
    assert manifest.sense is not None
    assert len(manifest.sense.classes) == 9
    assert manifest.familiarity_maximum == 0.45


def test_the_records_cannot_be_changed() -> None:
    manifest = parse_manifest(FINDING)
    with pytest.raises(AttributeError):
        manifest.title = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        manifest.files["card.md"] = "x"  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a = " + "9" * 5_000, 'a = """\n'],
    ids=["nested without end", "a number of 5,000 digits", "cut short"],
)
def test_toml_that_no_reader_can_read_is_one_error_of_the_pack(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(text)
