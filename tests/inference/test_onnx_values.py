"""Contents that are followed through a graph: nothing is said on the terminal, and no processor differs."""

import warnings

import numpy as np
import pytest
from onnx import TensorProto

from inference.onnx_values import cast


@pytest.mark.parametrize("number", [3e9, -3e9, 2.0**31])
def test_a_number_that_does_not_fit_is_unknown_and_nothing_is_said(number: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cast(np.array([number]), TensorProto.INT32) is None


def test_a_number_that_fits_is_cut_as_an_engine_does() -> None:
    made = cast(np.array([2.9, -2.9, 0.0]), TensorProto.INT32)
    assert made is not None
    assert made.tolist() == [2, -2, 0]
