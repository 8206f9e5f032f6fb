"""Removable media are told apart from the computer's own disks."""

from pathlib import Path

import pytest

from imaging.media import Medium, list_media, removable_mounts

MOUNTS = r"""
22 27 0:21 / /proc rw,nosuid shared:5 - proc proc rw
27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
60 27 8:17 / /mnt/stick rw,relatime shared:2 - vfat /dev/sdb1 rw
61 27 8:33 / /srv/data rw,relatime shared:3 - ext4 /dev/sdc1 rw
62 27 8:49 / /run/media/ada/X\040RAY\0402 rw,nosuid shared:4 - exfat /dev/sdd1 rw
63 27 11:0 / /mnt/disc ro shared:6 - iso9660 /dev/sr0 ro
64 27 179:1 / /mnt/card rw shared:7 - vfat /dev/mmcblk0p1 rw
65 27 0:50 / /media/share rw - cifs //server/share rw
"""


@pytest.fixture
def sys_folder(tmp_path: Path) -> Path:
    devices = {
        "8:17": "devices/pci0000/usb1/1-1/block/sdb/sdb1",
        "8:33": "devices/pci0000/ata1/block/sdc/sdc1",
        "179:1": "devices/platform/mmc0/block/mmcblk0/mmcblk0p1",
    }
    (tmp_path / "dev/block").mkdir(parents=True)
    for number, folder in devices.items():
        (tmp_path / folder).mkdir(parents=True)
        removable = "1" if "mmc" in folder else "0"
        (tmp_path / folder).parent.joinpath("removable").write_text(removable + "\n")
        (tmp_path / "dev/block" / number).symlink_to(tmp_path / folder)
    return tmp_path


def test_sticks_cards_and_discs_are_found_and_fixed_disks_are_not(sys_folder: Path) -> None:
    assert removable_mounts(MOUNTS, sys_folder) == [
        Medium(name="stick", path=Path("/mnt/stick")),
        Medium(name="X RAY 2", path=Path("/run/media/ada/X RAY 2")),
        Medium(name="disc", path=Path("/mnt/disc")),
        Medium(name="card", path=Path("/mnt/card")),
    ]


@pytest.mark.parametrize("text", ["", "nonsense", "1 2 3 - ", "a b c d e - x /dev/y"])
def test_a_table_that_makes_no_sense_gives_nothing(text: str, sys_folder: Path) -> None:
    assert removable_mounts(text, sys_folder) == []


def test_this_computer_can_be_asked() -> None:
    assert all(medium.path.is_absolute() for medium in list_media())
