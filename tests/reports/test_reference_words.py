"""What is usual for a number: the range beside it, marked where the number lies outside, sources together."""

from dataclasses import replace

import pytest

from core.result import Measurement, ModelStamp, PackResult, Reference
from reports.model_rows import range_words, reference_sources, reference_words, seen_rows

TABLE = "Petersen 2017"


def _mass(
    value: float, interval: tuple[float, float] | None = None, *, label: str = "LV mass"
) -> Measurement:
    usual = Reference(low=28.0, high=56.0, source=TABLE)
    return Measurement(
        code="lv_mass", label=label, value=value, unit="g/m²", interval=interval, reference=usual
    )


@pytest.mark.parametrize(
    ("value", "interval", "said", "outside"),
    [
        (40.0, (30.0, 50.0), "Reference 28 to 56.", False),
        (40.0, (20.0, 50.0), "Reference 28 to 56; its interval reaches out of it.", False),
        (40.0, (30.0, 57.0), "Reference 28 to 56; its interval reaches out of it.", False),
        (28.0, None, "Reference 28 to 56.", False),
        (80.0, None, "Above the reference, 28 to 56.", True),
        (80.0, (70.0, 90.0), "Above the reference, 28 to 56.", True),
        (60.0, (50.0, 70.0), "Above the reference, 28 to 56; its interval reaches into it.", True),
        (20.0, (10.0, 30.0), "Below the reference, 28 to 56; its interval reaches into it.", True),
    ],
)
def test_a_number_outside_its_range_is_marked_and_told_how_sure_that_is(
    value: float, interval: tuple[float, float] | None, said: str, outside: bool
) -> None:
    assert range_words(_mass(value, interval)) == (said, outside)
    assert reference_words(_mass(value, interval)) == said.replace("28 to 56", f"28 to 56 ({TABLE})")


def test_a_number_without_a_range_says_nothing() -> None:
    bare = Measurement(code="x", label="X", value=1.0, unit="ml")
    open_range = Reference(low=None, high=None, source=TABLE)
    without = Measurement(code="x", label="X", value=1.0, unit="ml", reference=open_range)
    assert range_words(bare) == range_words(without) == ("", False)
    assert reference_sources((bare, without)) == ()


def test_numbers_of_one_source_name_it_once() -> None:
    said = reference_sources((_mass(40.0), _mass(30.0, label="LV ejection fraction")))
    assert said == ("Reference of LV mass, LV ejection fraction: Petersen 2017.",)


def test_on_paper_what_is_usual_stands_right_behind_the_number_and_the_method_last() -> None:
    mass = replace(_mass(80.0, (70.0, 90.0)), method="Wall at end-diastole", meaning="In adults: heavy.")
    bare = Measurement(code="x", label="X", value=3.0, unit="ml")
    stamp = ModelStamp(pack_id="toy", version="1.0.0", sha256="0" * 64, pack_class="research")
    pack = PackResult(stamp=stamp, title="Toy", status="ok", seconds=0.0, measurements=(mass, bare))
    first, second, *_ = seen_rows(pack)
    assert first.text == (
        f"80 g/m² (70 to 90). Above the reference, 28 to 56 ({TABLE}). In adults: heavy. "
        "Wall at end-diastole."
    )
    assert second.text == "3 ml"
