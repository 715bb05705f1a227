"""The data folder: one owner, room and rights, told in one message with a remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.engines.errors import DiskFullError, FolderLockedError, FolderNotWritableError
from workers.engines.folder import MB, DataFolder, Runtime

NOBODY = 65534


def test_a_second_copy_is_told_who_has_the_folder(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from workers.engines.folder import DataFolder\n"
        f"folder = DataFolder(Path({str(tmp_path)!r})); folder.take(need_bytes=0)\n"
        "print('taken', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "up"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(
            FolderLockedError, match=rf"-c up` \(pid {other.pid}\).*(.|\n)*SIEM_DATA"
        ) as caught:
            DataFolder(tmp_path).take(need_bytes=0)
        assert caught.value.pid == other.pid
        other.kill()
    folder = DataFolder(tmp_path)
    folder.take(need_bytes=0)
    folder.give_up()


def test_too_little_room_is_said_before_anything_starts(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(DiskFullError, match=r"only \d+ MB are free"):
        folder.take(need_bytes=1 << 60)
    folder.take(need_bytes=0)
    folder.give_up()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "siem-test", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 3 * MB)
    with pytest.raises(DiskFullError, match="another disk"):
        DataFolder(small_disk / "data").take(need_bytes=2 * MB)
    with (small_disk / "more").open("wb") as more, pytest.raises(OSError, match="No space"):
        more.write(b"x" * 3 * MB)
    with pytest.raises((DiskFullError, FolderNotWritableError), match="SIEM_DATA"):
        DataFolder(small_disk / "data").take(need_bytes=0)


def test_a_folder_without_rights_names_the_user_and_the_remedy(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    root = os.geteuid() == 0
    if root:
        tmp_path.chmod(0o755)
        os.seteuid(NOBODY)
    try:
        with pytest.raises(FolderNotWritableError, match=r"Permission denied\n.*right to write.*SIEM_DATA"):
            DataFolder(closed / "data").take(need_bytes=0)
    finally:
        if root:
            os.seteuid(0)


def test_a_damaged_runtime_file_counts_as_nothing(tmp_path: Path) -> None:
    for text in ("", "{", '{"owner": "x"}', "\x00"):
        (tmp_path / "runtime.json").write_text(text)
        assert DataFolder(tmp_path).read_runtime() == Runtime()
