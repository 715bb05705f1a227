"""The spool: nothing that it took is lost, whatever dies when, and it never grows beyond its limit."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import wait
from pathlib import Path

import pytest

from workers.collect import spool as spool_module
from workers.collect.spool import Item, Spool, SpoolFullError

LIMIT = 1 << 30


def item(number: int, size: int = 20) -> Item:
    return Item(f"p-{number}", "192.0.2.1", "web-1", 1_700_000_000_000_000 + number, b"%0*d" % (size, number))


def take(spool: Spool, *numbers: int, size: int = 20) -> None:
    spool.append([item(number, size) for number in numbers]).result(10)


def numbers(spool: Spool) -> list[int]:
    found = []
    while frames := spool.read():
        found += [int(one.data) for frame in frames for one in frame.items]
    return found


def test_what_was_taken_is_given_in_order_and_again_until_it_is_stored(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    take(spool, 1, 2)
    take(spool, 3)
    first, second = spool.read()
    assert first.items == (item(1), item(2))
    assert second.items == (item(3),)
    assert spool.read() == []
    spool.commit(first.end)
    spool.close()
    again = Spool(tmp_path, LIMIT)
    take(again, 4)
    assert numbers(again) == [3, 4]
    again.close()


def test_segments_go_when_they_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT", 1000)
    spool = Spool(tmp_path, LIMIT)
    for number in range(200):
        take(spool, number)
    assert len(list(tmp_path.glob("*.spool"))) > 5
    frames = spool.read(most=1 << 30)
    assert len(frames) == 200
    spool.commit(frames[-1].end)
    assert spool.depth == 0
    assert len(list(tmp_path.glob("*.spool"))) == 1
    spool.close()


def test_a_full_spool_refuses_until_something_is_stored(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    taken = 0
    while (future := spool.append([item(taken)])).exception(10) is None:
        taken += 1
    with pytest.raises(SpoolFullError, match="of 10,000 bytes"):
        future.result()
    assert taken > 100
    assert spool.depth <= 10_000
    assert spool.full_since
    spool.commit(spool.read(most=5000)[-1].end)
    take(spool, taken)
    assert spool.full_since is None
    spool.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 11_000


def test_a_disk_that_fails_is_told_to_the_sender_and_nothing_half_written_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, LIMIT)
    take(spool, 1)
    real = spool_module.os.fdatasync

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool_module.os, "fdatasync", no_room)
    with pytest.raises(SpoolFullError, match="No space left"):
        take(spool, 2)
    monkeypatch.setattr(spool_module.os, "fdatasync", real)
    take(spool, 3)
    assert numbers(spool) == [1, 3]
    spool.close()
    again = Spool(tmp_path, LIMIT)
    assert numbers(again) == [1, 3]
    again.close()


@pytest.mark.parametrize("cut", [1, 7, 9, 60])
def test_the_end_of_a_frame_that_was_being_written_is_cut_off(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path, LIMIT)
    take(spool, 1)
    take(spool, 2)
    spool.close()
    path = next(tmp_path.glob("*.spool"))
    path.write_bytes(path.read_bytes()[:-cut])
    again = Spool(tmp_path, LIMIT)
    take(again, 3)
    assert numbers(again) == [1, 3]
    assert again.damaged == 0
    again.close()


@pytest.mark.parametrize("last", [False, True])
def test_what_was_altered_is_kept_aside_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    if not last:
        monkeypatch.setattr(spool_module, "SEGMENT", 1)
    spool = Spool(tmp_path, LIMIT)
    take(spool, 1)
    take(spool, 2)
    spool.close()
    path = max(tmp_path.glob("*.spool")) if last else min(tmp_path.glob("*.spool"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    again = Spool(tmp_path, LIMIT)
    take(again, 3)
    assert numbers(again) == ([1, 3] if last else [2, 3])
    assert again.damaged == 1
    assert b"0000002" in (kept := next(tmp_path.glob("*.damaged")).read_bytes()) or b"0000000" in kept
    again.close()


def test_a_segment_that_rots_while_it_is_written_stops_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    take(spool, 1)
    path = next(tmp_path.glob("*.spool"))
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert spool.read() == []
    take(spool, 2)
    take(spool, 3)
    assert numbers(spool) == [2, 3]
    assert spool.damaged == 1
    spool.close()


def test_those_who_come_at_once_share_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = []
    real = spool_module.os.fdatasync

    def slow(file: int) -> None:
        syncs.append(file)
        time.sleep(0.02)
        real(file)

    monkeypatch.setattr(spool_module.os, "fdatasync", slow)
    spool = Spool(tmp_path, LIMIT)
    wait([spool.append([item(number)]) for number in range(500)], 20)
    assert numbers(spool) == list(range(500))
    assert len(syncs) < 50
    spool.close()


KILLED = """
    import sys
    from pathlib import Path
    from workers.collect.spool import Item, Spool
    from workers.collect import spool as module

    module.SEGMENT = 4000
    start = int(sys.argv[2])
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    for number in range(start, start + 100_000, 3):
        items = [Item("p", "a", "", 0, b"%d" % n) for n in range(number, number + 3)]
        spool.append(items).result()
        print(number + 3, flush=True)
"""


def test_killed_at_any_moment_it_has_what_it_said(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    seed = random.Random(11)
    said = 0
    for _ in range(40 if request.config.getoption("--kills") == "all" else 5):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(said)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seed.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().decode().split()
        process.wait()
        process.stdout.close()
        said = int(lines[-1]) if lines else said + 3
    spool = Spool(tmp_path, LIMIT)
    found = numbers(spool)
    spool.close()
    assert set(range(said)) <= set(found)
    # What was written but not said yet is there too: whole requests, at most one for each kill.
    assert len(found) - len(set(found)) <= 3 * 40
