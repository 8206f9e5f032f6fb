"""What goes into the packaged application beside the Python modules that PyInstaller finds by itself."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

# A table-of-contents entry of PyInstaller: where it goes, where it comes from, what kind it is.
Entry = tuple[str, str, str]

DATA_FOLDERS = ("models", "samples", "assets")
NOT_ROOMS = frozenset(
    {"tests", "benchmarks", "training", "packaging", "docs", "build", "dist", "out", *DATA_FOLDERS}
)

# Training, tests and tools that happen to be installed beside the application; parts of the engines for
# making models and for other frameworks.
EXCLUDED_MODULES = [
    "torch",
    "onnxscript",
    "onnx_ir",
    "scipy",
    "sklearn",
    "sympy",
    "networkx",
    "pandas",
    "matplotlib",
    "pytest",
    "_pytest",
    "hypothesis",
    "mypy",
    "coverage",
    "PyInstaller",
    "setuptools",
    "pip",
    "pkg_resources",
    "tkinter",
    "IPython",
    "lib2to3",
    "pydoc_data",
    "ensurepip",
    "idlelib",
    "turtledemo",
    "openvino.tools",
    "openvino.torch",
    "openvino.experimental.torch",
    "openvino_telemetry",
    "openvino.frontend.pytorch",
    "openvino.frontend.tensorflow",
    "openvino.frontend.jax",
    "openvino.frontend.paddle",
    "onnxruntime.transformers",
    "onnxruntime.quantization",
    "onnxruntime.tools",
    "onnxruntime.backend",
    "onnxruntime.datasets",
    "onnxruntime.training",
]

# OpenVINO finds these by name beside its own library: PyInstaller cannot see that they are needed.
OPENVINO_WANTED = re.compile(
    r"(lib)?(openvino(\.|_intel_cpu_plugin|_onnx_frontend|_ir_frontend)|tbb|hwloc).*\.(so|dll|dylib)[.0-9]*$"
)

OPENSLIDE_WANTED = re.compile(r"(lib)?openslide.*\.(so|dll|dylib)[.0-9]*$")

# Inside Qt's and the engines' folders: what a window without network, database and QML never opens.
UNNEEDED = re.compile(
    "|".join(
        (
            r"/plugins/(sqldrivers|tls|networkinformation|qmltooling|qmllint|egldeviceintegrations|generic)/",
            r"/plugins/platforms/libq(eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl)",
            r"/plugins/platforminputcontexts/libqtvirtualkeyboard",
            r"/plugins/imageformats/libq(gif|icns|tga|tiff|wbmp|webp|pdf)",
            r"libQt6(Qml|Quick|VirtualKeyboard|Pdf|Sql|Test|EglFS)",
            r"/Qt/(qml|metatypes)/",
            r"/translations/(?!qtbase_)",
            r"openvino/libs/.*(gpu|npu|auto|hetero|batch|gguf|jax|paddle|pytorch|tensorflow|_c\.|cache\.json|\.pc$)",
            r"onnxruntime/.*(providers_(cuda|tensorrt)|\.onnx$)",
            r"^(numpy|pydicom|nibabel|PIL|fontTools)/.*(/tests/|\.pyi$)",
            r"^pydicom/data/test_files/",
            # GNOME's look drags in GTK with all its libraries; our own style sheet draws the window.
            r"/plugins/platformthemes/libqgtk3",
            r"^lib(gtk-3|gdk-3|gdk_pixbuf-2|epoxy|cairo|cairo-gobject|pango|pangocairo|pangoft2|atk-1|atk-bridge-2|atspi)[-.]",
            r"^lib(fribidi|thai|datrie|pixman-1|graphite2|harfbuzz|Xcomposite|Xcursor|Xdamage|Xinerama|Xi|Xrandr)[-.]",
        )
    )
)


def rooms(root: Path) -> list[str]:
    """Return the application's own packages below ``root``, sorted."""
    found = [path.parent.name for path in root.glob("*/__init__.py")]
    return sorted(name for name in found if name not in NOT_ROOMS)


def separate_packs(root: Path) -> list[str]:
    """Return the packs that are given out as archives of their own: their licence forbids commercial use.

    Whoever installs one accepts its licence; the application itself may be passed on by anybody.
    """
    return sorted(
        file.parent.name
        for file in (root / "models").glob("*/pack.toml")
        if tomllib.loads(file.read_text(encoding="utf-8")).get("licence", {}).get("commercial_use") is False
    )


def data_files(root: Path) -> list[tuple[str, str]]:
    """Return (file, folder inside the application) of data beside the code, of packs and of samples."""
    files: list[tuple[str, str]] = []
    apart = {root / "models" / name for name in separate_packs(root)}
    for folder in (*rooms(root), *DATA_FOLDERS):
        files += [
            (str(path), str(path.parent.relative_to(root)))
            for path in sorted((root / folder).rglob("*"))
            if path.is_file()
            and path.suffix not in {".py", ".pyc"}
            and "__pycache__" not in path.parts
            and apart.isdisjoint(path.parents)
        ]
    files += [
        (str(root / name), ".") for name in ("LICENSE", "NOTICE", "CHANGELOG.md") if (root / name).is_file()
    ]
    return files


def openvino_binaries() -> list[tuple[str, str]]:
    """Return OpenVINO's processor plugin, front ends and threading libraries with the folder they go to.

    Raises:
        FileNotFoundError: this OpenVINO has no processor plugin or no ONNX front end where they are expected.
    """
    spec = importlib.util.find_spec("openvino")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("openvino is not installed")
    folder = Path(spec.origin).parent / "libs"
    chosen = [path for path in sorted(folder.iterdir()) if OPENVINO_WANTED.match(path.name)]
    for part in ("intel_cpu_plugin", "onnx_frontend"):
        if not any(part in path.name for path in chosen):
            raise FileNotFoundError(f"openvino/libs has no {part}")
    return [(str(path), "openvino/libs") for path in chosen]


def openslide_binaries() -> list[tuple[str, str]]:
    """Return the library that reads slides, loaded by its name, with the folder it goes to.

    Raises:
        FileNotFoundError: it is not installed, or not where it is expected.
    """
    folder = _openslide_folder()
    found = [path for path in sorted(folder.iterdir()) if OPENSLIDE_WANTED.match(path.name)]
    if not found:
        raise FileNotFoundError("openslide_bin has no library")
    return [(str(path), "openslide_bin") for path in found]


def openslide_licences() -> list[tuple[str, str]]:
    """Return the licences of OpenSlide and of what it holds, which go beside it."""
    places = sorted(_openslide_folder().parent.glob("openslide_bin-*.dist-info/licenses"))
    return [
        (str(path), str(Path("openslide_bin", "licenses", path.relative_to(place).parent)))
        for place in places
        for path in sorted(place.rglob("*"))
        if path.is_file()
    ]


def _openslide_folder() -> Path:
    spec = importlib.util.find_spec("openslide_bin")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("openslide-bin is not installed")
    return Path(spec.origin).parent


def without_unneeded(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that the application may open."""
    return [entry for entry in entries if not UNNEEDED.search(entry[0].replace("\\", "/"))]


def size_table(folder: Path) -> Sequence[tuple[str, int]]:
    """Return (part, bytes) of the built application, largest first, links not counted."""
    sizes: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts = path.relative_to(folder).parts
            part = parts[1] if len(parts) > 2 else "(top)"
            sizes[part] = sizes.get(part, 0) + path.stat().st_size
    return sorted(sizes.items(), key=lambda item: -item[1])
