"""The log lines of break-ins that share nothing, so that each becomes an incident of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

NETWORKS = ("203.0.113", "198.51.100", "192.0.2")
"""TEST-NET-3, -2 and -1 (RFC 5737)."""
MOST = 254 * len(NETWORKS)
FAILURES = 6


@dataclass(frozen=True)
class BreakIn:
    number: int
    """0 to `MOST` - 1."""

    @property
    def address(self) -> str:
        return f"{NETWORKS[self.number // 254]}.{self.number % 254 + 1}"

    @property
    def user(self) -> str:
        return f"clerk{self.number}"

    @property
    def host(self) -> str:
        return f"shop-{self.number}"

    def guesses(self, now: datetime) -> list[str]:
        """Return the lines of failed logins in the seconds before `now`."""
        return [
            self.line(
                f"sshd[{100 + attempt}]: Failed password for {self.user} from {self.address} port "
                f"{40000 + attempt} ssh2",
                now - timedelta(seconds=FAILURES - attempt),
            )
            for attempt in range(FAILURES)
        ]

    def login(self, now: datetime) -> str:
        """Return the line of the login that succeeds."""
        return self.line(
            f"sshd[200]: Accepted password for {self.user} from {self.address} port 41000 ssh2", now
        )

    def line(self, text: str, at: datetime) -> str:
        """Return a line of the host in the traditional format of RFC 3164, times in UTC."""
        return f"{at:%b} {at.day:2d} {at:%H:%M:%S} {self.host} {text}"
