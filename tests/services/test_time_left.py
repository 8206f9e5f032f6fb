"""How long is left: not said too early, near the truth after a slow start, and steady."""

import pytest

from services.time_left import TimeLeft


def test_a_slow_start_does_not_make_it_hours() -> None:
    """The run of 1,500 images that took 32 s: ten seconds of loading, then 70 images a second."""
    left, told = TimeLeft(), list[tuple[float, float]]()
    left.hear(0, 1500, at=0.0)
    for done in range(1, 1501):
        at = 10.0 + done / 70
        left.hear(done, 1500, at=at)
        seconds = left.seconds()
        if seconds is not None:
            told.append((seconds, 10.0 + 1500 / 70 - at))
    assert len(told) > 1000
    assert all(abs(said - true) < 1.0 for said, true in told)


@pytest.mark.parametrize(("parts", "each_s"), [(3, 100.0), (200, 0.01)])
def test_nothing_is_said_of_few_parts_or_a_short_time(parts: int, each_s: float) -> None:
    left = TimeLeft()
    for done in range(parts + 1):
        left.hear(done, 1000, at=done * each_s)
    assert left.seconds() is None


def test_a_single_slow_part_among_many_does_not_make_it_jump() -> None:
    left, at = TimeLeft(), 0.0
    for done in range(1, 101):
        at += 1.0
        left.hear(done, 1000, at=at)
    before = left.seconds()
    left.hear(101, 1000, at=at + 5.0)
    after = left.seconds()
    assert before == pytest.approx(900, rel=0.01)
    assert after is not None
    assert after < 1125


def test_a_pace_that_changes_is_followed() -> None:
    """A resumed run keeps the first half in no time, and looks at the other half."""
    left, at = TimeLeft(), 0.0
    for done in range(1, 501):
        at += 0.01
        left.hear(done, 1000, at=at)
    for done in range(501, 701):
        at += 1.0
        left.hear(done, 1000, at=at)
    assert left.seconds() == pytest.approx(300, rel=0.1)


def test_other_work_begins_anew_and_no_pace_is_taken_over() -> None:
    left = TimeLeft()
    for done in range(1, 20):
        left.hear(done, 20, at=float(done), work="looking")
    assert left.seconds() == pytest.approx(1.0)
    left.hear(1, 20, at=30.0, work="copying")
    assert left.seconds() is None
