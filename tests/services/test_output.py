"""The output folder: whole records, and going on after an interruption."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import OutputNotEmptyError, OutputNotWritableError
from services.output import OutputFolder, fill_partial, write_whole
from services.result_json import SCHEMA


def _record(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"schema": SCHEMA, "dir": name, "source": {"path": path}, **more}


def _put(output: OutputFolder, path: str, **more: Any) -> str:
    name = output.new_name(path)

    def fill(folder: Path) -> dict[str, Any]:
        (folder / "mask.png").write_bytes(b"png")
        return _record(name, path, **more)

    output.put(name, fill_partial(output.folder, name, fill))
    return name


def _lines(folder: Path) -> list[str]:
    return [
        json.loads(line)["source"]["path"] for line in (folder / "results.jsonl").read_text().splitlines()
    ]


def _tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_record_has_its_folder_and_its_line(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out", "new")
    _put(output, "b.png")
    _put(output, "a.png")
    output.close(complete=True)
    assert _lines(tmp_path / "out") == ["b.png", "a.png"]
    assert _tree(tmp_path / "out") == {
        *("results.jsonl", "b/mask.png", "b/result.json", "a/mask.png", "a/result.json"),
    }


def test_a_record_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path, "new")

    def fill(folder: Path) -> dict[str, Any]:
        (folder / "mask.png").write_bytes(b"png")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_partial(output.folder, "a", fill)
    output.close(complete=False)
    assert _tree(tmp_path) == {"results.jsonl"}
    assert (tmp_path / "results.jsonl").read_bytes() == b""


def test_a_folder_that_holds_anything_needs_to_be_told(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputNotEmptyError):
        OutputFolder(tmp_path, "new")


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputNotWritableError):
        OutputFolder(tmp_path / "out", "new")


def test_force_removes_what_an_earlier_run_left_and_nothing_else(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path, "new")
    _put(first, "a.png")
    first.close(complete=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    second = OutputFolder(tmp_path, "force")
    assert _put(second, "mine.png") == "mine-2"
    second.close(complete=True)
    assert _tree(tmp_path) == {"results.jsonl", "mine/letter.txt", "mine-2/mask.png", "mine-2/result.json"}


def test_a_line_that_points_outside_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "result.json").write_text(json.dumps({"schema": SCHEMA}))
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.jsonl").write_text(json.dumps(_record("../victim", "a.png")) + "\n")
    OutputFolder(out, "force").close(complete=True)
    assert (victim / "result.json").exists()


def test_resume_gives_each_complete_record_once_under_its_old_name(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path, "new")
    names = [_put(first, "x/a.png"), _put(first, "y/a.png")]
    first.close(complete=False)
    with (tmp_path / "results.jsonl").open("a") as stream:
        stream.write('{"schema": "farlight-result/1", "dir": "b", "sou')
    second = OutputFolder(tmp_path, "resume")
    found = [second.earlier(path) for path in ("y/a.png", "x/a.png", "x/a.png", "b.png")]
    assert [record and record["dir"] for record in found] == [names[1], names[0], None, None]
    assert second.new_name("z/a.png") == "a-3"
    second.close(complete=True)


def test_a_resumed_run_that_is_interrupted_forgets_nothing(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path, "new")
    for path in ("b.png", "c.png"):
        _put(first, path)
    first.close(complete=True)
    second = OutputFolder(tmp_path, "resume")
    _put(second, "a.png")
    second.close(complete=False)
    third = OutputFolder(tmp_path, "resume")
    for path in ("a.png", "b.png", "c.png"):
        record = third.earlier(path)
        assert record is not None
        third.keep(record)
    third.close(complete=True)
    assert _lines(tmp_path) == ["a.png", "b.png", "c.png"]
    assert not (tmp_path / ".earlier.jsonl").exists()


def test_a_record_whose_folder_is_gone_is_done_again(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path, "new")
    _put(first, "a.png")
    first.close(complete=True)
    (tmp_path / "a" / "result.json").unlink()
    second = OutputFolder(tmp_path, "resume")
    assert second.earlier("a.png") is None
    second.close(complete=True)


def test_folders_left_by_a_killed_run_are_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".partial-a").mkdir()
    (tmp_path / ".partial-a" / "mask.png").write_bytes(b"png")
    OutputFolder(tmp_path, "resume").close(complete=True)
    assert _tree(tmp_path) == {"results.jsonl"}


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.pdf", b"one", durable=True)
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a.pdf", "text", durable=True)  # type: ignore[arg-type]
    assert _tree(tmp_path) == {"a.pdf"}
    assert (tmp_path / "a.pdf").read_bytes() == b"one"
