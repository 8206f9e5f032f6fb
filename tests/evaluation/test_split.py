"""Patients are shared out once, alike everywhere, and never into both parts."""

from evaluation.split import halves, in_both, patients_of_each_kind


def test_both_halves_have_as_many_of_each_kind() -> None:
    strata = {f"p{n}": n % 5 == 0 for n in range(100)}
    parts = halves(strata)
    ill = [parts[patient] for patient, is_ill in strata.items() if is_ill]
    assert sorted(ill) == ["calibration"] * 10 + ["test"] * 10
    assert sum(part == "test" for part in parts.values()) == 50


def test_the_order_of_the_table_changes_nothing() -> None:
    strata = {f"p{n}": n % 3 for n in range(50)}
    assert halves(strata) == halves(dict(reversed(strata.items())))


def test_a_patient_in_both_parts_is_found_with_all_its_places() -> None:
    leaked = in_both(["a", "b", "a", "c", "b"], ["test", "test", "calibration", None, "test"])
    assert leaked == {"a": [0, 2]}


def test_patients_count_once_however_many_images_they_have() -> None:
    assert patients_of_each_kind(["a", "a", "b", "b", "c"], [1, 1, 0, 1, 0]) == (2, 2)
