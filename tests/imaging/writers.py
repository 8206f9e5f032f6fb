"""Writes small DICOM, raster and NIfTI files for the tests: the same pixels wrapped in every way."""

import gzip
import io
import struct
import warnings
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

NATIVE = {
    "implicit": ImplicitVRLittleEndian,
    "little": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
CODED = {
    "rle": RLELossless,
    "jpeg-ls": JPEGLSLossless,
    "jpeg-2000": JPEG2000Lossless,
    "htj2k": HTJ2KLossless,
    "jpeg-lossless": JPEGLosslessSV1,
    "jpeg-baseline": JPEGBaseline8Bit,
    "jpeg-12": JPEGExtended12Bit,
}


def header(**values: Any) -> Dataset:
    """Return a header of an invented patient; ``values`` by keyword, None leaves one out."""
    dataset = Dataset()
    plain = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1",
        "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.1",
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.2",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.3",
        "Modality": "DX",
        "PatientName": "Invented^Ada",
        "PatientID": "T-1",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in {**plain, **values}.items():
            if value is not None:
                setattr(dataset, keyword, value)
    return dataset


def with_pixels(
    dataset: Dataset, stored: NDArray[Any], *, bits: int, photometric: str = "MONOCHROME2"
) -> Dataset:
    """Describe ``stored``: (row, column), (frame, row, column) or (row, column, 3)."""
    colour = stored.shape[-1] == 3 and stored.ndim == 3
    frames = stored.shape[0] if stored.ndim == 3 and not colour else 1
    dataset.Rows, dataset.Columns = stored.shape[-3:-1] if colour else stored.shape[-2:]
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = stored.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    return dataset


def dicom(
    dataset: Dataset, stored: NDArray[Any], encoding: str = "little", *, preamble: bool = True
) -> bytes:
    """Return the file with ``stored`` in one encoding of NATIVE or CODED."""
    order = ">" if encoding == "big" else "<"
    if encoding in NATIVE:
        dataset.PixelData = stored.astype(f"{order}{stored.dtype.kind}{stored.dtype.itemsize}").tobytes()
        if len(dataset.PixelData) % 2:
            dataset.PixelData += b"\0"
        dataset["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
    else:
        frames = stored if stored.ndim == 3 and stored.shape[-1] != 3 else [stored]
        dataset.PixelData = encapsulate([coded_frame(frame, encoding, dataset) for frame in frames])
        dataset["PixelData"].VR = "OB"
    return file_bytes(dataset, {**NATIVE, **CODED}[encoding], preamble=preamble)


def file_bytes(dataset: Dataset, transfer_syntax: UID, *, preamble: bool = True) -> bytes:
    """Return the dataset as a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    buffer = DicomBytesIO()
    little, implicit = (
        transfer_syntax != str(ExplicitVRBigEndian),
        transfer_syntax == str(ImplicitVRLittleEndian),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if preamble:
            dcmwrite(buffer, dataset, enforce_file_format=True)
        else:
            del dataset.file_meta
            dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=little)
    return buffer.getvalue()


def put_raw(dataset: Dataset, keyword: str, vr: str, content: bytes) -> None:
    """Put ``content`` into ``dataset`` as it is, however wrong."""
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, vr, len(content), content, 0, False, True)


def coded_frame(frame: NDArray[Any], encoding: str, dataset: Dataset) -> bytes:
    """Return one frame as coded bytes."""
    import imagecodecs
    import jpeg_ls
    from openjpeg.utils import encode_array

    frame = np.ascontiguousarray(frame)
    if encoding == "rle":
        return rle_frame(frame)
    if frame.dtype == np.int16 and encoding in ("jpeg-ls", "jpeg-lossless"):
        frame = frame.view(np.uint16)
    if encoding == "jpeg-ls":
        return bytes(jpeg_ls.encode_array(frame, interleave_mode=2 if frame.ndim == 3 else 0))
    if encoding == "jpeg-2000":
        photometric = 1 if frame.ndim == 3 else 2
        return bytes(
            encode_array(frame, bits_stored=dataset.BitsStored, photometric_interpretation=photometric)
        )
    if encoding == "htj2k":
        return bytes(imagecodecs.htj2k_encode(frame))
    if encoding == "jpeg-lossless":
        return bytes(imagecodecs.ljpeg_encode(frame, bitspersample=dataset.BitsStored))
    bits = 12 if encoding == "jpeg-12" else 8
    return bytes(imagecodecs.jpeg8_encode(frame, level=98, bitspersample=bits))


def rle_frame(frame: NDArray[Any]) -> bytes:
    """Return RLE Lossless as literal runs only, most significant byte first."""
    planes = frame[np.newaxis] if frame.ndim == 2 else frame.transpose(2, 0, 1)
    size = frame.dtype.itemsize
    segments = []
    for plane in planes:
        parts = (
            np.ascontiguousarray(plane).astype(plane.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, size)
        )
        segments += [_packed(parts[:, byte].tobytes()) for byte in reversed(range(size))]
    offsets = np.cumsum([64, *[len(segment) for segment in segments]])[:-1]
    head = struct.pack(
        "<16L", len(segments), *[int(offset) for offset in offsets], *[0] * (15 - len(segments))
    )
    return head + b"".join(segments)


def _packed(plain: bytes) -> bytes:
    coded = b"".join(
        bytes([len(plain[n : n + 128]) - 1]) + plain[n : n + 128] for n in range(0, len(plain), 128)
    )
    return coded + b"\x80" * (len(coded) % 2)


def png(pixels: NDArray[Any], **options: Any) -> bytes:
    """Return a PNG: (row, column) of 8 or 16 bits, or colour with or without alpha."""
    if pixels.dtype == np.uint16 and pixels.ndim == 2:
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
        head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 0, 0, 0, 0)
        chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in chunks
        )
    return raster(pixels, "PNG", **options)


def raster(pixels: NDArray[Any], kind: str, **options: Any) -> bytes:
    """Return a raster file made by Pillow."""
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def nifti(volume: NDArray[Any], affine: NDArray[np.float64] | None = None) -> bytes:
    """Return a NIfTI file."""
    nibabel: Any = import_module("nibabel")
    return bytes(nibabel.Nifti1Image(volume, np.eye(4) if affine is None else affine).to_bytes())


def gzipped(content: bytes) -> bytes:
    """Return ``content`` in gzip, the same bytes each time."""
    return gzip.compress(content, mtime=0)


def chest(rows: int = 96, columns: int = 80) -> NDArray[np.uint8]:
    """Return a smooth (row, column) 8-bit picture that uses the whole range, different in each corner."""
    y, x = np.mgrid[0:rows, 0:columns] / np.array([rows - 1, columns - 1]).reshape(2, 1, 1)
    picture = 120 + 70 * np.sin(5 * x + 2 * y) + 60 * np.cos(7 * y * x) + 20 * x
    picture = (picture - picture.min()) / (picture.max() - picture.min())
    return np.asarray(np.rint(picture * 255), np.uint8)


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file below ``folder`` and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
