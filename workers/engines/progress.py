"""What the engines say of themselves: while they start, for a progress display, and how they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Stage(StrEnum):
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Progress:
    engine: str
    """``opensearch`` or ``temporal``."""
    stage: Stage
    text: str
    """For people: ``downloading 118 jars, 76 MB: 43/118``."""
    done: int = 0
    total: int = 0
    """Of what `done` counts, 0 where nothing is counted."""


@dataclass(frozen=True)
class Health:
    engine: str
    ok: bool
    text: str
    """What is wrong, or how it is."""


Report: TypeAlias = Callable[[Progress], None]
"""Takes a progress; called from other threads too."""


def say_nothing(_: Progress) -> None:
    return None
