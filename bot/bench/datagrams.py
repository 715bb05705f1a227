"""Sends syslog datagrams at a rate: ``python -m bot.bench.datagrams PORT RATE COUNT`` prints the rate it
reached. A process of its own, so that it takes nothing from the one that is measured but the processor."""

from __future__ import annotations

import socket
import sys
import time

MESSAGE = b"<38>Mar 30 16:01:36 web-1 sshd[%d]: Failed password for root from 203.0.113.7 port %d ssh2"
PAUSE = 0.0005
"""Seconds between two bursts."""


def send(port: int, rate: float, count: int) -> float:
    """Send `count` datagrams to loopback at `rate` a second, or as fast as it goes; return the rate."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        begun = time.perf_counter()
        sent = 0
        while sent < count:
            due = min(count, int((time.perf_counter() - begun) * rate) + 1)
            for number in range(sent, due):
                sender.send(MESSAGE % (number, number % 65536))
            sent = due
            time.sleep(PAUSE)
        return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(send(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
