"""What the recipes write as TOML reads back as it was."""

import tomllib

from training.manifest_text import Inline, toml_text


def test_nested_tables_read_back_as_they_were() -> None:
    values = {
        "schema": "farlight-pack/1",
        "quote": 'say "ah" \\ now',
        "applies": {"views": ["AP", "PA"], "age": Inline(minimum=1.0, maximum=5.99), "multi_frame": False},
        "labels": [{"code": "a", "points": [{"name": "x", "threshold": 0.5}]}, {"code": "b"}],
        "depends": {"chest-lungs": ">=1.0.0,<2.0.0"},
        "files": {"model.int8.onnx": "00"},
    }
    assert tomllib.loads(toml_text(values)) == values


def test_whole_floats_stay_floats() -> None:
    read = tomllib.loads(toml_text({"numbers": [1.0, -6.0, 1e-9, 12345678.0]}))
    assert all(isinstance(number, float) for number in read["numbers"])
