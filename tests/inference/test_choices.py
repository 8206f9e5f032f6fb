"""What is tried in turn, by what was asked for and what was measured."""

import itertools

import pytest

from core.result import EngineName, Precision
from inference.choices import Asked, Choice, choices_of, device_key, split_key
from inference.engine import AUTO_CHOICE, ENGINES
from inference.packs import Pack, PackLibrary

PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")
FIRST, SECOND = AUTO_CHOICE[0], next(name for name in ENGINES if name != AUTO_CHOICE[0])


@pytest.fixture
def pack(library: PackLibrary) -> Pack:
    return library.get("toy-outline")


def _ways(choices: tuple[Choice, ...]) -> list[tuple[str, str, str]]:
    return [(one.engine, one.precision, one.device) for one in choices]


def test_auto_tries_the_other_engine_then_full_precision(pack: Pack) -> None:
    assert _ways(choices_of(pack, Asked())) == [
        (FIRST, "int8", "CPU"),
        (SECOND, "int8", "CPU"),
        (FIRST, "fp32", "CPU"),
        (SECOND, "fp32", "CPU"),
    ]


def test_what_was_named_is_never_replaced(pack: Pack) -> None:
    assert _ways(choices_of(pack, Asked(precision="fp32"))) == [
        (FIRST, "fp32", "CPU"),
        (SECOND, "fp32", "CPU"),
    ]
    for engine, precision in itertools.product(ENGINES, PRECISIONS):
        asked = Asked(engine=engine, precision=precision)
        assert _ways(choices_of(pack, asked)) == [(engine, precision, "CPU")]


def test_what_was_measured_comes_first_and_the_default_after_it(pack: Pack) -> None:
    best = Choice(engine=SECOND, precision="fp32", threads=1)
    assert choices_of(pack, Asked(), best)[0] == best
    assert len(choices_of(pack, Asked(), best)) == 5


def test_what_was_measured_counts_only_within_what_was_asked_for(pack: Pack) -> None:
    best = Choice(engine=SECOND, precision="fp32", threads=1)
    for asked in (Asked(engine=FIRST), Asked(precision="int8"), Asked(device="openvino:GPU")):
        assert best not in choices_of(pack, asked, best)
    assert best in choices_of(pack, Asked(engine=SECOND, device="CPU"), best)


def test_threads_that_were_named_win_over_those_that_were_measured(pack: Pack) -> None:
    best = Choice(engine=SECOND, precision="fp32", threads=2)
    assert {one.threads for one in choices_of(pack, Asked(threads=1), best)} == {1}


def test_a_device_that_was_named_comes_first_and_the_processor_stands_in_for_it(pack: Pack) -> None:
    ways = _ways(choices_of(pack, Asked(device="openvino:GPU.1")))
    assert ways[0] == ("openvino", "int8", "GPU.1")
    assert {way[2] for way in ways[1:]} == {"CPU"}


def test_a_device_of_another_engine_than_the_one_that_was_named_is_not_used(pack: Pack) -> None:
    ways = _ways(choices_of(pack, Asked(engine="onnxruntime", device="openvino:GPU")))
    assert {(way[0], way[2]) for way in ways} == {("onnxruntime", "CPU")}


@pytest.mark.parametrize("key", ["", "auto", "CPU", "GPU", "other:GPU", "openvino:"])
def test_a_word_that_names_no_device_is_none(key: str) -> None:
    assert split_key(key) is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_key_names_engine_and_device(engine: EngineName) -> None:
    assert split_key(device_key(engine, "GPU.0")) == (engine, "GPU.0")
    assert device_key(engine, "CPU") == "CPU"
