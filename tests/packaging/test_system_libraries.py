"""What ldd says becomes the one line to type."""

import sys
from pathlib import Path

import pytest
import system_libraries

LDD_OF_A_CLEAN_DEBIAN = """\
\tlinux-vdso.so.1 (0x00007ffd9d3f2000)
\tlibQt6XcbQpa.so.6 => /a/b/libQt6XcbQpa.so.6 (0x00007f6c1c200000)
\tlibxcb-icccm.so.4 => not found
\tlibxcb-keysyms.so.1 => not found
\tlibxcb-cursor.so.0 => not found
\tlibxcb-icccm.so.4 => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f6c1b000000)
"""


def test_each_missing_library_is_named_once() -> None:
    missing = system_libraries.missing_in(LDD_OF_A_CLEAN_DEBIAN)
    assert missing == ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1")


def test_missing_libraries_are_mapped_to_their_debian_packages() -> None:
    packages, unknown = system_libraries.packages_for(system_libraries.missing_in(LDD_OF_A_CLEAN_DEBIAN))
    assert packages == ("libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1")
    assert unknown == ()


def test_a_library_that_the_table_does_not_know_is_said_and_not_dropped() -> None:
    packages, unknown = system_libraries.packages_for(["libnew.so.9", "libGL.so.1"])
    assert packages == ("libgl1",)
    assert unknown == ("libnew.so.9",)


def test_the_command_has_sudo_for_everyone_but_root() -> None:
    assert system_libraries.install_command(["libgl1"], root=False).startswith("sudo apt-get install -y ")
    assert system_libraries.install_command(["libgl1"], root=True).startswith("apt-get install -y ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ldd is Linux's")
def test_every_library_that_qt_needs_here_is_in_the_table_or_part_of_the_wheel() -> None:
    folder = (
        Path(sys.prefix)
        / "lib"
        / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        / "site-packages/PySide6"
    )
    plugin = folder / "Qt/plugins/platforms/libqxcb.so"
    needed = [line.split()[0] for line in system_libraries._ldd(plugin).splitlines() if "=> /" in line]
    of_x11 = [
        name for name in needed if name.startswith(("libxcb", "libX", "libxkb", "libGL", "libEGL", "libfont"))
    ]
    assert of_x11
    assert not [name for name in of_x11 if name not in system_libraries.DEBIAN_PACKAGES]


def test_programs_that_are_not_on_the_path_are_missing() -> None:
    wanted = {"sh": "dash", "no-such-program-farlight": "some-package"}
    assert system_libraries.missing_programs(wanted) == ("some-package",)
