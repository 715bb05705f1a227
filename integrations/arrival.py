"""What a pushing sender brings, whatever its wire format made of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """A piece of what was sent: one record, or as many as the source's framing finds in it."""

    data: bytes
    id: str | None = None
    """The sender's own id of it, the same when it is sent again; None where it gives none."""
    host: str = ""
    """The host it is of, where the sender says so outside the record."""
    single: bool = False
    """It is one record, even with line ends in it."""


class ArrivalError(ValueError):
    """What was sent is not of its wire format; the text says what was expected where."""
