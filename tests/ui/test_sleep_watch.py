"""The signals of logind and of screen savers arrive, over a real bus of the test's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
SIGNALS = (
    ("org.freedesktop.login1.Manager.PrepareForSleep", ("boolean:true",)),
    ("org.freedesktop.login1.Session.Lock", ()),
    ("org.freedesktop.ScreenSaver.ActiveChanged", ("boolean:true",)),
    ("org.gnome.ScreenSaver.ActiveChanged", ("boolean:true",)),
)


@pytest.mark.skipif(
    not (shutil.which("dbus-daemon") and shutil.which("dbus-send")), reason="no D-Bus daemon installed"
)
def test_each_signal_of_the_system_is_heard_and_waking_up_is_none() -> None:
    daemon = ["dbus-daemon", "--session", "--print-address", "--nofork"]
    with subprocess.Popen(daemon, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bus:
        assert bus.stdout is not None
        address = bus.stdout.readline().strip()
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address, "DBUS_SESSION_BUS_ADDRESS": address}
        with subprocess.Popen(
            [sys.executable, "-c", LISTENER], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline().strip() == "listening"
            send = ["dbus-send", f"--bus={address}", "--type=signal", "/any/path"]
            waking = ["org.freedesktop.login1.Manager.PrepareForSleep", "boolean:false"]
            subprocess.run([*send, *waking], check=True)
            for name, arguments in SIGNALS:
                subprocess.run([*send, name, *arguments], check=True)
                assert listener.stdout.readline().strip() == "told"
            listener.terminate()
            assert listener.stdout.read() == ""
        bus.terminate()
