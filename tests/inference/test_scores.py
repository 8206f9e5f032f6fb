"""Networks end in logits, probabilities or classes that shut each other out; a pack speaks in logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.manifest import Manifest
from inference.manifest_reader import parse_manifest
from inference.scores import as_logits, as_probabilities, of_labels
from tests.inference.test_manifest_reader import FINDING, OUTLINE


def _classifier(scores: str, columns: int = 3, column: int = 0) -> Manifest:
    text = FINDING.replace('logits = "logit"', f'logits = "logit"\nscores = "{scores}"\ncolumns = {columns}')
    return parse_manifest(text.replace('title = "Brightness"', f'title = "Brightness"\ncolumn = {column}'))


def _segmenter(scores: str) -> Manifest:
    return parse_manifest(OUTLINE.replace('masks = "masks"', f'masks = "masks"\nscores = "{scores}"', 1))


@given(st.lists(st.floats(-30, 30, width=32), min_size=3, max_size=3))
def test_the_logit_of_a_class_is_that_of_its_softmax(raw: list[float]) -> None:
    values = np.array([raw], dtype=np.float32)
    wide = np.exp(values.astype(np.float64) - values.max())
    shares = wide / wide.sum()
    logits = as_logits(values, _classifier("softmax")).astype(np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), shares, atol=1e-6)


def test_two_classes_that_shut_each_other_out_differ_by_their_logits() -> None:
    values = np.array([[1.0, 3.5]], dtype=np.float32)
    np.testing.assert_allclose(as_logits(values, _classifier("softmax", 2)), [[-2.5, 2.5]], atol=1e-6)


def test_certain_probabilities_have_logits_with_an_end() -> None:
    values = np.array([[0.0, 1.0, 0.75]], dtype=np.float32)
    logits = as_logits(values, _classifier("probabilities"))
    np.testing.assert_allclose(logits, [[-16.118, 16.118, np.log(3)]], atol=1e-2)


def test_extreme_logits_stay_numbers() -> None:
    values = np.array([[-3e38, 3e38, 0.0]], dtype=np.float32)
    assert np.isfinite(as_logits(values, _classifier("logits"))).all()
    assert np.isfinite(as_probabilities(values, _segmenter("logits"))).all()
    assert np.isfinite(as_probabilities(values, _segmenter("softmax"))).all()


@pytest.mark.parametrize(
    ("scores", "expected"), [("probabilities", 2.0), ("logits", 0.8808), ("softmax", 0.7311)]
)
def test_masks_are_probabilities_whatever_the_network_ends_in(scores: str, expected: float) -> None:
    values = np.stack([np.full((1, 4, 4), 2.0), np.ones((1, 4, 4))], axis=1).astype(np.float32)
    np.testing.assert_allclose(as_probabilities(values, _segmenter(scores))[0, 0], expected, atol=1e-4)


def test_only_the_columns_of_the_labels_are_kept() -> None:
    outputs = {
        "logits": np.array([[1.0, 2.0, 3.0]], dtype=np.float32),
        "activation_map": np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2),
    }
    read = of_labels(outputs, _classifier("logits", column=2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(read["logits"], [[3.0]])
    np.testing.assert_array_equal(read["activation_map"], [[[[8, 9], [10, 11]]]])


def test_of_two_classes_that_shut_each_other_out_the_mean_of_a_map_is_the_logit_too() -> None:
    maps = np.random.default_rng(2).normal(size=(1, 2, 3, 3)).astype(np.float32)
    outputs = {"logits": maps.mean(axis=(2, 3)), "activation_map": maps}
    read = of_labels(outputs, _classifier("softmax", 2, column=1))  # type: ignore[arg-type]
    np.testing.assert_allclose(read["activation_map"].mean(axis=(2, 3)), read["logits"], atol=1e-6)
