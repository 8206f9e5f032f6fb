"""Packs whose maps are asked for, end to end in both engines: a planted bright square is found."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import Cancelled, InferenceError
from core.image import Image, ImageRef
from core.result import EngineName
from inference import explaining
from inference.build import write_checksums
from inference.draft_manifest import draft_text
from inference.drafting import draft_networks
from inference.engine import ENGINES
from inference.engine_onnxruntime import OnnxRuntimeEngine
from inference.explaining import maps_of
from inference.loaded import load
from inference.packs import PackLibrary, load_pack
from inference.perturbing import OutOfTimeError
from inference.requests import PackRun
from inference.runner import PackRunner
from inference.subject import Subject
from inference.verify import verify_pack
from tests.inference.drafts import fill_in
from tests.inference.foreign_networks import Writer

SIDE, SQUARE = 64, 12
PLACES = [(4, 6), (40, 44), (12, 40)]
METHODS = {
    "reciprocam": "",
    "rise": 'method = "rise"\nmasks = 500\nseed = 5\nbatch = 16',
    "occlusion": 'method = "occlusion"\nwindow = 12\nstride = 6\nbatch = 16',
}


def bright_square_network() -> bytes:
    """Return a network that scores its brightest place: no mean, so that no map of it is exact."""
    net = Writer(1)
    kernel = np.full((2, 1, 5, 5), 1 / 25, np.float32)
    kernel[1] *= -1
    x = net.node("Conv", "x", net.constant(kernel), pads=[2, 2, 2, 2], strides=[4, 4])
    x = net.node("Flatten", net.node("GlobalMaxPool", net.node("Relu", x)))
    weights = net.constant(np.array([[9.0, 0.5]], np.float32))
    net.node("Gemm", x, weights, net.constant(np.array([-5.0], np.float32)), transB=1, output="score")
    return net.write(["n", 1, SIDE, SIDE], {"score": ["n", 1]})


def write_pack(root: Path, method: str, *, more: str = "") -> Path:
    """Write a pack of that network whose maps are made by a method."""
    folder = root / f"square-{method}"
    folder.mkdir(parents=True)
    (root / "square.onnx").write_bytes(bright_square_network())
    facts = draft_networks(root / "square.onnx", folder)
    assert facts.maps is not None
    assert facts.maps.method == "reciprocam"
    text = draft_text(facts, folder.name, "square.onnx")
    if METHODS[method]:
        text = re.sub(r'method = "reciprocam"\n.*\n.*\n', f"{METHODS[method]}\n", text)
        (folder / "head.fp32.onnx").unlink()
    text = text.replace("[tolerance]", f"{more}\n[tolerance]")
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    (folder / "card.md").write_text("# Square\n", encoding="utf-8")
    fill_in(folder, {"mean": "[0.0]", "std": "[1.0]"})
    write_checksums(folder)
    return folder


def picture(top: int, left: int) -> NDArray[np.float32]:
    """Return noise with a bright square in it."""
    grey = np.random.default_rng(11).normal(0.2, 0.02, (SIDE, SIDE))
    grey[top : top + SQUARE, left : left + SQUARE] = 0.95
    return np.asarray(grey, dtype=np.float32)


@dataclass
class Listener:
    """Hears how far a map is."""

    told: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, done: int, total: int) -> None:
        """Take it."""
        self.told.append((done, total))


def _run(runner: PackRunner, method: str, grey: NDArray[np.float32], told: Listener | None = None) -> PackRun:
    image = Image(ref=ImageRef(file="a.png"), values=grey)
    return runner.run(f"square-{method}", image, grey, Subject(modality="DX"), told=told or Listener())


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one pack a method; do not change it."""
    root = tmp_path_factory.mktemp("squares")
    for method in METHODS:
        write_pack(root, method)
    return root


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_map_points_at_the_planted_square(packs: Path, method: str, engine: EngineName) -> None:
    runner = PackRunner(PackLibrary([packs]), engine, threads=1)
    for top, left in PLACES:
        listener = Listener()
        (heat,) = _run(runner, method, picture(top, left), listener).result.heatmaps
        row, column = np.unravel_index(int(heat.values.argmax()), heat.values.shape)
        assert top - 4 <= row <= top + SQUARE + 4
        assert left - 4 <= column <= left + SQUARE + 4
        assert heat.shown
        assert listener.told[0][0] == 0
        assert listener.told[-1][0] == listener.told[-1][1]


@pytest.mark.parametrize("method", METHODS)
def test_the_map_is_the_same_each_time_and_nearly_so_in_both_engines(packs: Path, method: str) -> None:
    grey = picture(20, 30)
    runner, other = (PackRunner(PackLibrary([packs]), engine, threads=1) for engine in ENGINES)
    first, again, elsewhere = (
        _run(each, method, grey).result.heatmaps[0].values for each in (runner, runner, other)
    )
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, elsewhere, atol=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_every_engine_proves_such_a_pack(packs: Path, method: str) -> None:
    checks = verify_pack(packs / f"square-{method}")
    assert all(check.passed for check in checks)
    heads = [check for check in checks if check.name == "Head for maps"]
    assert len(heads) == (2 if method == "reciprocam" else 0)


def test_a_head_of_another_network_is_found_out(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, "reciprocam")
    head = folder / "head.fp32.onnx"
    weights = np.array([[9.0, 0.5]], np.float32).tobytes()
    other = np.array([[8.0, 0.5]], np.float32).tobytes()
    assert head.read_bytes().count(weights) == 1
    head.write_bytes(head.read_bytes().replace(weights, other))
    write_checksums(folder)
    failed = [check for check in verify_pack(folder) if not check.passed]
    assert {check.name for check in failed} == {"Head for maps"}


