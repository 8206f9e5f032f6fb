"""The packaged application as a stranger has it: in an odd folder, with an empty home, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND_TIMEOUT_S = 180


class SmokeError(Exception):
    """The application did not do what it must; the text says what."""


@dataclass(frozen=True)
class Installed:
    """The application as it was put on a stranger's computer."""

    program: Path
    samples: Path
    work: Path
    environment: dict[str, str]
    prefix: tuple[str, ...]

    def run(self, *arguments: str, status: int = 0, lines: Sequence[str] = ()) -> tuple[str, str]:
        """Run to the end and return (stdout, stderr); another exit status than ``status`` is an error.

        ``lines`` is what it reads on its standard input.
        """
        done = subprocess.run(
            [*self.prefix, str(self.program), *arguments],
            cwd=self.work,
            env=self.environment,
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        if done.returncode != status:
            said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            raise SmokeError(f"{' '.join(arguments[:2])} ended with {done.returncode}:\n{said}")
        return done.stdout, done.stderr

    def sample(self) -> Path:
        """Return the sample study that ships with the application."""
        return self.samples / "chest-child.dcm"


def install(built: Path, folder: Path) -> Installed:
    """Put the built application below ``folder``, with an empty home beside it."""
    if not built.is_dir():
        raise SmokeError(f"{built} is not there; make package builds it")
    place = folder / "Some Place ü" / "farlight"
    shutil.copytree(built, place, symlinks=True, copy_function=_link_or_copy)
    for name in ("home", "work here ñ"):
        (folder / name).mkdir()
    program = place / ("farlight.exe" if os.name == "nt" else "farlight")
    samples = next(iter(place.rglob("samples/chest-child.dcm")), None)
    if samples is None:
        raise SmokeError("the sample study is not in the application")
    return Installed(
        program=program,
        samples=samples.parent,
        work=folder / "work here ñ",
        environment=_bare_environment(folder / "home"),
        prefix=_without_network(),
    )


def _bare_environment(home: Path) -> dict[str, str]:
    if os.name == "nt":
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH", "TEMP") if name in os.environ}
        return {**kept, "USERPROFILE": str(home), "APPDATA": str(home), "LOCALAPPDATA": str(home)}
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(runtime)}


def _without_network() -> tuple[str, ...]:
    prefix = ("unshare", "--net", "--")
    if shutil.which("unshare") is None:
        return ()
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if works else ()


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        return shutil.copy2(source, target)
    return target
