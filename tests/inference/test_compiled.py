"""What OpenVINO compiled for the processor stands for what a device compiles: it is the same library."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inference import compiled
from inference.choices import Choice
from inference.compiled import CompiledCache
from inference.loaded import open_choice, require_golden
from inference.packs import Pack, PackLibrary

WAY = Choice(engine="openvino", precision="fp32", threads=1)


@pytest.fixture
def pack(library: PackLibrary) -> Pack:
    return library.get("toy-outline")


@pytest.fixture
def cache(tmp_path: Path) -> CompiledCache:
    return CompiledCache(tmp_path / "compiled")


def _use(cache: CompiledCache, pack: Pack, versions: str = "1", way: Choice = WAY) -> list[Path]:
    """Load a network through the cache; return the files that were there before."""
    with cache.entry(pack, way, versions) as folder:
        assert folder is not None
        before = sorted(folder.iterdir())
        require_golden(pack, way, open_choice(pack, way, cache=folder).engine)
    return before


def _fail_in(cache: CompiledCache, pack: Pack) -> None:
    with cache.entry(pack, WAY, "1") as folder:
        assert folder is not None
        (folder / "half.blob").write_bytes(b"half")
        raise RuntimeError


def _blobs(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "compiled").rglob("*.blob"))


def test_what_was_compiled_is_there_the_next_time(cache: CompiledCache, pack: Pack, tmp_path: Path) -> None:
    assert _use(cache, pack) == []
    (blob,) = _blobs(tmp_path)
    written = blob.stat().st_mtime_ns
    assert blob in _use(cache, pack)
    assert blob.stat().st_mtime_ns == written


def test_another_driver_device_precision_or_pack_has_an_entry_of_its_own(
    cache: CompiledCache, pack: Pack, library: PackLibrary, tmp_path: Path
) -> None:
    _use(cache, pack)
    assert _use(cache, pack, versions="2") == []
    assert _use(cache, pack, way=Choice(engine="openvino", precision="int8", threads=1)) == []
    assert _use(cache, library.get("toy-finding")) == []
    assert len(list((tmp_path / "compiled").iterdir())) == 4


@pytest.mark.parametrize("damage", ["cut", "garbled", "more", "unsealed", "seal"])
def test_a_damaged_entry_is_never_given_to_the_engine(
    cache: CompiledCache, pack: Pack, tmp_path: Path, damage: str
) -> None:
    _use(cache, pack)
    (blob,) = _blobs(tmp_path)
    content = blob.read_bytes()
    if damage == "cut":
        blob.write_bytes(content[: len(content) // 2])
    elif damage == "garbled":
        blob.write_bytes(content[:500] + bytes(1000) + content[1500:])
    elif damage == "more":
        (blob.parent / "another.blob").write_bytes(content)
    elif damage == "unsealed":
        (blob.parent / "entry.json").unlink()
    else:
        (blob.parent / "entry.json").write_text("{")
    assert _use(cache, pack) == []
    assert len(_blobs(tmp_path)) == 1


def test_an_entry_in_which_loading_failed_is_thrown_away(
    cache: CompiledCache, pack: Pack, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError):
        _fail_in(cache, pack)
    assert list((tmp_path / "compiled").iterdir()) == []


def test_the_longest_unused_goes_when_there_is_no_more_room(pack: Pack, tmp_path: Path) -> None:
    whole = CompiledCache(tmp_path / "compiled")
    _use(whole, pack, "1")
    size = whole.size_bytes()
    bounded = CompiledCache(tmp_path / "compiled", most_bytes=int(2.5 * size))
    _use(bounded, pack, "2")
    _use(bounded, pack, "1")
    _use(bounded, pack, "3")
    assert bounded.size_bytes() <= 2.5 * size
    assert _use(bounded, pack, "1") != []
    assert _use(bounded, pack, "2") == []


def test_an_entry_that_is_larger_than_all_the_room_is_not_kept(pack: Pack, tmp_path: Path) -> None:
    tiny = CompiledCache(tmp_path / "compiled", most_bytes=10)
    _use(tiny, pack)
    assert tiny.size_bytes() == 0


def test_where_nothing_can_be_written_the_network_is_compiled_each_time(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "compiled").write_bytes(b"a file where the folder should be")
    cache = CompiledCache(tmp_path / "compiled")
    for _ in range(2):
        with cache.entry(pack, WAY, "1") as folder:
            assert folder is None
            require_golden(pack, WAY, open_choice(pack, WAY, cache=folder).engine)


def test_a_full_disk_while_the_entry_is_sealed_leaves_none(
    cache: CompiledCache, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(compiled, "write_whole", full)
    _use(cache, pack)
    assert list((tmp_path / "compiled").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit of size there")
def test_a_disk_that_is_full_while_the_engine_writes_costs_the_entry_alone(
    tmp_path: Path, toy_root: Path
) -> None:
    shutil.copytree(toy_root / "toy-outline", tmp_path / "toy-outline")
    program = """
import resource, signal, sys
from pathlib import Path
from inference.choices import Choice
from inference.compiled import CompiledCache
from inference.loaded import open_choice, require_golden
from inference.packs import load_pack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
pack, way = load_pack(Path(sys.argv[1])), Choice(engine="openvino", precision="fp32", threads=1)
cache = CompiledCache(Path(sys.argv[2]))
with cache.entry(pack, way, "1") as folder:
    require_golden(pack, way, open_choice(pack, way, cache=folder).engine)
print(cache.size_bytes())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "toy-outline"), str(tmp_path / "compiled")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n"
