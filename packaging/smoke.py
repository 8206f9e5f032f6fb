"""Starts the packaged application as a stranger would and has it do its work.

It runs from another folder (a space and a letter outside ASCII in its path), with an empty home, without the
repository, without Python's variables, and where the system allows it without a network. It must test itself,
run both engines in both precisions on the sample, read a DICOM of each coding, write PDFs, and open and close
its window. Any line of output that is not expected fails.

    python packaging/smoke.py dist/farlight
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import tifffile
from contents import separate_packs
from installed import Installed, SmokeError, install
from pydicom.encaps import encapsulate
from pydicom.uid import HTJ2KLossless
from smoke_window import check_window
from virtual_display import DisplayError

ROOT = Path(__file__).resolve().parent.parent
PACKS = ("chest-lungs", "chest-pneumonia-child")
ENGINES = ("onnxruntime", "openvino")
PRECISIONS = ("int8", "fp32")
# One file of pydicom's own wheel for each way of coding pixels.
DICOM_KINDS = {
    "implicit little endian": "MR_small_implicit.dcm",
    "explicit little endian": "CT_small.dcm",
    "explicit big endian": "MR_small_bigendian.dcm",
    "deflated": "image_dfl.dcm",
    "RLE": "MR_small_RLE.dcm",
    "JPEG baseline": "SC_rgb_jpeg_dcmtk.dcm",
    "JPEG extended, 12 bit": "JPGExtended.dcm",
    "JPEG lossless": "SC_rgb_jpeg_gdcm.dcm",
    "JPEG-LS": "MR_small_jpeg_ls_lossless.dcm",
    "JPEG-LS near lossless": "JPEGLSNearLossless_16.dcm",
    "JPEG 2000": "JPEG2000.dcm",
    "JPEG 2000 lossless": "MR_small_jp2klossless.dcm",
    "palette": "examples_palette.dcm",
}
NO_PREAMBLE = "without preamble"
HTJ2K = "htj2k.dcm"
BATCH = 64  # enough for helper processes
PREAMBLE_BYTES = 132  # PS3.10 section 7.1
# What may be printed besides data: progress, the closing lines of analyze, and where its results are.
_WORDS = tomllib.loads((ROOT / "core" / "wording" / "en" / "cli.toml").read_text(encoding="utf-8"))
_STAGES = _WORDS["progress"]
_COUNTED = "|".join(map(re.escape, _STAGES.values()))
EXPECTED_OF_PROGRESS = re.compile(rf"^\s*(({_COUNTED}): \d+.*|{re.escape(_STAGES['begun'])})?\s*$")
_CLOSING = "|".join(
    re.escape(_WORDS["summary"][line].partition("{")[0]) for line in ("standings", "overview", "off")
)
EXPECTED_OF_ANALYZE = re.compile(rf"^\d+ .*\.$|^.*results\.jsonl$|^({_CLOSING})\S.*$")


def main(arguments: Sequence[str]) -> int:
    """Put the application somewhere odd, try everything, say what was tried; 1 on the first failure."""
    built = Path(arguments[0]).resolve()
    checks: tuple[Callable[[Installed], str], ...] = (
        check_packs,
        check_self_test,
        check_trial,
        check_engines,
        check_dicom_kinds,
        check_slide,
        check_batch,
        check_refused_arguments,
        check_window,
    )
    with tempfile.TemporaryDirectory(prefix="farlight smoke é ") as folder:
        try:
            installed = install(built, Path(folder))
            for check in checks:
                started = time.monotonic()
                said = check(installed)
                print(
                    f"{check.__name__.removeprefix('check_')}: {said} ({time.monotonic() - started:.1f} s)",
                    flush=True,
                )
        except (SmokeError, OSError, subprocess.SubprocessError, DisplayError) as error:
            print(f"The packaged application failed: {error}", file=sys.stderr)
            return 1
    print("The packaged application works.")
    return 0


def check_packs(installed: Installed) -> str:
    """The packs are installed and whole, and none is among them that is given out apart."""
    listed = _json(installed.run("packs", "list", "--json"))
    found = re.findall(r'"id": "([^"]+)"', json.dumps(listed))
    missing = set(PACKS) - set(found)
    if missing:
        raise SmokeError(f"packs are missing: {', '.join(sorted(missing))}")
    if apart := set(separate_packs(ROOT)) & set(found):
        raise SmokeError(f"packs are there that may not be passed on with it: {', '.join(sorted(apart))}")
    return ", ".join(sorted(found))


def check_self_test(installed: Installed) -> str:
    """Each pack answers as it should in each engine and precision."""
    stdout, stderr = installed.run("self-test", "--json")
    _json((stdout, stderr))
    for name in (*PACKS, *ENGINES, *PRECISIONS):
        if f'"{name}"' not in stdout:
            raise SmokeError(f"the self-test does not speak of {name}:\n{stdout[:2000]}")
    return "all packs in both engines and precisions"


def check_trial(installed: Installed) -> str:
    """A pack's folder is tried in a process of its own: the application once more."""
    folder = installed.sample().parent.parent / "models" / PACKS[0]
    checks = _json(installed.run("packs", "verify", str(folder), "--json"))
    if not all(check["passed"] for check in checks):
        raise SmokeError(f"a pack failed its trial: {checks}")
    return f"{len(checks)} checks"


