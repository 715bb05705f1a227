"""Syslog listeners over real sockets: framing, TLS, back-pressure, restarts."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from rules.ecs import get
from workers.collect.sockets import ListenError
from workers.collect_section import SyslogSection
from workers.site_file import CollectSection

from .certificates import Authority
from .conftest import KeptEvents
from .running import collecting, port, said, until

HEAD = "<38>Mar 30 16:01:36"


def message(number: int, host: str = "web-1 ") -> bytes:
    return f"{HEAD} {host}sshd[{number}]: Failed password for root from 203.0.113.7 port 22 ssh2".encode()


def numbers(store: KeptEvents) -> list[int]:
    return sorted(get(document, "process.pid") for document in store.kept.values())


def section(**syslog: object) -> CollectSection:
    return CollectSection.model_validate({"source": "linux.auth", "year": 2026, "syslog": syslog})


async def send(port: int, data: bytes, context: ssl.SSLContext | None = None) -> None:
    more = {"server_hostname": "siem.example.org"} if context else {}
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, **more)
    writer.write(data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_datagrams_and_both_framings_of_tcp(tmp_path: Path, store: KeptEvents) -> None:
    async with collecting(tmp_path, store, section(udp="127.0.0.1:0", tcp="127.0.0.1:0")):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(100):
                sender.sendto(message(number), ("127.0.0.1", port(tmp_path, "udp")))
        counted = b"".join(b"%d %s" % (len(one), one) for one in map(message, range(100, 150)))
        lines = b"".join(one + b"\n" for one in map(message, range(150, 200)))
        await send(port(tmp_path, "tcp"), counted + lines + counted.replace(b"[1", b"[2") + message(300))
        await until(lambda: said(tmp_path).events == 251)
    assert numbers(store) == [*range(200), *range(200, 250), 300]
    assert said(tmp_path).spool is not None
    assert said(tmp_path).spool.depth == 0  # type: ignore[union-attr]


async def test_the_sender_is_noted_and_is_the_host_where_the_record_names_none(
    tmp_path: Path, store: KeptEvents
) -> None:
    async with collecting(tmp_path, store, section(tcp="127.0.0.1:0")):
        await send(port(tmp_path, "tcp"), message(1) + b"\n" + message(2, host="") + b"\n")
        await until(lambda: len(store.kept) == 2)
    events = {get(event, "process.pid"): event for event in store.kept.values()}
    assert {get(event, "log.source.address") for event in events.values()} == {"127.0.0.1"}
    assert [get(events[pid], "host.name") for pid in (1, 2)] == ["web-1", "127.0.0.1"]


async def test_the_same_line_twice_is_two_events_and_unparsed_lines_are_kept(
    tmp_path: Path, store: KeptEvents
) -> None:
    async with collecting(tmp_path, store, section(tcp="127.0.0.1:0")):
        await send(port(tmp_path, "tcp"), 3 * (message(1) + b"\n") + b"\xff\x00 what\n")
        await until(lambda: len(store.kept) == 4)
        await until(lambda: said(tmp_path).unparsed == 1)
    assert said(tmp_path).recent_events == 4


async def test_tls_with_client_certificates(tmp_path: Path, store: KeptEvents) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("siem.example.org")
    entry = section(
        tls="127.0.0.1:0", certificate=certificate.name, key=key.name,
        client_ca=authority.file.name, clients=["web-1.example.org"],
    )  # fmt: skip

    def client(name: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(authority.file))
        if name:
            context.load_cert_chain(*authority.issue(name))
        return context

    async with collecting(tmp_path, store, entry):
        await send(
            port(tmp_path, "tls"), b"%d %s" % (len(message(1)), message(1)), client("web-1.example.org")
        )
        await until(lambda: len(store.kept) == 1)
        for context in (client("web-2.example.org"), client(None)):
            try:
                await send(port(tmp_path, "tls"), message(2) + b"\n", context)
            except (OSError, ssl.SSLError):
                continue
        await until(lambda: said(tmp_path).refused)
    assert numbers(store) == [1]


async def test_only_named_networks_may_send(tmp_path: Path, store: KeptEvents) -> None:
    entry = section(tcp="127.0.0.1:0", udp="127.0.0.1:0", senders=["192.0.2.0/24"])
    async with collecting(tmp_path, store, entry):
        await send(port(tmp_path, "tcp"), message(1) + b"\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(message(2), ("127.0.0.1", port(tmp_path, "udp")))
        await until(lambda: said(tmp_path).refused == 2)
    assert store.kept == {}


async def test_a_full_spool_makes_tcp_senders_wait_and_loses_nothing(
    tmp_path: Path, store: KeptEvents
) -> None:
    entry = section(tcp="127.0.0.1:0").model_copy(update={"spool": 300_000})
    store.away = True
    async with collecting(tmp_path, store, entry):
        _, writer = await asyncio.open_connection("127.0.0.1", port(tmp_path, "tcp"), limit=4096)
        filler = b" " * 900
        wanted = 20_000
        sent = 0

        async def write() -> None:
            nonlocal sent
            for number in range(wanted):
                writer.write(message(number) + filler + b"\n")
                await writer.drain()
                sent = number
            writer.close()

        writing = asyncio.create_task(write())
        await until(lambda: (spool := said(tmp_path).spool) and spool.full)
        await asyncio.sleep(0.2)
        assert not writing.done()
        held = sum(path.stat().st_size for path in (tmp_path / "spool").rglob("*.spool"))
        assert held <= 300_000
        store.away = False
        await writing
        await until(lambda: len(store.kept) == wanted, 60)
    assert numbers(store) == list(range(wanted))


async def test_what_was_received_while_the_store_is_away_is_stored_after_a_restart(
    tmp_path: Path, store: KeptEvents
) -> None:
    store.away = True
    async with collecting(tmp_path, store, section(tcp="127.0.0.1:0", udp="127.0.0.1:0")):
        await send(port(tmp_path, "tcp"), b"".join(message(number) + b"\n" for number in range(3000)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(message(3000), ("127.0.0.1", port(tmp_path, "udp")))
    assert store.kept == {}
    store.away = False
    async with collecting(tmp_path, store, section(tcp="127.0.0.1:0")):
        await until(lambda: len(store.kept) == 3001)
    assert numbers(store) == list(range(3001))


async def test_records_that_make_one_event_are_joined_by_sender_and_not_lost(
    tmp_path: Path, store: KeptEvents
) -> None:
    entry = CollectSection(source="linux.auditd", syslog=SyslogSection(tcp="127.0.0.1:0"))
    call = b"type=SYSCALL msg=audit(1774886496.123:1): arch=c000003e syscall=59 success=yes pid=7\n"
    async with collecting(tmp_path, store, entry):
        await send(port(tmp_path, "tcp"), call)
        await until(lambda: len(store.kept) == 1)  # after nothing more came for a while
    rest = (
        b'type=EXECVE msg=audit(1774886496.123:2): argc=1 a0="id"\ntype=EOE msg=audit(1774886496.123:2): \n'
    )
    async with collecting(tmp_path, store, entry):
        await send(port(tmp_path, "tcp"), call.replace(b":1)", b":2)") + rest)
        await until(lambda: len(store.kept) == 2)
    assert [get(event, "process.args") for event in store.kept.values()] == [None, ["id"]]


async def test_an_address_that_is_taken_is_named(tmp_path: Path, store: KeptEvents) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"can't listen at {listen}"):
            async with collecting(tmp_path, store, section(tcp=listen)):
                pass


async def test_what_the_kernel_throws_away_is_counted(tmp_path: Path, store: KeptEvents) -> None:
    store.away = True
    entry = section(udp="127.0.0.1:0", receive_buffer=1 << 14).model_copy(update={"spool": 50_000})
    async with collecting(tmp_path, store, entry):
        address = ("127.0.0.1", port(tmp_path, "udp"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(3000):
                sender.sendto(message(number), address)
        await until(lambda: said(tmp_path).dropped > 0)
        store.away = False
        await until(lambda: (state := said(tmp_path)).dropped + state.events == 3000)
    assert said(tmp_path).recent_dropped == said(tmp_path).dropped
