"""A network whose filters were shuffled, to see whether a map depends on what the network has learned.

Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
"""

import numpy as np

from core.errors import QuantizerMissingError
from inference.onnx_file import require_plain_model

_FILTER_DIMENSIONS, _LEAST_VALUES = 4, 1000
_SEED = 4


def shuffled_weights(model: bytes) -> bytes:
    """Return the content of an ONNX file with the values of each larger filter in random order.

    Raises:
        QuantizerMissingError: this installation cannot change models.
        ModelLoadError: it is not a model that holds all its weights.
    """
    require_plain_model(model)
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise QuantizerMissingError("onnx") from error
    network = onnx.load_model_from_string(model)
    rng = np.random.default_rng(_SEED)
    for tensor in network.graph.initializer:
        if len(tensor.dims) == _FILTER_DIMENSIONS and np.prod(tensor.dims) > _LEAST_VALUES:
            values = numpy_helper.to_array(tensor)
            mixed = rng.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    return bytes(network.SerializeToString())
