"""Looks into an OpenVINO IR file before the engine does: known layers, sane sizes, all its own weights.

Source: the OpenVINO documentation, "OpenVINO IR format" (``net/layers/layer/data``: ``offset``, ``size``).
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from core.errors import ModelLoadError
from inference.ir_layers import require_known_layers
from inference.onnx_file import LARGEST_MODEL_BYTES

LARGEST_NETWORK_BYTES = 16 * 1024 * 1024
OLDEST_FORMAT = 10
"""Formats before that one are read by no OpenVINO of today."""
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY", b"<?xml-stylesheet")
_OTHER_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
"""Readers differ in what they make of a text that is not UTF-8."""
_ROOT = "net"


def require_plain_ir(network: bytes, weights: bytes) -> None:
    """Check that a network in IR is of a sane size, made of known layers, and holds all its weights.

    Raises:
        ModelLoadError: it is too large, not IR, asks for weights that are not there, or has other layers.
    """
    if len(network) > LARGEST_NETWORK_BYTES:
        raise ModelLoadError(f"the network has {len(network)} bytes, {LARGEST_NETWORK_BYTES} are allowed")
    if len(weights) > LARGEST_MODEL_BYTES:
        raise ModelLoadError(f"the weights have {len(weights)} bytes, {LARGEST_MODEL_BYTES} are allowed")
    root = parsed(network)
    if root.tag != _ROOT or not root.get("version", "").isdecimal():
        raise ModelLoadError("the network is not OpenVINO IR")
    if int(root.get("version", "0")) < OLDEST_FORMAT:
        raise ModelLoadError(f"the network is IR of version {root.get('version')}, which is too old")
    require_known_layers(root)
    for layer in root.iter("layer"):
        for offset, size in _asked(layer):
            if offset < 0 or size < 0 or offset + size > len(weights):
                raise ModelLoadError("the network asks for weights that are not in the file beside it")


def parsed(network: bytes) -> Element:
    """Return the root of a network's XML, which must be plain.

    Raises:
        ModelLoadError: it is not.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if any(word in network for word in _FORBIDDEN) or _OTHER_ENCODING.match(network):
        raise ModelLoadError("the network is not plain XML")
    try:
        root: Element = fromstring(network)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise ModelLoadError("the network is not OpenVINO IR") from error
    return root


def _asked(layer: Element) -> Iterator[tuple[int, int]]:
    """Yield where in the file of weights a layer looks, and for how many bytes."""
    for data in layer.iter("data"):
        offset, size = data.get("offset"), data.get("size")
        if offset is None or size is None:
            continue
        if not (offset.isdecimal() and size.isdecimal()):
            raise ModelLoadError("the network is not OpenVINO IR")
        yield int(offset), int(size)
