"""Sockets are blocked while tests run, so that the promise to work offline is kept."""

import socket
import subprocess
import urllib.request

import pytest


def test_a_connection_over_the_network_is_refused() -> None:
    with pytest.raises(AssertionError, match="offline"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match="offline"):
        urllib.request.urlopen("http://farlight.invalid/")


def test_a_unix_socket_still_works() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        assert other.recv(1) == b"x"


@pytest.mark.display
def test_the_display_fixture_gives_a_server_with_a_window_manager(display: str) -> None:
    said = subprocess.run(
        ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], capture_output=True, text=True, check=True
    )
    assert "window id" in said.stdout
    assert display.startswith(":")
