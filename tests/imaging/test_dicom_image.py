"""What a DICOM header does to its pixels: rescale, tables, windows, overlays, spacing, frames."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from core.errors import ImagingError
from core.image import Image, ReadingUnit
from imaging.display import presentation
from imaging.read import read_image
from imaging.scan import scan_paths
from tests.imaging import writers

PIXELS = writers.chest(20, 16)


def opened(folder: Path, content: bytes, index: int = 0) -> Image:
    (unit,) = scan_paths([writers.put(folder, "a.dcm", content)])
    assert isinstance(unit, ReadingUnit), unit
    return read_image(unit, index)


def grey(stored: NDArray[Any], *, bits: int = 8, encoding: str = "little", **header: Any) -> bytes:
    return writers.dicom(writers.with_pixels(writers.header(**header), stored, bits=bits), stored, encoding)


def item(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def table(first: int, outputs: list[int], bits: int, encoding: str = "little") -> Dataset:
    words = np.array(outputs, ">u2" if encoding == "big" else "<u2").tobytes()
    lut = item(LUTDescriptor=[len(outputs), first, bits], LUTExplanation="made")
    lut.add_new("LUTData", "OW", words)
    return lut


def test_rescale_gives_modality_values_with_their_unit(tmp_path: Path) -> None:
    content = grey(PIXELS, Modality="CT", RescaleSlope="2", RescaleIntercept="-1024", RescaleType="HU")
    image = opened(tmp_path, content)
    assert np.array_equal(image.values, PIXELS * 2.0 - 1024)
    assert image.unit == "HU"
    assert image.value_range == (-1024, -514)
    assert np.allclose(presentation(image), PIXELS / 255, atol=1e-6)


@pytest.mark.parametrize("encoding", ["little", "big"])
def test_a_modality_table_is_applied(encoding: str, tmp_path: Path) -> None:
    outputs = [n * 3 for n in range(200)]
    lut = table(10, outputs, 16, encoding)
    lut.ModalityLUTType = "US"
    image = opened(tmp_path, grey(PIXELS, encoding=encoding, ModalityLUTSequence=[lut]))
    assert np.array_equal(image.values, np.clip(PIXELS.astype(int) - 10, 0, 199) * 3)


@pytest.mark.parametrize("encoding", ["little", "big"])
def test_a_voi_table_is_shown(encoding: str, tmp_path: Path) -> None:
    lut = table(0, [(255 - n) * 16 for n in range(256)], 12, encoding)
    image = opened(tmp_path, grey(PIXELS, encoding=encoding, VOILUTSequence=[lut]))
    assert image.voi_tables[0].label == "made"
    assert np.allclose(presentation(image), (255 - PIXELS.astype(float)) * 16 / 4095, atol=1e-6)


def test_several_windows_keep_their_names(tmp_path: Path) -> None:
    windows: dict[str, Any] = {
        "WindowCenter": [40, -600],
        "WindowWidth": [400, 1500],
        "WindowCenterWidthExplanation": ["SOFT", "LUNG"],
    }
    image = opened(tmp_path, grey(PIXELS, **windows))
    assert [(window.center, window.width, window.label) for window in image.windows] == [
        (40, 400, "SOFT"),
        (-600, 1500, "LUNG"),
    ]


@pytest.mark.parametrize(("center", "width"), [("50", "0"), ("9000", "10"), ("-5000", "10"), ("50", "-4")])
def test_a_window_that_shows_nothing_is_not_used(center: str, width: str, tmp_path: Path) -> None:
    image = opened(tmp_path, grey(PIXELS, WindowCenter=center, WindowWidth=width))
    assert np.allclose(presentation(image), PIXELS / 255, atol=1e-6)
    assert image.notes == (("window-not-used",) if image.windows else ())
    assert float(width) > 0 or not image.windows


def test_a_sigmoid_is_kept(tmp_path: Path) -> None:
    image = opened(tmp_path, grey(PIXELS, WindowCenter=128, WindowWidth=100, VOILUTFunction="SIGMOID"))
    expected = 1 / (1 + np.exp(-4 * (PIXELS.astype(float) - 128) / 100))
    assert np.allclose(presentation(image), expected, atol=1e-5)


@pytest.mark.parametrize("transfer_syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(("keyword", "letter"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
def test_floating_pixels_are_read(keyword: str, letter: str, transfer_syntax: Any, tmp_path: Path) -> None:
    values = PIXELS.astype(np.float32) / 7
    dataset = writers.with_pixels(writers.header(), values.astype(letter), bits=32)
    order = ">" if transfer_syntax == str(ExplicitVRBigEndian) else "<"
    setattr(dataset, keyword, values.astype(order + letter).tobytes())
    for name in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, name)
    image = opened(tmp_path, writers.file_bytes(dataset, transfer_syntax))
    assert np.allclose(image.values, values)
    assert presentation(image).max() == pytest.approx(1)


def test_each_frame_of_an_enhanced_file_has_its_own_rescale_window_and_spacing(tmp_path: Path) -> None:
    frames = np.stack([PIXELS, PIXELS])
    per_frame = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")],
            FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth=10)],
        )
        for slope, center in ((1, 30), (3, 90))
    ]
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.7])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])],
    )
    content = grey(
        frames, PerFrameFunctionalGroupsSequence=per_frame, SharedFunctionalGroupsSequence=[shared]
    )
    first, second = (opened(tmp_path, content, index) for index in (0, 1))
    assert np.array_equal(second.values, first.values * 3)
    assert (first.windows[0].center, second.windows[0].center) == (30, 90)
    assert first.pixel_spacing_mm == (0.5, 0.7)
    assert first.patient_orientation == ("P", "F")


@pytest.mark.parametrize("encoding", ["little", "big"])
def test_an_overlay_is_laid_at_its_origin(encoding: str, tmp_path: Path) -> None:
    plane = np.zeros((4, 4), np.uint8)
    plane[1, 2] = plane[3, 0] = 1
    dataset = writers.with_pixels(writers.header(), PIXELS, bits=8)
    for element, vr, value in (
        (0x10, "US", 4),
        (0x11, "US", 4),
        (0x50, "SS", [3, 5]),
        (0x100, "US", 1),
        (0x102, "US", 0),
    ):
        dataset.add_new((0x6000 << 16) | element, vr, value)
    packed = np.packbits(plane.ravel(), bitorder="little")
    words = packed.view("<u2").astype(">u2").tobytes() if encoding == "big" else packed.tobytes()
    dataset.add_new(0x60003000, "OW", words)
    (overlay,) = opened(tmp_path, writers.dicom(dataset, PIXELS, encoding)).overlays
    assert overlay.shape == PIXELS.shape
    assert {(int(row), int(column)) for row, column in np.argwhere(overlay)} == {(3, 6), (5, 4)}


def test_an_overlay_in_the_unused_bits_is_found(tmp_path: Path) -> None:
    stored = PIXELS.astype(np.uint16)
    stored[2, 3] |= 1 << 12
    dataset = writers.with_pixels(writers.header(), stored, bits=12)
    for element, value in ((0x10, 20), (0x11, 16), (0x100, 16), (0x102, 12)):
        dataset.add_new((0x6000 << 16) | element, "US", value)
    image = opened(tmp_path, writers.dicom(dataset, stored))
    assert np.argwhere(image.overlays[0]).tolist() == [[2, 3]]
    assert np.array_equal(image.values, PIXELS)


@pytest.mark.parametrize(
    ("header", "spacing", "source"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.5, 0.6]}, (0.5, 0.6), "patient"),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "detector"),
        (
            {"Modality": "DX", "PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            (0.2, 0.2),
            "detector",
        ),
        (
            {"Modality": "DX", "PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]},
            (0.1, 0.1),
            "calibrated",
        ),
        ({"Modality": "CT", "PixelSpacing": [0, 0.6]}, None, None),
        ({"Modality": "US"}, None, None),
    ],
)
def test_spacing_says_what_it_is_true_of(
    header: dict[str, Any], spacing: Any, source: Any, tmp_path: Path
) -> None:
    image = opened(tmp_path, grey(PIXELS, **header))
    assert (image.pixel_spacing_mm, image.spacing_source) == (spacing, source)


def test_sides_come_from_the_header_or_the_geometry(tmp_path: Path) -> None:
    assert opened(tmp_path, grey(PIXELS, PatientOrientation=["L", "F"])).patient_orientation == ("L", "F")
    axial = opened(tmp_path, grey(PIXELS, Modality="CT", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]))
    assert axial.patient_orientation == ("L", "P")
    assert opened(tmp_path, grey(PIXELS)).patient_orientation is None
    assert opened(tmp_path, grey(PIXELS, PatientOrientation=["L", "R"])).patient_orientation is None
    both = grey(
        PIXELS, Modality="MR", PatientOrientation=["L", "R"], ImageOrientationPatient=[1, 0, 0, 0, 1, 0]
    )
    assert opened(tmp_path, both).patient_orientation == ("L", "P")


def test_pixels_are_read_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        opened(tmp_path, grey(PIXELS)).values[0, 0] = 1


def refused(folder: Path, content: bytes) -> str:
    (found,) = scan_paths([writers.put(folder, "a.dcm", content)])
    if not isinstance(found, ReadingUnit):
        return found.error.code
    with pytest.raises(ImagingError) as caught:
        read_image(found, 0)
    return caught.value.code


def test_a_claim_of_enormous_size_is_refused_at_once(tmp_path: Path) -> None:
    dataset = writers.with_pixels(writers.header(), PIXELS, bits=8)
    dataset.Rows = dataset.Columns = 65535
    assert refused(tmp_path, writers.dicom(dataset, PIXELS)) == "E107"
    assert refused(tmp_path, writers.dicom(dataset, PIXELS, "jpeg-ls")) == "E107"


def test_a_deflated_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = grey(np.zeros((2000, 2000), np.uint8), encoding="deflated")
    start = content.index(zlib_of(content)[:8])
    bomb = content[:start] + deflated(inflated(content[start:]) + bytes(60_000_000))
    monkeypatch.setattr("imaging.limits.image_budget_bytes", lambda: 20_000_000)
    assert refused(tmp_path, bomb) == "E107"


def zlib_of(content: bytes) -> bytes:
    """Return the deflated part: what follows the meta information."""
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


def inflated(coded: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(coded)


def deflated(plain: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(plain) + deflater.flush()


def test_sequences_nested_without_end_are_refused(tmp_path: Path) -> None:
    head = grey(PIXELS)
    at = head.index(b"\x28\x00\x02\x00US")
    opening = b"\x20\x00\x00\x05SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    assert refused(tmp_path, head[:at] + opening * 20_000) in {"E104", "E106"}


@pytest.mark.parametrize(
    ("keyword", "value"), [("BitsAllocated", 12), ("SamplesPerPixel", 7), ("BitsStored", 99)]
)
def test_a_layout_that_no_image_has_is_refused(keyword: str, value: int, tmp_path: Path) -> None:
    dataset = writers.with_pixels(writers.header(), PIXELS, bits=8)
    setattr(dataset, keyword, value)
    assert refused(tmp_path, writers.dicom(dataset, PIXELS)) == "E105"


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_an_image_without_size_is_refused(keyword: str, tmp_path: Path) -> None:
    dataset = writers.with_pixels(writers.header(), PIXELS, bits=8)
    setattr(dataset, keyword, 0)
    assert refused(tmp_path, writers.dicom(dataset, PIXELS)) == "E104"


def test_a_movie_is_refused_as_not_decodable(tmp_path: Path) -> None:
    content = grey(PIXELS, encoding="rle").replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.4.")
    assert refused(tmp_path, content) == "E105"
