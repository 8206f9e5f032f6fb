"""The signals of logind and of screen savers arrive, over a real bus of the test's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[[str], "subprocess.Popen[str]"]
ROOT = Path(__file__).resolve().parent.parent.parent
LISTENER = """
import sys
from PySide6.QtCore import QCoreApplication, QObject
from ui.sleep_watch import SleepWatch
application = QCoreApplication([])
owner = QObject()
watch = SleepWatch(owner)
def told():
    print("told", flush=True)
watch.slept.connect(told)
watch.start()
print("listening", flush=True)
sys.exit(application.exec())
"""
LOGIND = """
import os, sys, threading
from PySide6.QtCore import ClassInfo, QCoreApplication, QObject, QTimer, Slot
from PySide6.QtDBus import QDBusConnection, QDBusUnixFileDescriptor
application = QCoreApplication([])
read, write = os.pipe()
@ClassInfo(**{"D-Bus Interface": "org.freedesktop.login1.Manager"})
class Manager(QObject):
    @Slot(str, str, str, str, result="QDBusUnixFileDescriptor")
    def Inhibit(self, what, who, why, mode):
        print(what, who, mode, flush=True)
        given = QDBusUnixFileDescriptor(write)
        QTimer.singleShot(100, lambda: os.close(write))
        return given
manager = Manager()
bus = QDBusConnection.systemBus()
bus.registerObject("/org/freedesktop/login1", manager, QDBusConnection.RegisterOption.ExportAllSlots)
bus.registerService("org.freedesktop.login1")
def wait():
    os.read(read, 1)
    print("released", flush=True)
threading.Thread(target=wait, daemon=True).start()
print("ready", flush=True)
sys.exit(application.exec())
"""
SIGNALS = (
    ("org.freedesktop.login1.Manager.PrepareForSleep", ("boolean:true",)),
    ("org.freedesktop.login1.Session.Lock", ()),
    ("org.freedesktop.ScreenSaver.ActiveChanged", ("boolean:true",)),
    ("org.gnome.ScreenSaver.ActiveChanged", ("boolean:true",)),
)


pytestmark = pytest.mark.skipif(
    not (shutil.which("dbus-daemon") and shutil.which("dbus-send")), reason="no D-Bus daemon installed"
)


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a bus of the test's own."""
    daemon = ["dbus-daemon", "--session", "--print-address", "--nofork"]
    with subprocess.Popen(daemon, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def run(bus: str) -> Iterator[Run]:
    """Return a function that runs a script on that bus; it is ended with the test."""
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus, "DBUS_SESSION_BUS_ADDRESS": bus}
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=10)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def send(bus: str, name: str, *arguments: str) -> None:
    subprocess.run(["dbus-send", f"--bus={bus}", "--type=signal", "/any/path", name, *arguments], check=True)


def test_each_signal_of_the_system_is_heard_and_waking_up_is_none(bus: str, run: Run) -> None:
    listener = run(LISTENER)
    assert line(listener) == "listening"
    send(bus, "org.freedesktop.login1.Manager.PrepareForSleep", "boolean:false")
    for name, arguments in SIGNALS:
        send(bus, name, *arguments)
        assert line(listener) == "told"
    listener.terminate()
    assert listener.communicate(timeout=10)[0] == ""


def test_the_sleep_waits_until_the_window_is_covered(bus: str, run: Run) -> None:
    logind = run(LOGIND)
    assert line(logind) == "ready"
    listener = run(LISTENER)
    assert line(logind) == "sleep Farlight delay"
    assert line(listener) == "listening"
    send(bus, "org.freedesktop.login1.Manager.PrepareForSleep", "boolean:true")
    assert line(listener) == "told"
    assert line(logind) == "released"
