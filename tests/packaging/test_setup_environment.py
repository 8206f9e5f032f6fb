"""Set-up says clearly what is missing, does nothing twice, and leaves other people's environments alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import setup_environment
import system_libraries

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (2, 7)])
def test_a_python_that_does_not_fit_is_refused_with_both_versions(version: tuple[int, int]) -> None:
    with pytest.raises(
        setup_environment.SetupError, match=rf"Python 3\.11.*this is {version[0]}\.{version[1]}"
    ):
        setup_environment.require_version(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_python_that_fits_is_taken(version: tuple[int, int]) -> None:
    setup_environment.require_version(version)


def test_the_shell_and_the_script_agree_on_the_versions() -> None:
    shell = (PACKAGING / "setup.sh").read_text(encoding="utf-8")
    versions = "|".join(f"{major}.{minor}" for major, minor in setup_environment.SUPPORTED)
    assert f"{versions})" in shell


def test_an_environment_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / ".venv"
    link.symlink_to(sys.prefix)
    before = sorted(path.name for path in Path(sys.prefix).iterdir())
    setup_environment.make_environment(link, ["requirements.txt"])
    assert link.is_symlink()
    assert sorted(path.name for path in Path(sys.prefix).iterdir()) == before


def test_a_link_to_nothing_is_said(tmp_path: Path) -> None:
    link = tmp_path / ".venv"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(setup_environment.SetupError, match="not there"):
        setup_environment.make_environment(link, [])


def test_requirements_are_installed_once_and_again_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# none\n", encoding="utf-8")
    ran: list[list[str]] = []

    def record(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", record)
    setup_environment._install(tmp_path, requirements)
    setup_environment._install(tmp_path, requirements)
    assert len(ran) == 1
    requirements.write_text("# still none\n", encoding="utf-8")
    setup_environment._install(tmp_path, requirements)
    assert len(ran) == 2


def test_a_failed_installation_leaves_no_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# none\n", encoding="utf-8")
    monkeypatch.setattr("subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    with pytest.raises(setup_environment.SetupError, match="Could not install"):
        setup_environment._install(tmp_path, requirements)
    assert not list(tmp_path.glob("*.stamp"))


def test_missing_libraries_are_told_with_the_command_where_they_may_not_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(system_libraries, "missing_for_qt", lambda _: ("libxcb-cursor.so.0",))
    monkeypatch.setattr(system_libraries, "can_install", lambda: False)
    assert setup_environment.check_system(tmp_path, tests=False) is False
    said = capsys.readouterr().err
    assert "sudo apt-get install -y --no-install-recommends libxcb-cursor0" in said
    assert "the command line works" in said


def test_missing_libraries_are_installed_by_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([("libxcb-cursor.so.0",), ()])
    installed: list[str] = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(system_libraries, "missing_for_qt", lambda _: next(answers))
    monkeypatch.setattr(system_libraries, "can_install", lambda: True)

    def install(packages: list[str]) -> bool:
        installed.extend(packages)
        return True

    monkeypatch.setattr(system_libraries, "install", install)
    assert setup_environment.check_system(tmp_path, tests=False) is True
    assert installed == ["libxcb-cursor0"]


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell with an empty path")
def test_a_computer_without_python_is_told_so_in_a_sentence(tmp_path: Path) -> None:
    done = _setup_with_only(tmp_path, {})
    assert done.returncode == 1
    assert "no Python was found" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell with an empty path")
def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    done = _setup_with_only(tmp_path, {"python3": "#!/bin/sh\necho 3.9\n"})
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "3.9" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell with an empty path")
def test_a_shim_of_a_python_that_is_not_installed_is_passed_over(tmp_path: Path) -> None:
    fitting = '#!/bin/sh\ncase "$1" in -c) echo 3.12 ;; *) echo "took $0 $*" ;; esac\n'
    done = _setup_with_only(tmp_path, {"python3.11": "#!/bin/sh\nexit 127\n", "python3": fitting})
    assert done.returncode == 0
    assert "took" in done.stdout
    assert "setup_environment.py --dev" in done.stdout


def _setup_with_only(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name in ("dirname", "sh"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    for name, text in programs.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(PACKAGING / "setup.sh"), "--dev"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
