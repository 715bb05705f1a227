"""Every line once, whatever becomes of its file: rotation, truncation, packing, late files, restarts."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from integrations.catalogue import source
from rules.ecs import get
from workers.collect import collector as collector_module
from workers.collect.collector import Collector
from workers.collect.positions import Positions
from workers.collect.tail import CHUNK
from workers.site_file import CollectSection

from .conftest import KeptEvents


def line(number: int) -> str:
    head = f"Mar 30 16:01:{number % 60:02d} web-1 sshd[{number}]:"
    return f"{head} Failed password for root from 203.0.113.7 port 51320 ssh2"


def append(path: Path, *numbers: int) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(line(number) + "\n" for number in numbers)


class Tailing:
    """Collectors over one folder, restarted as often as a test likes."""

    def __init__(self, folder: Path, store: KeptEvents, *patterns: str) -> None:
        self.folder = folder
        self.store = store
        self.section = CollectSection(source="linux.auth", files=patterns or ("auth.log*",), year=2026)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Collector]:
        positions = Positions(self.folder / "state" / "positions.sqlite")
        collector = Collector(
            self.section, source(self.section.source), self.store, positions, root=self.folder
        )
        try:
            yield collector
        finally:
            await collector.close()
            positions.close()

    async def catch_up(self) -> list[int]:
        """Start, read all there is, stop; return the numbers of the lines stored, in order of storage."""
        async with self.started() as collector:
            await settle(collector)
        return self.numbers()

    def numbers(self) -> list[int]:
        return [get(document, "process.pid") for document in self.store.kept.values()]


async def settle(collector: Collector) -> None:
    collector._look_next = 0.0
    while await collector.step():
        pass


@pytest.fixture
def tailing(tmp_path: Path, store: KeptEvents) -> Tailing:
    return Tailing(tmp_path, store)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "auth.log"


async def test_lines_are_read_once_over_restarts(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    assert await tailing.catch_up() == [1, 2]
    append(log, 3)
    assert await tailing.catch_up() == [1, 2, 3]
    calls = tailing.store.calls
    assert await tailing.catch_up() == [1, 2, 3]
    assert tailing.store.calls == calls


async def test_where_and_when_an_event_was_read_is_in_it(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    await tailing.catch_up()
    second = list(tailing.store.kept.values())[1]
    assert second["log"]["file"]["path"] == str(log)
    assert second["log"]["offset"] == len(line(1)) + 1
    assert second["@timestamp"] == "2026-03-30T16:01:02.000Z"


async def test_a_partial_last_line_waits_for_its_end(tailing: Tailing, log: Path) -> None:
    append(log, 1)
    with log.open("a", encoding="utf-8") as file:
        file.write(line(2)[:40])
    async with tailing.started() as collector:
        await settle(collector)
        assert tailing.numbers() == [1]
        with log.open("a", encoding="utf-8") as file:
            file.write(line(2)[40:] + "\n")
        await settle(collector)
    assert tailing.numbers() == [1, 2]
    assert tailing.store.originals == [line(1), line(2)]


async def test_a_partial_last_line_that_stays_so_is_taken(
    tailing: Tailing, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(log, 1)
    with log.open("a", encoding="utf-8") as file:
        file.write(line(2))
    monkeypatch.setattr(collector_module, "PARTIAL_SECONDS", -1.0)
    assert await tailing.catch_up() == [1, 2]


async def test_rename_and_create(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    async with tailing.started() as collector:
        await settle(collector)
        log.rename(log.with_suffix(".log.1"))
        append(log.with_suffix(".log.1"), 3)  # the writer has not noticed yet
        append(log, 4)
        await settle(collector)
        append(log, 5)
        await settle(collector)
    assert sorted(tailing.numbers()) == [1, 2, 3, 4, 5]


async def test_a_renamed_file_that_no_pattern_finds_is_read_to_its_end(
    tmp_path: Path, log: Path, store: KeptEvents
) -> None:
    tailing = Tailing(tmp_path, store, "auth.log")
    append(log, 1)
    async with tailing.started() as collector:
        await settle(collector)
        log.rename(tmp_path / "elsewhere")
        append(tmp_path / "elsewhere", 2)
        append(log, 3)
        await settle(collector)
    assert sorted(tailing.numbers()) == [1, 2, 3]


async def test_rotation_while_it_was_not_running(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    await tailing.catch_up()
    append(log, 3)
    log.rename(log.with_suffix(".log.1"))
    append(log, 4)
    assert await tailing.catch_up() == [1, 2, 3, 4]


@pytest.mark.parametrize("running", [True, False])
async def test_copytruncate(tailing: Tailing, log: Path, running: bool) -> None:
    append(log, 1, 2)
    copy = log.with_suffix(".log.1")

    def rotate() -> None:
        append(log, 3)  # not read before it is truncated: only the copy has it
        shutil.copyfile(log, copy)
        os.truncate(log, 0)
        append(log, 4)

    if running:
        async with tailing.started() as collector:
            await settle(collector)
            rotate()
            await settle(collector)
    else:
        await tailing.catch_up()
        rotate()
        await tailing.catch_up()
    assert sorted(tailing.numbers()) == [1, 2, 3, 4]


async def test_truncation_that_has_grown_past_the_old_place_is_seen(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    async with tailing.started() as collector:
        await settle(collector)
        os.truncate(log, 0)
        append(log, 1, 7, 8, 9)  # even the first line is the same
        await settle(collector)
    assert sorted(tailing.numbers()) == [1, 1, 2, 7, 8, 9]


async def test_a_truncated_file_is_not_read_twice_over_a_restart(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    await tailing.catch_up()
    os.truncate(log, 0)
    append(log, 1)
    await tailing.catch_up()
    append(log, 3)
    assert sorted(await tailing.catch_up()) == [1, 1, 2, 3]


async def test_a_packed_rotated_file_is_the_file_it_was(tailing: Tailing, log: Path) -> None:
    append(log, 1, 2)
    await tailing.catch_up()
    append(log, 3)
    log.with_suffix(".log.2.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    append(log, 4)
    assert sorted(await tailing.catch_up()) == [1, 2, 3, 4]
    assert sorted(await tailing.catch_up()) == [1, 2, 3, 4]


async def test_a_packed_file_half_written_is_read_once_it_is_whole(tailing: Tailing, log: Path) -> None:
    packed = gzip.compress("".join(line(number) + "\n" for number in range(5000)).encode())
    path = log.with_suffix(".log.gz")
    path.write_bytes(packed[:-200])
    async with tailing.started() as collector:
        await settle(collector)
        assert str(path) in collector.state().unreadable
        path.write_bytes(packed)
        await settle(collector)
        assert collector.state().unreadable == {}
    assert sorted(tailing.numbers()) == list(range(5000))


async def test_a_packed_file_is_unpacked_once(
    tailing: Tailing, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress("".join(line(number) + "\n" for number in range(20_000)).encode())
    log.with_suffix(".log.gz").write_bytes(packed)
    unpacked = 0
    read = gzip.GzipFile.read

    def counted(file: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal unpacked
        data = read(file, size)
        unpacked += len(data)
        return data

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    async with tailing.started() as collector:
        for _ in range(3):
            await settle(collector)
    assert len(tailing.store.originals) == 20_000
    assert unpacked < 1.2 * sum(len(text) + 1 for text in tailing.store.originals)


def store_lines(tailing: Tailing) -> list[str]:
    return tailing.store.originals


async def test_a_file_that_appears_later_and_one_behind_a_symlink(
    tailing: Tailing, tmp_path: Path, log: Path
) -> None:
    async with tailing.started() as collector:
        await settle(collector)
        append(tmp_path / "real", 1)
        log.symlink_to(tmp_path / "real")
        await settle(collector)
        append(tmp_path / "other", 2)
        log.unlink()
        log.symlink_to(tmp_path / "other")
        await settle(collector)
        append(tmp_path / "real", 3)
        await settle(collector)
    assert sorted(tailing.numbers()) == [1, 2, 3]


async def test_two_names_of_one_file_are_one(tailing: Tailing, log: Path) -> None:
    append(log, 1)
    log.with_suffix(".log.link").hardlink_to(log)
    assert await tailing.catch_up() == [1]


async def test_files_that_begin_alike_are_told_apart(tailing: Tailing, log: Path, tmp_path: Path) -> None:
    append(log, 0, 1)
    await tailing.catch_up()
    append(tmp_path / "auth.log.b", 0, 2, 3)
    assert sorted(await tailing.catch_up()) == [0, 0, 1, 2, 3]


async def test_a_line_longer_than_a_read_is_kept_in_pieces(tailing: Tailing, log: Path) -> None:
    log.write_bytes(b"x" * (CHUNK + 10) + b"\n")
    append(log, 1)
    await tailing.catch_up()
    kinds = [document["event"]["kind"] for document in tailing.store.kept.values()]
    assert kinds == ["pipeline_error", "pipeline_error", "event"]
    assert str(CHUNK) in next(iter(tailing.store.kept.values()))["event"]["reason"]


async def test_batches_are_bounded_and_places_kept_between_them(tailing: Tailing, log: Path) -> None:
    append(log, *range(9000))
    assert sorted(await tailing.catch_up()) == list(range(9000))
    assert tailing.store.largest <= 3000


def audit(serial: int, kind: str, rest: str = "") -> str:
    return f"type={kind} msg=audit(1774886496.123:{serial}): {rest}\n"


async def test_records_that_make_one_event_are_joined_over_reads_and_restarts(
    tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    tailing = Tailing(tmp_path, store, "audit.log")
    tailing.section = CollectSection(source="linux.auditd", files=("audit.log",))
    path = tmp_path / "audit.log"
    call = audit(1, "SYSCALL", "arch=c000003e syscall=59 success=yes pid=7")
    path.write_text(call)
    async with tailing.started() as collector:
        await settle(collector)
        assert store.kept == {}  # held back, so its place is not kept
    with path.open("a") as file:
        file.write(
            audit(1, "EXECVE", 'argc=1 a0="id"') + audit(2, "SYSCALL", "syscall=59 pid=8") + audit(1, "EOE")
        )
    async with tailing.started() as collector:
        await settle(collector)
        assert [get(event, "process.args") for event in store.kept.values()] == [["id"]]
        monkeypatch.setattr(collector_module, "FLUSH_SECONDS", -1.0)
        await settle(collector)
    assert tailing.numbers() == [7, 8]
    with path.open("a") as file:
        file.write(audit(3, "USER_END", "pid=9"))
    assert await tailing.catch_up() == [7, 8, 9]


async def test_a_header_is_known_again_after_a_restart_and_keeps_nobody_busy(
    tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    tailing = Tailing(tmp_path, store)
    tailing.section = CollectSection(source="iis.access", files=("u_ex.log",))
    path = tmp_path / "u_ex.log"
    path.write_text("#Fields: date time c-ip sc-status cs-method\n2026-01-08 09:00:00 192.0.2.1 200 GET\n")
    monkeypatch.setattr(collector_module, "FLUSH_SECONDS", -1.0)
    async with tailing.started() as collector:
        await settle(collector)  # ends
    with path.open("a") as file:
        file.write("2026-01-08 09:00:01 192.0.2.2 404 GET\n")
    async with tailing.started() as collector:
        await settle(collector)
    assert [get(event, "source.ip") for event in store.kept.values()] == ["192.0.2.1", "192.0.2.2"]
