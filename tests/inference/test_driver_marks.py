"""Drivers and devices that come, go or change are noticed by their files, without loading them."""

import sys
from pathlib import Path

import pytest

from inference.driver_marks import driver_marks

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files of Linux")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A computer with a graphics card, its driver, and a network card."""
    for name, kind in (("0000:00:02.0", "0x030000"), ("0000:00:1f.6", "0x020000")):
        device = tmp_path / "sys/bus/pci/devices" / name
        device.mkdir(parents=True)
        (device / "class").write_text(kind)
        (device / "device").write_text("0x9a49")
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/libze_intel_gpu.so.1").write_bytes(b"driver 1")
    (tmp_path / "etc/OpenCL/vendors").mkdir(parents=True)
    return tmp_path


def _marks(root: Path) -> str:
    driver_marks.cache_clear()
    return driver_marks(root)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("usr/lib/libze_intel_gpu.so.1", b"driver 22"),
        ("usr/lib/libze_intel_npu.so", b"new"),
        ("etc/OpenCL/vendors/intel.icd", b"new"),
        ("proc/driver/nvidia/version", b"550"),
        ("sys/module/intel_vpu/version", b"1.0"),
        ("sys/bus/pci/devices/0000:00:02.0/device", b"0x1234"),
        ("sys/bus/pci/devices/0000:00:0b.0/class", b"0x120000"),
    ],
)
def test_a_new_driver_or_device_is_noticed(root: Path, path: str, content: bytes) -> None:
    before = _marks(root)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    assert _marks(root) != before


def test_what_is_no_such_device_changes_nothing(root: Path) -> None:
    before = _marks(root)
    (root / "sys/bus/pci/devices/0000:00:1f.6/device").write_text("0x1234")
    (root / "usr/lib/libother.so").write_bytes(b"new")
    assert _marks(root) == before
    assert _marks(root / "nothing here") == _marks(root / "nor here")
