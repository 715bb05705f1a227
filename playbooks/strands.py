"""Strands: several generators of commands run as one.

A strand yields a `Command` and is sent its outcome, or yields a `Fork` and is sent what its
branches returned. So steps read as a plain sequence, and what runs at the same time needs no
threads, no clock and no event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from playbooks.commands import Cancel, Command, Completed, Outcome


@dataclass(frozen=True)
class Fork:
    """Run branches, at most `limit` at the same time; answered with their results, in order."""

    branches: tuple[Strand, ...]
    limit: int


Strand: TypeAlias = Generator[Command | Fork, Any, Any]


@dataclass(eq=False)
class _Running:
    strand: Strand
    parent: _Forked | None = None
    place: int = 0


@dataclass(eq=False)
class _Forked:
    owner: _Running
    waiting: deque[tuple[int, Strand]]
    results: list[Any] = field(default_factory=list)
    left: int = 0


class UnexpectedOutcomeError(Exception):
    """The driver answered a command that is not pending: a fault of the driver."""


def weave(
    root: Strand, cancel: Callable[[Cancel], None]
) -> Generator[tuple[Command, ...], Completed | Cancel, Any]:
    """Run a strand and all it forks; yields new commands, takes one outcome at a time, returns
    what the root returned. A `Cancel` that is sent instead goes to `cancel`; what is pending stays so.
    Raises `UnexpectedOutcomeError` for an outcome nobody waits for."""
    pending: dict[str, _Running] = {}
    new: list[Command] = []
    finished: list[Any] = []

    def advance(running: _Running, value: Any) -> None:
        ready: deque[tuple[_Running, Any]] = deque([(running, value)])
        while ready:
            here, answer = ready.popleft()
            try:
                asked = here.strand.send(answer)
            except StopIteration as stop:
                if (forked := here.parent) is None:
                    finished.append(stop.value)
                    return
                forked.results[here.place] = stop.value
                forked.left -= 1
                if forked.waiting:
                    place, strand = forked.waiting.popleft()
                    ready.append((_Running(strand, forked, place), None))
                elif forked.left == 0:
                    ready.append((forked.owner, forked.results))
                continue
            if isinstance(asked, Fork):
                count = len(asked.branches)
                forked = _Forked(here, deque(enumerate(asked.branches)), [None] * count, count)
                if not count:
                    ready.append((here, []))
                for _ in range(min(asked.limit, count)):
                    place, strand = forked.waiting.popleft()
                    ready.append((_Running(strand, forked, place), None))
            else:
                if asked.id in pending:
                    raise RuntimeError(f"two commands share the id {asked.id!r}")
                pending[asked.id] = here
                new.append(asked)

    advance(_Running(root), None)
    while not finished:
        completed = yield tuple(new)
        new.clear()
        if isinstance(completed, Cancel):
            cancel(completed)
            continue
        waiting = pending.pop(completed.id, None)
        if waiting is None:
            raise UnexpectedOutcomeError(f"no command {completed.id!r} is pending")
        outcome: Outcome = completed.outcome
        advance(waiting, outcome)
    return finished[0]
