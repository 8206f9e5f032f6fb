"""Makes ``.venv`` from the requirements and looks for the system libraries that Qt needs.

Run by ``make setup`` with a fitting Python. Nothing is done again while nothing changed; a ``.venv`` that is
a link belongs to someone else and is used as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import system_libraries

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SUPPORTED = ((3, 11), (3, 12), (3, 13))
REQUIREMENTS = {
    "app": "requirements.txt",
    "dev": "requirements-dev.txt",
    "training": "requirements-training.txt",
}
# Programs that the tests start: program -> Debian package.
TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xprop": "x11-utils",
    "strace": "strace",  # the tests of faults: a kill or a full disk at a chosen call
    "pdftoppm": "poppler-utils",
    "objcopy": "binutils",  # PyInstaller
}


class SetupError(Exception):
    """Set-up cannot go on; the text is what the user reads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environment ready; 0 when the program can be started."""
    options = _parse(arguments)
    try:
        require_version(sys.version_info[:2])
        make_environment(VENV, [REQUIREMENTS[name] for name in ("app", *options.also)])
        ready = check_system(VENV, tests="dev" in options.also)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if ready or not options.strict else 1


def require_version(version: tuple[int, ...]) -> None:
    """Raise a sentence where this Python is not one that Farlight runs on."""
    if tuple(version) not in SUPPORTED:
        names = ", ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
        raise SetupError(f"Farlight runs on Python {names}; this is {version[0]}.{version[1]}.")


def make_environment(venv: Path, requirements: Sequence[str]) -> None:
    """Create ``venv`` and install what is not yet installed from each requirements file."""
    if venv.is_symlink():
        if not python_of(venv).exists():
            raise SetupError(f"{venv.name} is a link to an environment that is not there.")
        return
    if not _starts(python_of(venv)):
        _create(venv)
    for name in requirements:
        _install(venv, ROOT / name)


def python_of(venv: Path) -> Path:
    """Return the interpreter inside ``venv`` (POSIX or Windows layout)."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def stamp_of(requirements: Path) -> str:
    """Return what the stamp file says when ``requirements`` is installed: their hash and this Python."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} {sys.version_info[0]}.{sys.version_info[1]}\n"


def check_system(venv: Path, *, tests: bool) -> bool:
    """Return whether no system library is missing (Linux); as root install them, else say how."""
    if not sys.platform.startswith("linux"):
        return True
    libraries = system_libraries.missing_for_qt(_pyside_folder(venv))
    packages, unknown = system_libraries.packages_for(libraries)
    programs = system_libraries.missing_programs(TEST_PROGRAMS) if tests else ()
    wanted = sorted({*packages, *programs})
    if unknown:
        print(
            f"Qt also needs these libraries, whose package is not known: {', '.join(unknown)}",
            file=sys.stderr,
        )
    if not wanted:
        return not unknown
    if system_libraries.can_install():
        if system_libraries.install(wanted):
            return check_system_again(venv, tests=tests)
        raise SetupError(f"Could not install: {' '.join(wanted)}. Is this computer connected?")
    print(missing_sentence(wanted, libraries=bool(packages)), file=sys.stderr)
    return False


def check_system_again(venv: Path, *, tests: bool) -> bool:
    """Return whether nothing is missing any more after an installation."""
    left = system_libraries.missing_for_qt(_pyside_folder(venv))
    programs = system_libraries.missing_programs(TEST_PROGRAMS) if tests else ()
    if left or programs:
        raise SetupError(f"Still missing after the installation: {', '.join((*left, *programs))}.")
    return True


def missing_sentence(packages: Sequence[str], *, libraries: bool) -> str:
    """Return what is said where system packages are missing and may not be installed from here."""
    what = "The window needs system libraries" if libraries else "The tests need programs"
    command = system_libraries.install_command(packages, root=False)
    also = "Until then the command line works, the window does not." if libraries else ""
    return f"{what} that this computer lacks. On Debian and Ubuntu:\n\n    {command}\n\n{also}".rstrip()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make .venv and check the system libraries.")
    parser.add_argument(
        "--dev", action="append_const", const="dev", dest="also", help="tests and linters too"
    )
    parser.add_argument(
        "--training", action="append_const", const="training", dest="also", help="the recipes too"
    )
    parser.set_defaults(also=[])
    parser.add_argument("--strict", action="store_true", help="fail when a system library is missing")
    return parser.parse_args(arguments)


def _starts(python: Path) -> bool:
    if not python.exists():
        return False
    command = [str(python), "-c", "import pip"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _create(venv: Path) -> None:
    print(f"Making {venv.name} with Python {sys.version.split()[0]}", flush=True)
    if not _has_ensurepip():
        _install_venv_module()
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=False)
    if done.returncode != 0:
        raise SetupError(f"Could not make {venv.name}; the reason stands above.")


def _has_ensurepip() -> bool:
    # Debian ships Python without ensurepip: a new process sees it right after it was installed.
    command = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _install_venv_module() -> None:
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if system_libraries.can_install() and system_libraries.install([package]) and _has_ensurepip():
        return
    command = system_libraries.install_command([package], root=False)
    raise SetupError(
        f"This Python cannot make environments (venv is missing). On Debian and Ubuntu:\n\n    {command}"
    )


def _install(venv: Path, requirements: Path) -> None:
    stamp = venv / f"farlight-{requirements.stem}.stamp"
    wanted = stamp_of(requirements)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Installing {requirements.name} (this takes some minutes the first time)", flush=True)
    command = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([*command, "-r", str(requirements)], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SetupError(
            f"Could not install {requirements.name}; the reason stands above. Is this computer connected?"
        )
    stamp.write_text(wanted, encoding="utf-8")


def _pyside_folder(venv: Path) -> Path:
    libraries = sorted(venv.glob("lib/python3*/site-packages/PySide6"))
    return libraries[-1] if libraries else venv


if __name__ == "__main__":
    sys.exit(main())