def check_engines(installed: Installed) -> str:
    """The sample is analyzed by both packs in each engine and precision, with a report each."""
    scores = []
    for engine in ENGINES:
        for precision in PRECISIONS:
            out = installed.work / f"out {engine} {precision}"
            choice = ["--engine", engine, "--precision", precision]
            _require_quiet(installed.run("analyze", str(installed.sample()), "--out", str(out), *choice))
            (record,) = _records(out)
            scores.append(_require_answer(record, engine, precision))
            _require_pdf(out / record["dir"] / record["report"])
    return f"scores {', '.join(f'{score:.3f}' for score in scores)}"


def check_dicom_kinds(installed: Installed) -> str:
    """A DICOM file of each coding is read."""
    source = Path(pydicom.__file__).parent / "data" / "test_files"
    stick = installed.work / "stick é"
    stick.mkdir()
    for name in DICOM_KINDS.values():
        shutil.copy(source / name, stick / name)
    whole = (source / DICOM_KINDS["explicit little endian"]).read_bytes()
    (stick / NO_PREAMBLE).write_bytes(whole[PREAMBLE_BYTES:])
    _write_htj2k(source / DICOM_KINDS["explicit little endian"], stick / HTJ2K)
    out = installed.work / "out kinds"
    kinds = {**DICOM_KINDS, "HTJ2K": HTJ2K, "without preamble": NO_PREAMBLE}
    files = [str(stick / name) for name in kinds.values()]
    _require_quiet(installed.run("analyze", *files, "--out", str(out), "--no-pdf"))
    read = {Path(record["source"]["path"]).name: record["errors"] for record in _records(out)}
    for kind, name in kinds.items():
        if read.get(name) != []:
            raise SmokeError(f"{kind} ({name}) was not read: {read.get(name, 'no record')}")
    return f"{len(read)} codings"


def _write_htj2k(source: Path, target: Path) -> None:
    """Code a slice again in High-Throughput JPEG 2000, of which pydicom's wheel has no file."""
    dataset = pydicom.dcmread(source)
    frame = bytes(imagecodecs.htj2k_encode(dataset.pixel_array))
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = HTJ2KLossless
    dataset.save_as(target)


def check_slide(installed: Installed) -> str:
    """A slide image is opened by the library that was packaged, in the decoder's process."""
    slide = installed.work / "slide é.svs"
    page = np.full((512, 512, 3), (210, 130, 190), np.uint8)
    tifffile.imwrite(slide, page, tile=(256, 256), photometric="rgb")
    out = installed.work / "out slide"
    _require_quiet(installed.run("analyze", str(slide), "--out", str(out), "--no-pdf"))
    (record,) = _records(out)
    if record["errors"] or record["source"]["modality"] != "SM":
        raise SmokeError(f"a slide was not read: {record['errors']}")
    return "a slide image"


def check_batch(installed: Installed) -> str:
    """A batch that is large enough for helper processes gives a record for each file, in order."""
    folder = installed.work / "many é"
    folder.mkdir()
    picture = imagecodecs.png_encode(pydicom.dcmread(installed.sample()).pixel_array[::4, ::4].copy())
    for number in range(BATCH):
        (folder / f"{number:03}.png").write_bytes(picture)
    out = installed.work / "out many"
    _require_quiet(installed.run("analyze", str(folder), "--out", str(out), "--no-pdf"))
    records = _records(out)
    names = [Path(record["source"]["path"]).name for record in records]
    if names != sorted(names) or len(names) != BATCH or any(record["errors"] for record in records):
        raise SmokeError(f"a batch of {BATCH} gave {len(names)} records: {names}")
    return f"{len(names)} records"


def check_refused_arguments(installed: Installed) -> str:
    """A wrong argument is one sentence and exit status 2, not a traceback."""
    _, stderr = installed.run(
        "analyze", str(installed.sample()), "--out", "x", "--pack", "no-such-pack", status=2
    )
    if "Traceback" in stderr or "no-such-pack" not in stderr:
        raise SmokeError(f"an unknown pack is not refused clearly:\n{stderr}")
    return "an unknown pack is refused"


def _json(said: tuple[str, str]) -> Any:
    stdout, stderr = said
    odd = [line for line in re.split(r"[\r\n]", stderr) if not EXPECTED_OF_PROGRESS.match(line)]
    if odd:
        raise SmokeError(f"unexpected output:\n{stderr}")
    try:
        return json.loads(stdout)
    except ValueError as error:
        raise SmokeError(f"not JSON:\n{stdout[:2000]}") from error


def _require_quiet(said: tuple[str, str]) -> None:
    lines = [line for text in said for line in re.split(r"[\r\n]", text)]
    odd = [
        line for line in lines if not (EXPECTED_OF_PROGRESS.match(line) or EXPECTED_OF_ANALYZE.match(line))
    ]
    if odd:
        raise SmokeError("unexpected output:\n" + "\n".join(odd))


def _records(out: Path) -> list[dict[str, Any]]:
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _require_answer(record: dict[str, Any], engine: str, precision: str) -> float:
    results = {result["pack"]["id"]: result for result in record["results"]}
    for pack in PACKS:
        result = results.get(pack)
        if result is None or result["status"] != "ok":
            raise SmokeError(f"{pack} did not answer on the sample in {engine} {precision}: {result}")
        if (result["engine"], result["precision"]) != (engine, precision):
            raise SmokeError(
                f"{pack} ran in {result['engine']} {result['precision']}, not {engine} {precision}"
            )
    return float(results[PACKS[1]]["findings"][0]["probability"])


def _require_pdf(path: Path) -> None:
    content = path.read_bytes()
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-64:]:
        raise SmokeError(f"{path.name} is not a whole PDF")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python packaging/smoke.py dist/farlight")
    sys.exit(main(sys.argv[1:]))