def test_below_the_threshold_the_network_is_not_asked_again(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, "occlusion")
    manifest = folder / "pack.toml"
    manifest.write_text(manifest.read_text().replace("lower = [0.80, 0.90]", "lower = [0.10, 0.90]"))
    write_checksums(folder)
    listener = Listener()
    runner = PackRunner(PackLibrary([tmp_path]), threads=1)
    run = _run(runner, "occlusion", np.full((SIDE, SIDE), 0.3, dtype=np.float32), listener)
    assert run.result.findings[0].position != "above"
    assert run.result.heatmaps == ()
    assert listener.told == []


@pytest.mark.parametrize("method", METHODS)
def test_each_batch_waits_for_its_turn_and_others_come_in_between(
    packs: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner's lock is held while an engine runs, and free whenever it does not."""
    runner = PackRunner(PackLibrary([packs]), engine="onnxruntime", threads=1)
    held: list[bool] = []
    free: list[bool] = []
    run = OnnxRuntimeEngine.run

    def noting(self: OnnxRuntimeEngine, batch: NDArray[np.float32]) -> object:
        held.append(runner._lock.locked())
        return run(self, batch)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", noting)
    grey = picture(8, 8)
    runner.warm_up([f"square-{method}"])
    held.clear()
    runner.run(
        f"square-{method}",
        Image(ref=ImageRef(file="a"), values=grey),
        grey,
        Subject(modality="DX"),
        told=lambda *_: free.append(not runner._lock.locked()),
    )
    assert len(held) > 3
    assert all(held)
    assert len(free) > 3
    assert all(free)


def test_a_map_that_is_cancelled_stops_the_run(packs: Path) -> None:
    runner = PackRunner(PackLibrary([packs]), threads=1)
    listener = Listener()
    grey = picture(8, 8)
    with pytest.raises(Cancelled):
        runner.run(
            "square-rise",
            Image(ref=ImageRef(file="a"), values=grey),
            grey,
            Subject(modality="DX"),
            told=listener,
            cancelled=lambda: len(listener.told) > 2,
        )
    assert len(listener.told) == 3


def test_a_map_that_took_too_long_is_left_out_and_said(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*arguments: object) -> None:
        raise OutOfTimeError

    monkeypatch.setitem(explaining._BY_HIDING, "occlusion", too_long)
    result = _run(PackRunner(PackLibrary([packs]), threads=1), "occlusion", picture(8, 8)).result
    assert result.findings[0].position == "above"
    assert result.heatmaps == ()
    assert any("took too long" in check.text for check in result.quality)


def test_packs_with_an_activation_map_are_not_asked_again(library: PackLibrary) -> None:
    loaded = load(library.get("toy-finding"), "auto", "auto", 1)
    with pytest.raises(InferenceError):
        maps_of(loaded, np.zeros((1, 24, 24), dtype=np.float32))


def test_a_network_that_lacks_its_feature_map_is_an_error(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, "reciprocam")
    manifest = folder / "pack.toml"
    manifest.write_text(re.sub(r'features = ".*"', 'features = "gone"', manifest.read_text()))
    write_checksums(folder)
    loaded = load(load_pack(folder), "auto", "auto", 1)
    with pytest.raises(InferenceError, match="no feature map 'gone'"):
        maps_of(loaded, np.zeros((1, SIDE, SIDE), dtype=np.float32))


def test_a_pack_that_reads_colour_sees_the_colours(tmp_path: Path) -> None:
    net = Writer(1)
    weights = np.zeros((1, 3, 1, 1), np.float32)
    weights[0, 0] = 40.0
    level = net.node("GlobalAveragePool", net.node("Conv", "x", net.constant(weights)))
    net.node("Flatten", level, output="score")
    folder = tmp_path / "red"
    folder.mkdir()
    (tmp_path / "red.onnx").write_bytes(net.write(["n", 3, 32, 32], {"score": ["n", 1]}))
    text = draft_text(draft_networks(tmp_path / "red.onnx", folder), "red", "red.onnx")
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    (folder / "card.md").write_text("# Red\n", encoding="utf-8")
    fill_in(folder, {"mean": "[0.5, 0.5, 0.5]", "std": "[1.0, 1.0, 1.0]", "colour": '"colour"'})
    manifest = folder / "pack.toml"
    manifest.write_text(manifest.read_text().replace("lower = [0.80, 0.90]", "lower = [0.10, 0.90]"))
    write_checksums(folder)
    runner = PackRunner(PackLibrary([tmp_path]), threads=1)
    found = []
    for channel in (0, 2):
        values = np.full((40, 60, 3), 20, dtype=np.uint8)
        values[..., channel] = 230
        grey = (values @ np.array([0.299, 0.587, 0.114]) / 255).astype(np.float32)
        image = Image(ref=ImageRef(file="a.png"), values=values)
        found.append(runner.run("red", image, grey, Subject(modality="DX")).result.findings[0].probability)
    assert found[0] > 0.8
    assert found[1] < 0.6


def test_what_was_cut_away_is_said(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, "occlusion")
    manifest = folder / "pack.toml"
    manifest.write_text(manifest.read_text().replace('resize = "stretch"', 'resize = "crop"'))
    write_checksums(folder)
    wide = np.full((64, 128), 0.2, dtype=np.float32)
    wide[20:32, 60:72] = 0.95
    run = _run(PackRunner(PackLibrary([tmp_path]), threads=1), "occlusion", wide)
    assert any("about 50 % of it" in check.text for check in run.result.quality)
    row, column = np.unravel_index(int(run.result.heatmaps[0].values.argmax()), wide.shape)
    assert 16 <= row <= 36
    assert 56 <= column <= 76
    assert run.result.heatmaps[0].values[:, :32].max() == 0.0
