"""Finds the shared libraries that Qt needs and this system lacks, and the Debian packages that hold them.

Qt's wheel brings Qt but not X11, fonts or OpenGL. ``ldd`` names what is missing; the table below says where
Debian and Ubuntu keep it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libGLdispatch.so.0": "libglvnd0",
    "libOpenGL.so.0": "libopengl0",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libXau.so.6": "libxau6",
    "libXdmcp.so.6": "libxdmcp6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libbrotlidec.so.1": "libbrotli1",
    "libbsd.so.0": "libbsd0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgbm.so.1": "libgbm1",
    "libgcc_s.so.1": "libgcc-s1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libpng16.so.16": "libpng16-16",
    "libstdc++.so.6": "libstdc++6",
    "libuuid.so.1": "libuuid1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
}

# What Qt opens when it draws a window under X11; their own needs are followed by ldd.
_QT_FILES = (
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/xcbglintegrations/libqxcb-egl-integration.so",
    "Qt/plugins/xcbglintegrations/libqxcb-glx-integration.so",
    "QtWidgets.abi3.so",
    "QtSvg.abi3.so",
    "QtPrintSupport.abi3.so",
)
_NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


def missing_in(ldd_output: str) -> tuple[str, ...]:
    """Return the libraries that ``ldd`` did not find, sorted, each once."""
    return tuple(sorted(set(_NOT_FOUND.findall(ldd_output))))


def packages_for(libraries: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the Debian packages that hold ``libraries``, and the libraries that the table does not know."""
    wanted = tuple(libraries)
    known = sorted({DEBIAN_PACKAGES[name] for name in wanted if name in DEBIAN_PACKAGES})
    return tuple(known), tuple(name for name in wanted if name not in DEBIAN_PACKAGES)


def missing_for_qt(pyside_folder: Path) -> tuple[str, ...]:
    """Return the shared libraries that the Qt below ``pyside_folder`` needs and this system lacks (Linux)."""
    if shutil.which("ldd") is None:
        return ()
    outputs = [_ldd(pyside_folder / name) for name in _QT_FILES if (pyside_folder / name).is_file()]
    return missing_in("\n".join(outputs))


def missing_programs(programs: dict[str, str]) -> tuple[str, ...]:
    """Return the Debian packages of those ``programs`` (program -> package) that are not on the path."""
    return tuple(sorted({package for name, package in programs.items() if shutil.which(name) is None}))


def install_command(packages: Sequence[str], *, root: bool) -> str:
    """Return the one line that installs ``packages`` on Debian and Ubuntu."""
    return f"{'' if root else 'sudo '}apt-get install -y --no-install-recommends {' '.join(packages)}"


def can_install() -> bool:
    """Return whether this process may install Debian packages itself."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> bool:
    """Install ``packages`` with apt-get as root; True when it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = install_command(packages, root=True).split()
    print("Installing: " + " ".join(packages), flush=True)
    if _quiet(command, environment):
        return True
    return _quiet(["apt-get", "update"], environment) and _quiet(command, environment)


def _quiet(command: Sequence[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode == 0


def _ldd(file: Path) -> str:
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
    return done.stdout
