"""Self-test and bench over the installed packs, with both engines."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Cancelled, UnknownPackError, UntrustedKeyError
from inference.choices import Choice
from inference.devices import Device
from inference.packs import PackLibrary, load_pack
from inference.probe import Opened, Probe
from inference.tuning import Tuning
from services.bench import run_bench
from services.card_figures import int8_other_sides
from services.packs import installed_packs, pack_facts
from services.places import pack_roots
from services.selftest import SelfCheck, run_self_test, verdicts
from services.tuning import Tuner, way_words


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
        assert timing.drift is not None
        assert timing.drift <= 1
        assert timing.device == "CPU"
        assert timing.images_per_s == pytest.approx(1000 / timing.median_ms, rel=0.05)
    assert [timing.chosen for timing in bench.timings] == [True, False, False, False]


def test_the_bench_shows_what_was_measured_to_be_best_also_where_it_is_another_number_of_threads() -> None:
    tuner = Tuner(None, rounds=1)
    bench = run_bench(["chest-lungs"], seconds_each=0.0, every_way=True, keep=True, tuner=tuner)
    assert bench.measured == ("chest-lungs",)
    assert sum(timing.chosen for timing in bench.timings) == 1
    assert {timing.threads for timing in bench.timings} >= {1}


def _checks(*failed: tuple[str, str]) -> list[SelfCheck]:
    return [
        SelfCheck(
            pack_id="chest-lungs",
            name="golden",
            passed=(engine, precision) not in failed,
            detail="differs",
            engine=engine,
            precision=precision,
        )
        for engine in ("openvino", "onnxruntime")
        for precision in ("int8", "fp32")
    ]


def test_a_pack_that_passes_everywhere_is_trusted() -> None:
    (verdict,) = verdicts(_checks())
    assert verdict.state == "trusted"
    assert "gives its maker's known answers" in verdict.sentence
    assert "trusted" not in verdict.sentence
    assert verdict.way.startswith("OpenVINO INT8")


def test_a_pack_whose_default_drifts_runs_in_what_passes_and_the_rest_is_named() -> None:
    (verdict,) = verdicts(_checks(("openvino", "int8"), ("onnxruntime", "int8")))
    assert verdict.state == "partly"
    assert verdict.way.startswith("OpenVINO FP32")
    assert "onnxruntime int8" in verdict.sentence


def test_a_pack_that_passes_nowhere_or_was_changed_is_not_trusted() -> None:
    everywhere = [(check.engine, check.precision) for check in _checks()]
    (verdict,) = verdicts(_checks(*everywhere))  # type: ignore[arg-type]
    assert (verdict.state, verdict.way) == ("not_trusted", "")
    changed = [SelfCheck(pack_id="chest-lungs", name="files", passed=False, detail="changed")]
    assert verdicts(changed)[0].state == "not_trusted"


GPU = Choice(engine="openvino", precision="fp32", device="GPU")


@pytest.fixture
def on_device() -> Tuner:
    """A computer on which a device was measured to be the fastest."""
    tuner = Tuner(None)
    pack = load_pack(pack_roots()[0] / "chest-lungs")
    tuner.devices.remember_listed([Device(key="openvino:GPU", name="Intel Iris", versions="1")], [])
    tuner.measured.keep(
        Tuning(pack_id=pack.id, sha256=pack.sha256, chosen=GPU, measured=(), noise=0.0, at="")
    )
    return tuner


def _tried(*, passed: bool) -> SelfCheck:
    return SelfCheck(
        pack_id="chest-lungs",
        name="golden",
        passed=passed,
        detail="differs",
        engine="openvino",
        precision="fp32",
        device="GPU",
    )


def test_a_device_that_was_not_tried_is_never_called_trusted(on_device: Tuner) -> None:
    (verdict,) = verdicts(_checks(), on_device)
    assert verdict.state == "not_tried"
    assert "OpenVINO FP32, Intel Iris was not tried" in verdict.sentence
    assert verdict.way.startswith("OpenVINO INT8, processor")


def test_a_device_that_was_tried_is_trusted_or_not_used(on_device: Tuner) -> None:
    (good,) = verdicts([*_checks(), _tried(passed=True)], on_device)
    assert (good.state, good.way) == ("trusted", "OpenVINO FP32, Intel Iris")
    (bad,) = verdicts([*_checks(), _tried(passed=False)], on_device)
    assert (bad.state, bad.way) == ("partly", way_words(replace(GPU, precision="int8", device="CPU")))
    assert "openvino fp32 GPU does not" in bad.sentence


def test_the_self_test_tries_the_device_on_which_a_pack_runs(
    on_device: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Choice] = []

    def open_(_self: Probe, _folder: Path, choice: Choice, **_named: object) -> Opened:
        asked.append(choice)
        return Opened(load_ms=1.0, drift={"masks": 2.0}, allowed={"masks": 1.0})

    monkeypatch.setattr(Probe, "open", open_)
    checks = run_self_test(["chest-lungs"], tuner=on_device)
    assert asked == [GPU]
    assert [(one.device, one.passed) for one in checks if one.device != "CPU"] == [("GPU", False)]
    assert verdicts(checks, on_device)[0].state == "partly"


def test_a_pack_that_cannot_be_run_is_in_the_bench_with_its_error(spoiled: Path) -> None:
    bench = run_bench(pack_folders=[spoiled], seconds_each=0.0)
    errors = {timing.precision: timing.error for timing in bench.timings}
    assert errors["fp32"] is None
    assert errors["int8"] is not None
    assert errors["int8"].startswith("E203")


def test_a_pack_that_must_not_be_used_is_not_run_and_says_why() -> None:
    gone = UntrustedKeyError("its key")
    library = PackLibrary(pack_roots(), judge=lambda pack: gone if pack.id == "chest-lungs" else None)
    checks = run_self_test(["chest-lungs"], library=library)
    assert checks == ()
    said = {one.pack_id: one for one in verdicts(checks, library=library)}
    assert said["chest-lungs"].state == "not_used"
    assert gone.title in said["chest-lungs"].sentence


def test_who_changes_sides_in_int8_is_told_beside_the_known_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "card.md").write_text(
        "| finding | precision | AUC | difference | other side |\n| --- | --- | --- | --- | --- |\n"
        "| Opacity | fp32 | 0.9 | 0 | 0.00% |\n| Opacity | int8 | 0.8971 | 0.2551 | 5.30% |\n",
        encoding="utf-8",
    )
    assert int8_other_sides(tmp_path) == (("Opacity", "5.3 %"),)
    monkeypatch.setattr("services.selftest.int8_other_sides", lambda _folder: (("Opacity", "5.3 %"),))
    (verdict,) = verdicts(_checks())
    assert (
        "5.3 % of the images of its card on the other side of the threshold for Opacity" in verdict.sentence
    )
