"""The supervised decoder: whatever happens to the child, there is a sentence and the next image opens."""

import os
import random
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import DamagedImageError, DecoderFailedError, TooLargeError, UnsupportedPixelsError
from imaging import decode_worker
from imaging.decode import Decoder
from tests.imaging import writers

GREY = writers.chest(30, 20)


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(timeout_s=30)
    yield decoder
    decoder.close()


def test_the_same_child_answers_again_and_again(decoder: Decoder) -> None:
    decoder.warm_up()
    child = decoder._child
    for _ in range(3):
        pixels, _ = decoder.decode("raster", writers.png(GREY))
        assert np.array_equal(pixels, GREY)
    assert decoder._child is child


def test_a_dead_child_is_one_sentence_and_the_next_image_opens(decoder: Decoder) -> None:
    decoder.warm_up()
    assert decoder._child is not None
    decoder._child.kill()
    decoder._child.wait()
    assert np.array_equal(decoder.decode("raster", writers.png(GREY))[0], GREY)


def test_a_child_that_dies_while_it_decodes_is_one_sentence(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder.warm_up()
    child = decoder._child
    assert child is not None
    real = decoder._ask

    def ask(*arguments: object) -> object:
        child.kill()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(decoder, "_ask", ask)
    with pytest.raises(DecoderFailedError):
        decoder.decode("raster", writers.png(GREY))
    monkeypatch.undo()
    assert np.array_equal(decoder.decode("raster", writers.png(GREY))[0], GREY)


@pytest.mark.skipif(sys.platform == "win32", reason="stops the child with a POSIX signal")
def test_a_child_that_takes_too_long_is_one_sentence_and_the_next_image_opens() -> None:
    decoder = Decoder(timeout_s=0.2)
    decoder.warm_up()
    assert decoder._child is not None
    os.kill(decoder._child.pid, signal.SIGSTOP)
    with pytest.raises(DecoderFailedError):
        decoder.decode("raster", writers.png(GREY))
    decoder._timeout_s = 30
    assert np.array_equal(decoder.decode("raster", writers.png(GREY))[0], GREY)
    decoder.close()


def test_memory_is_bounded(decoder: Decoder) -> None:
    with pytest.raises((TooLargeError, DecoderFailedError)):
        decoder.decode("inflate", zlib.compress(bytes(80_000_000)), wbits=15, most_bytes=1_000_000)


@pytest.mark.skipif(sys.platform == "win32", reason="reads the limit as POSIX gives it")
def test_the_child_has_a_limit_of_memory(decoder: Decoder) -> None:
    decoder.warm_up()
    assert decoder._child is not None
    limits = Path(f"/proc/{decoder._child.pid}/limits").read_text(encoding="ascii")
    (line,) = [line for line in limits.splitlines() if line.startswith("Max address space")]
    assert "unlimited" not in line.split("  ")[1:3]


def test_what_no_codec_knows_is_refused(decoder: Decoder) -> None:
    with pytest.raises(UnsupportedPixelsError):
        decoder.decode("mpeg", b"x")


@pytest.mark.parametrize("codec", ["jpeg", "jpeg-ls", "jpeg-2000", "raster", "rle"])
@pytest.mark.parametrize("seed", range(20))
def test_rubbish_is_refused(codec: str, seed: int, decoder: Decoder) -> None:
    rubbish = random.Random(seed).randbytes(64)
    with pytest.raises((DamagedImageError, TooLargeError)):  # by chance it claims to be enormous
        decoder.decode(codec, b"\xff\xd8" + rubbish, rows=4, columns=4, samples=1, sample_bytes=1)


def test_a_truncated_stream_is_refused(decoder: Decoder) -> None:
    with pytest.raises(DamagedImageError):
        decoder.decode("inflate", zlib.compress(os.urandom(4000))[:2000], wbits=15)


def test_the_child_knows_neither_qt_nor_engines() -> None:
    code = (
        "import sys; from imaging import codecs, decode_worker; codecs.warm_up();"
        "sys.exit(bool({'PySide6', 'onnxruntime', 'openvino', 'pydicom', 'cv2'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode
        == 0
    )


def test_the_frozen_application_is_started_with_the_documented_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from imaging import decode

    started: list[list[str]] = []
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    decode._start()
    assert started == [[sys.executable, decode_worker.ARGUMENT]]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups of POSIX")
def test_ctrl_c_in_a_terminal_does_not_reach_the_child(decoder: Decoder) -> None:
    decoder.warm_up()
    assert decoder._child is not None
    assert os.getpgid(decoder._child.pid) != os.getpgid(0)


def test_many_threads_may_decode_at_once(decoder: Decoder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    content = writers.png(GREY)
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: decoder.decode("raster", content)[0], range(40)))
    assert all(np.array_equal(result, GREY) for result in results)
