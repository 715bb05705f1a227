"""Syslog over UDP (RFC 5426): a thread of its own reads datagrams into the spool.

UDP has no back-pressure: what we do not read in time the kernel throws away. So its buffer is made
large, nothing but reading happens in the thread, and what was thrown away is counted.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from workers.collect.pushed import AGAIN, Pushed, now_us
from workers.collect.sockets import ListenError, plain_address, shown
from workers.collect.spool import Item, SpoolFullError
from workers.site_values import address_of

AT_ONCE = 4096
"""Datagrams that are taken together."""
DATAGRAM = 65_535
_SO_RCVBUFFORCE = 33
"""Linux, socket(7): beyond the limit of ``net.core.rmem_max``, for root."""

log = structlog.get_logger(__name__)
_Datagram = tuple[bytes, tuple[str, int]]


class DatagramReader:
    def __init__(self, listen: str, buffer: int, pushed: Pushed, allowed: Callable[[str], bool]) -> None:
        """Raises `ListenError`."""
        host, port = address_of(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise ListenError(f"can't listen at {listen}: {error.strerror or error}") from error
        self.address = shown(self._socket)
        self._pushed = pushed
        self._allowed = allowed
        self._ask_for(buffer)
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = 0

    def _ask_for(self, buffer: int) -> None:
        for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, option, buffer)
                break
            except OSError:
                continue
        # The kernel answers twice what was asked for, to count its own records in: socket(7).
        granted = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        if granted < buffer:
            log.warning(
                "the kernel holds less UDP than asked for while we are busy",
                asked=buffer, granted=granted, remedy=f"sysctl -w net.core.rmem_max={buffer}",
            )  # fmt: skip

    def start(self) -> None:
        self._thread = threading.Thread(target=self._read, name=f"udp {self.address}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        self._stopped.set()
        self._socket.close()

    def new_drops(self) -> int:
        """Return how many datagrams the kernel threw away since this was last asked."""
        now = kernel_drops(self._socket)
        new, self._told = max(0, now - self._told), now
        return new

    def _read(self) -> None:
        while not self._stopped.is_set():
            self._socket.settimeout(0.2)
            try:
                first = self._socket.recvfrom(DATAGRAM)
            except TimeoutError:
                continue
            self._take([first, *self._rest()])
        while found := self._rest():
            self._take(found)

    def _rest(self) -> list[_Datagram]:
        """Return what lies in the kernel's buffer, without waiting for more."""
        found: list[_Datagram] = []
        self._socket.settimeout(0)
        try:
            while len(found) < AT_ONCE:
                found.append(self._socket.recvfrom(DATAGRAM))
        except BlockingIOError:
            pass
        return found

    def _take(self, datagrams: list[_Datagram]) -> None:
        run, now = self._pushed.run_id, now_us()
        items = []
        for data, sender in datagrams:
            address = plain_address(sender[0])
            if not self._allowed(address):
                self._pushed.counts.refused += 1
            elif message := data.rstrip(b"\r\n\0"):
                items.append(Item(f"{address}-{run}-u{next(self._numbers)}", address, "", now, message))
        while items:
            try:
                self._pushed.spool.append(items).result()
            except SpoolFullError:
                # Not read meanwhile: the kernel's buffer fills, and what it throws away is counted.
                if self._stopped.is_set():
                    self._told -= len(items)
                    return
                time.sleep(AGAIN)
            else:
                self._pushed.counts.receive(len(items))
                return


def kernel_drops(receiver: socket.socket) -> int:
    """Return how many datagrams the kernel threw away for a socket, by ``/proc/net/udp``: proc(5)."""
    inode = str(os.fstat(receiver.fileno()).st_ino)
    table = Path("/proc/net/udp6" if receiver.family == socket.AF_INET6 else "/proc/net/udp")
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return 0
    return next((int(fields[-1]) for fields in map(str.split, lines) if fields[9] == inode), 0)
