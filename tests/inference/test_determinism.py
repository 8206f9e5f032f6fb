"""Every installed pack with a network: the same input gives the same bits; engines and precisions agree."""

import hashlib
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.image import Image
from core.result import EngineName, Precision
from inference.choices import Choice
from inference.golden import allowed_differences, differences, read_golden
from inference.loaded import open_choice
from inference.manifest import GOLDEN_NAME
from inference.model_files import models_of
from inference.packs import Pack, PackLibrary
from inference.requests import PackRequest, PackRun
from inference.runner import PackRunner
from tests.inference.test_runner import CHILD, _image
from tests.inference.toy_packs import marker

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = [pack for pack in PackLibrary([ROOT / "models"]).packs() if not pack.manifest.reads_values]
each_pack = pytest.mark.parametrize("pack", INSTALLED, ids=lambda pack: pack.id)


def _ways(pack: Pack) -> list[Choice]:
    return [
        Choice(engine=engine, precision=model.precision, threads=threads)
        for model in models_of(pack.manifest.files)
        for engine in model.engines
        for threads in (1, 2)
    ]


def _digest(pack: Pack, way: Choice) -> str:
    """Return the checksum of every bit that a network says of the golden inputs."""
    batch = read_golden(pack.read(GOLDEN_NAME), pack.manifest).batch
    outputs = open_choice(pack, way).engine.run(batch)
    return hashlib.sha256(b"".join(outputs[name].tobytes() for name in sorted(outputs))).hexdigest()


def test_there_are_packs_to_look_at() -> None:
    assert len(INSTALLED) >= 2


@each_pack
def test_the_same_way_gives_the_same_bits_when_it_is_loaded_again_and_in_another_process(pack: Pack) -> None:
    ways = _ways(pack)
    here = [_digest(pack, way) for way in ways]
    assert [_digest(pack, way) for way in ways] == here
    program = (
        "import sys; from tests.inference.test_determinism import _digest, _ways; "
        "from inference.packs import load_pack; from pathlib import Path; "
        "pack = load_pack(Path(sys.argv[1])); print(*[_digest(pack, way) for way in _ways(pack)])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(pack.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == here


@each_pack
def test_engines_and_precisions_agree_within_what_the_pack_promises(pack: Pack) -> None:
    golden = read_golden(pack.read(GOLDEN_NAME), pack.manifest)
    for way in _ways(pack):
        found = differences(open_choice(pack, way).engine, golden, pack.manifest)
        allowed = allowed_differences(pack.manifest, way.precision)
        assert all(found[role] <= allowed[role] for role in found), (way, found)


@each_pack
def test_a_batch_of_eight_says_of_each_image_what_it_says_of_it_alone(pack: Pack) -> None:
    """To the last bit in OpenVINO, which runs one at a time; ONNX Runtime adds up in another order."""
    inputs = read_golden(pack.read(GOLDEN_NAME), pack.manifest).batch
    batch = np.concatenate([np.roll(inputs, shift, axis=3) for shift in range(8)])[:8]
    roles = {name: role for role, name in pack.manifest.output.names.items()}
    for way in _ways(pack):
        engine = open_choice(pack, way).engine
        together, again = engine.run(batch), engine.run(batch)
        allowed = allowed_differences(pack.manifest, "fp32")
        for name, values in together.items():
            np.testing.assert_array_equal(values, again[name])
            alone = np.concatenate(
                [engine.run(batch[index : index + 1])[name] for index in range(len(batch))]
            )
            most = allowed[roles[name]] if way.engine == "onnxruntime" else 0.0
            assert float(np.abs(values - alone).max()) <= most, (way, name)


@pytest.mark.parametrize(
    ("engine", "precision"), list(itertools.product(("openvino", "onnxruntime"), ("int8", "fp32")))
)
def test_the_runner_says_of_eight_images_together_what_it_says_of_each(
    engine: EngineName, precision: Precision
) -> None:
    runner = PackRunner(PackLibrary([ROOT / "models"]), engine, precision, threads=1)
    images = [_picture(shift) for shift in range(8)]
    alone: list[dict[str, PackRun]] = []
    for image, grey in images:
        runs: dict[str, PackRun] = {}
        for pack_id in runner.plan(None):
            runs[pack_id] = runner.run(pack_id, image, grey, CHILD, runs, use_gates=False)
        alone.append(runs)
    upstream: list[dict[str, PackRun]] = [{} for _ in images]
    for pack_id in runner.plan(None):
        requests = [
            PackRequest(image=image, grey=grey, subject=CHILD, upstream=runs, use_gates=False)
            for (image, grey), runs in zip(images, upstream, strict=True)
        ]
        together = runner.run_batch(pack_id, requests)
        for runs, run, single in zip(upstream, together, alone, strict=True):
            assert run.result.findings == single[pack_id].result.findings
            assert run.measures == single[pack_id].measures
            for code, mask in run.soft_masks.items():
                np.testing.assert_array_equal(mask, single[pack_id].soft_masks[code])
            runs[pack_id] = run


def _picture(shift: int) -> "tuple[Image, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]":
    grey = np.roll(marker(256), 3 * shift, axis=1)
    return _image(grey), grey
