"""The command line of packs from other hands: keys, building, installing, going back, removing."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.program import parse, run_verb
from inference.verify import VerifyCheck
from tests.inference import toy_packs
from tests.opening import ADMINISTRATOR, PASSWORD, open_workplace
from tests.services.pack_files import ACCEPTANCE, MAKER, pack_file

PASSPHRASE = "a passphrase to keep"


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("toys")
    toy_packs.write_outline_pack(root)
    return root


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    open_workplace(tmp_path / "profile").close()
    passed = (VerifyCheck(name="Model", passed=True, text=""),)
    monkeypatch.setattr("services.pack_install.try_pack", lambda *_, **__: passed)
    return tmp_path / "profile"


def _secret(*lines: str) -> str:
    read, write = os.pipe()
    os.write(write, "".join(f"{line}\n" for line in lines).encode())
    os.close(write)
    return str(read)


def _run(profile: Path, *words: str, as_administrator: bool = True) -> int:
    who: Sequence[str] = (
        ("--user", ADMINISTRATOR, "--password-fd", _secret(PASSWORD)) if as_administrator else ()
    )
    return run_verb(parse(["--profile", str(profile), "packs", *words, *who]))


def _key(folder: Path) -> tuple[Path, Path]:
    words = ["packs", "keys", "new", "Ministry of Health", "--out", str(folder)]
    assert run_verb(parse([*words, "--password-fd", _secret(PASSPHRASE)])) == 0
    return folder / "ministry-of-health.farkey", folder / "ministry-of-health.farkey.pub"


def test_from_a_new_key_to_an_installed_pack_and_away_again(
    profile: Path, toys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = _key(tmp_path / "keys")
    fingerprint = capsys.readouterr().out.splitlines()[-1].removeprefix("Fingerprint: ")
    assert PASSPHRASE.encode() not in private.read_bytes()
    assert private.stat().st_mode & 0o077 == 0
    assert _run(profile, "keys", "trust", str(public), "--fingerprint", fingerprint) == 0
    for version in ("1.2.0", "1.3.0"):
        source = pack_file(toys, tmp_path, "toy-outline", version, key=None).parent
        folder = source / f"toy-outline-{version}-source" / "toy-outline"
        build = ["build", str(folder), "--out", str(tmp_path / "stick"), "--key", str(private)]
        assert _run(profile, *build, "--password-fd", _secret(PASSPHRASE), as_administrator=False) == 0
        assert _run(profile, "install", str(tmp_path / "stick" / f"toy-outline-{version}.farpack")) == 0
    said = capsys.readouterr().out
    assert "Upgraded toy-outline from 1.2.0 to 1.3.0, signed by Ministry of Health." in said
    assert _run(profile, "versions") == 0
    assert "Ministry of Health" in capsys.readouterr().out
    assert _run(profile, "list", as_administrator=False) == 0
    assert "toy-outline" in capsys.readouterr().out
    assert _run(profile, "rollback", "toy-outline") == 0
    assert "1.2.0" in capsys.readouterr().out
    assert _run(profile, "remove", "toy-outline") == 0
    assert _run(profile, "keys", "distrust", "ministry of health") == 0
    assert _run(profile, "keys", "list", "--json") == 0
    assert capsys.readouterr().out.strip().endswith("[]")


def test_a_key_file_is_never_written_over_and_opens_with_its_passphrase_only(
    tmp_path: Path, toys: Path, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = _key(tmp_path)
    words = ["packs", "keys", "new", "Ministry of Health", "--out", str(tmp_path)]
    before = private.read_bytes()
    assert run_verb(parse([*words, "--password-fd", _secret(PASSPHRASE)])) == 1
    assert private.read_bytes() == before
    assert run_verb(parse([*words, "--password-fd", _secret("short")])) == 2
    build = ["build", str(toys / "toy-outline"), "--out", str(tmp_path), "--key"]
    for file, passphrase in ((private, "not the passphrase"), (public, PASSPHRASE)):
        assert (
            _run(profile, *build, str(file), "--password-fd", _secret(passphrase), as_administrator=False)
            == 1
        )
    assert not list(tmp_path.glob("*.farpack"))
    assert "E259" in capsys.readouterr().err


def test_a_licence_that_asks_for_it_is_shown_and_must_be_accepted(
    profile: Path, toys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_workplace(profile) as workplace:
        workplace.packs.keys.trust(MAKER, MAKER.fingerprint)
    asking = ACCEPTANCE.replace("nobody", "nobody")
    file = pack_file(
        toys, tmp_path, "toy-outline", "1.2.0",
        ('attribution = "nobody"', asking), ("commercial_use = true", "commercial_use = false"),
    )  # fmt: skip
    assert _run(profile, "install", str(file)) == 1
    said = capsys.readouterr().err
    assert "E256" in said
    assert "Apache-2.0" in said
    assert "no commercial use" in said
    assert _run(profile, "install", str(file), "--accept-licence") == 0


def test_a_wrong_fingerprint_trusts_nothing(profile: Path, tmp_path: Path) -> None:
    (tmp_path / "a.farkey.pub").write_text(MAKER.text())
    assert _run(profile, "keys", "trust", str(tmp_path / "a.farkey.pub"), "--fingerprint", "1" * 40) == 2
    assert _run(profile, "keys", "trust", str(tmp_path / "a.farkey.pub")) == 2
    with open_workplace(profile) as workplace:
        assert workplace.packs.keys.all() == ()


def test_a_folder_is_verified_in_a_process_of_its_own(
    toys: Path, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(profile, "verify", str(toys / "toy-outline"), as_administrator=False) == 0
    assert "toy-outline" in capsys.readouterr().out
    assert _run(profile, "verify", str(toys / "absent"), as_administrator=False) == 1
