"""What is read of a processor, and what follows from it."""

import sys
from dataclasses import replace

import pytest

from inference import processor
from inference.processor import Processor, read_cpuinfo, suffices, this_processor

OLD = Processor(
    model="Old",
    machine="x86_64",
    features=frozenset({"sse4_2", "avx", "avx2", "vnni"}),
    logical_cores=4,
    physical_cores=2,
    memory_bytes=8_000_000_000,
)


def test_reads_model_and_instructions_of_a_pc() -> None:
    first = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu sse4_2 avx avx2 avx512_vnni\n"
    text = f"{first}\nprocessor: 1\n"
    assert read_cpuinfo(text) == ("Some CPU @ 2 GHz", frozenset({"sse4_2", "avx", "avx2", "vnni"}))


def test_reads_instructions_of_an_arm_computer() -> None:
    assert read_cpuinfo("processor\t: 0\nFeatures\t: fp asimd\n") == ("", frozenset({"neon"}))


def test_a_system_that_does_not_tell_is_not_held_to_lack_anything() -> None:
    assert read_cpuinfo("") == ("", None)
    assert replace(OLD, features=None, memory_bytes=None).limits == ()


@pytest.mark.parametrize(
    ("features", "limit"),
    [(set(), "no_sse42"), ({"sse4_2"}, "no_avx2"), ({"sse4_2", "avx"}, "no_avx2")],
)
def test_an_older_processor_has_its_limit_named(features: set[str], limit: str) -> None:
    assert replace(OLD, features=frozenset(features)).limits == (limit,)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of VNNI")
def test_a_processor_without_vnni_is_told_that_int8_may_round_otherwise() -> None:
    assert replace(OLD, features=frozenset({"sse4_2", "avx", "avx2"})).limits == ("no_vnni",)


@pytest.mark.parametrize(
    ("memory_bytes", "limits"),
    [(8_000_000_000, ()), (4_290_000_000, ("little_memory",)), (1_000_000_000, ("too_little_memory",))],
)
def test_little_memory_is_named(memory_bytes: int, limits: tuple[str, ...]) -> None:
    assert replace(OLD, memory_bytes=memory_bytes).limits == limits


def test_this_computer_is_known() -> None:
    here = this_processor()
    assert here.model
    assert here.physical_cores >= 1
    assert here.memory_bytes is not None
    assert here.memory_bytes > 100_000_000


@pytest.mark.parametrize(
    ("machine", "features", "starts"),
    [
        ("x86_64", frozenset({"sse4_2"}), True),
        ("AMD64", frozenset(), False),
        ("x86_64", None, True),
        ("aarch64", frozenset(), True),
    ],
)
def test_a_processor_on_which_the_libraries_end_with_an_illegal_instruction_is_known_before_they_load(
    monkeypatch: pytest.MonkeyPatch, machine: str, features: frozenset[str] | None, starts: bool
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(processor, "_described", lambda: ("", features))
    assert suffices() is starts
