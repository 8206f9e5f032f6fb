"""What every test has: no network, the data folder where there is one, a real display on request."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import virtual_display

DATA_VARIABLE = "FARLIGHT_DATA"
NO_DATA = f"{DATA_VARIABLE} does not name a folder with the public images"
_data_named = os.environ.get(DATA_VARIABLE, "")
DATA = Path(_data_named) if _data_named and Path(_data_named).is_dir() else None


class NetworkBlockedError(AssertionError):
    """A test tried to reach a network: Farlight works offline."""


def pytest_xdist_auto_num_workers() -> int:
    """Run two workers more than there are cores: tests of windows and of child processes wait a lot."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests: at the end all workers but one would wait for them."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked ``data`` where the data folder is absent."""
    if DATA is None and item.get_closest_marker("data") is not None:
        pytest.skip(NO_DATA)


@pytest.fixture(autouse=True)
def _no_profile_of_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    # Verbs name their profile in the environment, for the processes that they start; no test inherits it.
    monkeypatch.setenv("FARLIGHT_PROFILE", "")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    # Unix sockets stay open: multiprocessing and the X server need them.
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "bind", "sendto"):
            patch.setattr(socket.socket, name, _only_unix(name), raising=False)
        patch.setattr(socket, "getaddrinfo", _refuse)
        yield


def _only_unix(name: str) -> object:
    real = getattr(socket.socket, name)

    def guarded(self: socket.socket, *arguments: object) -> object:
        if self.family != getattr(socket, "AF_UNIX", None):
            _refuse(*arguments)
        return real(self, *arguments)

    return guarded


def _refuse(*arguments: object, **named: object) -> None:
    raise NetworkBlockedError("A test tried to reach a network; Farlight works offline.")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of public images named by FARLIGHT_DATA; tests are skipped where it is absent."""
    if DATA is None:
        pytest.skip(NO_DATA)
    return DATA


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a real X display of our own with a window manager; DISPLAY is set to it."""
    if virtual_display.missing():
        pytest.skip(f"{' and '.join(virtual_display.missing())} not installed (make setup-dev says how)")
    with virtual_display.virtual_display() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        patch.delenv("WAYLAND_DISPLAY", raising=False)
        patch.delenv("QT_QPA_PLATFORM", raising=False)
        yield name
