"""The engines tell nobody anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from inference.engine import ENGINES

# Sockets of Python are watched through its audit hook; the libraries' own code would show as an identifier,
# which each of them writes before it first connects.
PROGRAM = """
import sys, time
from pathlib import Path
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        print(event, arguments)
sys.addaudithook(watch)
from inference.engine import open_engine
open_engine(sys.argv[1], Path(sys.argv[2]).read_bytes())
time.sleep(0.5)
assert "openvino_telemetry.main" not in sys.modules
"""


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_neither_connects_nor_leaves_an_identifier(
    name: str, toy_root: Path, tmp_path: Path
) -> None:
    model = toy_root / "toy-finding" / "model.fp32.onnx"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, str(model)],
        env={"PYTHONPATH": str(Path.cwd()), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
