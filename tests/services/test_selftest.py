"""Self-test and bench over the installed packs, with both engines."""

import shutil
from pathlib import Path

import pytest

from core.errors import Cancelled, UnknownPackError
from services.bench import run_bench
from services.packs import installed_packs, pack_facts
from services.places import pack_roots
from services.selftest import run_self_test


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """A folder of packs with one whose weights were changed."""
    folder = tmp_path / "packs"
    shutil.copytree(pack_roots()[0] / "chest-lungs", folder / "chest-lungs")
    with (folder / "chest-lungs" / "model.int8.onnx").open("ab") as stream:
        stream.write(b"\0")
    return folder


def test_every_installed_pack_passes_in_both_engines_and_precisions() -> None:
    checks = run_self_test()
    assert [check for check in checks if not check.passed] == []
    ways = {(check.engine, check.precision) for check in checks if check.engine}
    assert ways == {
        (engine, precision) for engine in ("openvino", "onnxruntime") for precision in ("int8", "fp32")
    }


def test_a_changed_pack_fails_with_its_code(spoiled: Path) -> None:
    checks = run_self_test(pack_folders=[spoiled])
    assert [check.code for check in checks if not check.passed] == ["E203"]


def test_a_pack_without_a_manifest_worth_the_name_is_listed_with_its_error(spoiled: Path) -> None:
    (spoiled / "chest-lungs" / "pack.toml").write_text("schema = 1")
    (pack,) = installed_packs([spoiled])
    assert pack.error is not None
    assert pack.error.code == "E202"


def test_an_unknown_pack_is_told() -> None:
    with pytest.raises(UnknownPackError):
        run_self_test(["nothing"])
    with pytest.raises(UnknownPackError):
        pack_facts("nothing")


def test_a_self_test_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        run_self_test(cancelled=lambda: True)


def test_the_bench_times_every_pack_engine_and_precision() -> None:
    bench = run_bench(["chest-lungs"], seconds_each=0.0)
    assert len(bench.timings) == 4
    for timing in bench.timings:
        assert timing.error is None
        assert timing.median_ms is not None
        assert timing.p90_ms is not None
        assert 0 < timing.median_ms <= timing.p90_ms
        assert timing.runs >= 10


def test_a_pack_that_cannot_be_run_is_in_the_bench_with_its_error(spoiled: Path) -> None:
    bench = run_bench(pack_folders=[spoiled], seconds_each=0.0)
    errors = {timing.precision: timing.error for timing in bench.timings}
    assert errors["fp32"] is None
    assert errors["int8"] is not None
    assert errors["int8"].startswith("E203")
