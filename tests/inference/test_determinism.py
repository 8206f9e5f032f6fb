"""Every installed pack with a network: the same input gives the same bits; engines and precisions agree."""

import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from core.image import Image
from core.result import EngineName, Precision
from inference.choices import Choice
from inference.engine import Engine
from inference.golden import allowed_differences, differences, read_golden
from inference.loaded import open_choice
from inference.manifest import GOLDEN_NAME
from inference.model_files import models_of
from inference.packs import Pack, PackLibrary
from inference.requests import PackRequest, PackRun
from inference.runner import PackRunner
from tests.inference.test_runner import CHILD, _image
from tests.inference.toy_packs import marker

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
INSTALLED = [pack for pack in PackLibrary([ROOT / "models"]).packs() if not pack.manifest.reads_values]
PROGRAM = """
import json, sys
from pathlib import Path
from inference.packs import load_pack
from tests.inference.test_determinism import _digest, _load

packs = [load_pack(Path(folder)) for folder in sys.argv[1:]]
print(json.dumps({pack.id: [_digest(pack, engine) for _, engine in _load(pack)] for pack in packs}))
"""


def _load(pack: Pack) -> Iterator[tuple[Choice, Engine]]:
    """Load a pack's network in one way after another."""
    for model in models_of(pack.manifest.files):
        for name, threads in itertools.product(model.engines, (1, 2)):
            way = Choice(engine=name, precision=model.precision, threads=threads)
            yield way, open_choice(pack, way).engine


def _digest(pack: Pack, engine: Engine) -> str:
    """Return the checksum of every bit that a network says of the golden inputs."""
    outputs = engine.run(read_golden(pack.read(GOLDEN_NAME), pack.manifest).batch)
    return hashlib.sha256(b"".join(outputs[name].tobytes() for name in sorted(outputs))).hexdigest()


@pytest.fixture(scope="module", params=INSTALLED, ids=lambda pack: str(pack.id))
def pack(request: pytest.FixtureRequest) -> Pack:
    """One installed pack after another; its tests follow each other."""
    return cast(Pack, request.param)


@pytest.fixture(scope="module")
def loaded(pack: Pack) -> list[tuple[Choice, Engine]]:
    """The pack's network loaded in every way, once for all tests."""
    return list(_load(pack))


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, list[str]]:
    """What another process says of every pack."""
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(str(pack.folder) for pack in INSTALLED)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return cast("dict[str, list[str]]", json.loads(told.stdout))


def test_there_are_packs_to_look_at() -> None:
    assert len(INSTALLED) >= 2


@pytest.mark.timeout(400)  # the other process goes through all packs
def test_the_same_way_gives_the_same_bits_when_it_is_loaded_again_and_in_another_process(
    pack: Pack, loaded: list[tuple[Choice, Engine]], elsewhere: dict[str, list[str]]
) -> None:
    here = [_digest(pack, engine) for _, engine in loaded]
    assert [_digest(pack, engine) for _, engine in _load(pack)] == here
    assert elsewhere[pack.id] == here


def test_engines_and_precisions_agree_within_what_the_pack_promises(
    pack: Pack, loaded: list[tuple[Choice, Engine]]
) -> None:
    golden = read_golden(pack.read(GOLDEN_NAME), pack.manifest)
    for way, engine in loaded:
        found = differences(engine, golden, pack.manifest)
        allowed = allowed_differences(pack.manifest, way.precision)
        assert all(found[role] <= allowed[role] for role in found), (way, found)


def test_a_batch_of_eight_says_of_each_image_what_it_says_of_it_alone(
    pack: Pack, loaded: list[tuple[Choice, Engine]]
) -> None:
    """To the last bit in OpenVINO, which runs one at a time; ONNX Runtime adds up in another order."""
    inputs = read_golden(pack.read(GOLDEN_NAME), pack.manifest).batch
    batch = np.concatenate([np.roll(inputs, shift, axis=3) for shift in range(8)])[:8]
    roles = {name: role for role, name in pack.manifest.output.names.items()}
    allowed = allowed_differences(pack.manifest, "fp32")
    for way, engine in loaded:
        together, again = engine.run(batch), engine.run(batch)
        singly = [engine.run(batch[index : index + 1]) for index in range(len(batch))]
        for name, values in together.items():
            np.testing.assert_array_equal(values, again[name])
            alone = np.concatenate([one[name] for one in singly])
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
