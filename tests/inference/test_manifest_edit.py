"""Values of a manifest change in its text; comments, order and everything else stay."""

import tomllib

import pytest

from core.errors import PackNotChangedError
from inference.manifest_edit import toml_value, with_scoring, with_table, with_tables
from tests.inference.toy_packs import FINDING_TOML

COMMENTED = FINDING_TOML.replace(
    "threshold = 0.5\n", "threshold = 0.5  # chosen by hand, see the minutes\n"
).replace("[labels.calibration]", "# made on two hospitals\n[labels.calibration]")
OLD_FIGURE = '\n[[figures]]\npopulation = "old"\nmetric = "AUC"\nvalue = 0.5\n'
SCORING = {
    "operating_point": "sensitivity-95",
    "map_shown": False,
    "operating_points": [
        {"name": "sensitivity-95", "threshold": 0.25, "chosen_on": 'the "second" half'},
        {"name": "balanced", "threshold": 0.75},
    ],
    "calibration": {
        "method": "venn-abers",
        "prevalence": 0.25,
        "logits": [float(n) for n in range(30)],
        "lower": [n / 100 for n in range(30)],
        "upper": [n / 50 for n in range(30)],
    },
}


def test_a_label_gets_its_new_values_and_the_rest_stays() -> None:
    before, after = tomllib.loads(COMMENTED), tomllib.loads(with_scoring(COMMENTED, "brightness", SCORING))
    label = after["labels"][0]
    assert label["calibration"] == SCORING["calibration"]
    assert [point["name"] for point in label["operating_points"]] == ["sensitivity-95", "balanced"]
    assert label["operating_points"][1]["chosen_on"] == "nothing"  # what was not said anew stays
    assert {key: value for key, value in after.items() if key != "labels"} == {
        key: value for key, value in before.items() if key != "labels"
    }


def test_comments_stay_beside_what_they_speak_of() -> None:
    lines = with_scoring(COMMENTED, "brightness", SCORING).splitlines()
    assert "threshold = 0.75  # chosen by hand, see the minutes" in lines
    assert lines[lines.index("[labels.calibration]") - 1] == "# made on two hospitals"


def test_only_the_lines_that_change_differ() -> None:
    changed = with_scoring(COMMENTED, "brightness", {"map_shown": False})
    differing = [
        pair for pair in zip(COMMENTED.splitlines(), changed.splitlines(), strict=True) if pair[0] != pair[1]
    ]
    assert differing == [("map_shown = true", "map_shown = false")]


def test_the_right_one_of_several_labels_changes() -> None:
    label = FINDING_TOML[FINDING_TOML.index("[[labels]]") : FINDING_TOML.index("[tolerance]")]
    text = FINDING_TOML.replace(label, label + label.replace("brightness", "darkness"))
    after = tomllib.loads(with_scoring(text, "darkness", SCORING))
    assert after["labels"][0] == tomllib.loads(FINDING_TOML)["labels"][0]
    assert after["labels"][1]["calibration"]["prevalence"] == 0.25


def test_calibration_on_one_line_is_replaced_on_its_line() -> None:
    table = FINDING_TOML[FINDING_TOML.index("[labels.calibration]") : FINDING_TOML.index("[tolerance]")]
    inline = 'calibration = { method = "none" }\nmap_shown = true'
    text = FINDING_TOML.replace(table, "").replace("map_shown = true", inline)
    after = tomllib.loads(with_scoring(text, "brightness", SCORING))
    assert after["labels"][0]["calibration"] == SCORING["calibration"]


def test_what_the_method_none_lacks_is_added_and_what_it_had_goes() -> None:
    start, end = FINDING_TOML.index("[labels.calibration]"), FINDING_TOML.index("[tolerance]")
    text = FINDING_TOML[:start] + '[labels.calibration]\nmethod = "none"\n\n' + FINDING_TOML[end:]
    after = tomllib.loads(with_scoring(text, "brightness", SCORING))
    assert after["labels"][0]["calibration"] == SCORING["calibration"]


def test_figures_are_replaced_before_the_checksums() -> None:
    text = (
        FINDING_TOML + '\n[[figures]]\npopulation = "old"\nmetric = "AUC"\nvalue = 0.5\n\n[files]\nx = "1"\n'
    )
    figures = [{"population": "new", "metric": "AUC", "value": 0.875, "interval": [0.8, 0.9]}] * 2
    changed = with_tables(text, "figures", figures)
    assert tomllib.loads(changed)["figures"] == figures
    assert changed.index("[[figures]]") < changed.index("[files]")
    assert "figures" not in tomllib.loads(with_tables(changed, "figures", []))


def test_a_comment_among_figures_is_not_lost() -> None:
    text = (
        FINDING_TOML + '\n[[figures]]\n# measured in May\npopulation = "old"\nmetric = "AUC"\nvalue = 0.5\n'
    )
    assert "# measured in May" in with_tables(text, "figures", [])


def test_tolerance_changes_in_its_place() -> None:
    changed = with_table(FINDING_TOML, "tolerance", {"logits": 0.125})
    assert changed == FINDING_TOML.replace("logits = 0.3", "logits = 0.125")


def test_a_layout_that_cannot_be_edited_is_left_alone() -> None:
    label = FINDING_TOML[FINDING_TOML.index("[[labels]]") : FINDING_TOML.index("[tolerance]")]
    inline = 'labels = [{ code = "brightness", title = "Brightness" }]\n'
    text = inline + FINDING_TOML.replace(label, "")
    with pytest.raises(PackNotChangedError):
        with_scoring(text, "brightness", SCORING)
    with pytest.raises(PackNotChangedError):
        with_scoring(FINDING_TOML, "nothing_such", SCORING)


@pytest.mark.parametrize("value", [True, 0.1, 5, 'a "b" \\ ü\n', [1.0, 2.5], {"x": 1}, [0.123456] * 50])
def test_values_are_written_as_toml_reads_them(value: object) -> None:
    assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value
