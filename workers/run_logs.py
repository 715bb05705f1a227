"""The logs of long playbook runs: what became of each command, kept in the store between two histories.

A log may be megabytes, so it never is part of a workflow's input: it is kept in parts, and read part by
part. A part is JSON lines, one `Completed` each, or the run's `Cancel`; it travels compressed, since what a
look-up answers mostly repeats.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from integrations.ports import KeptAlteredError, KeptGoneError, KeptItem, Site
from playbooks.commands import Cancel, Completed
from workers.contract import LogPart
from workers.messages import KeepLog, KeptLog

PART_BYTES = 500_000
"""JSON of one part; a single outcome may be more, and a part of its own."""
PART_COUNT = 500
"""Outcomes of one part."""
ENTRY: TypeAdapter[Completed | Cancel] = TypeAdapter(Completed | Cancel)


class RunLogs:
    def __init__(self, site: Site) -> None:
        self._site = site

    @activity.defn(name="run.keep_log")
    async def keep(self, log: KeepLog) -> KeptLog:
        """Keep outcomes in parts. The same again changes nothing."""
        store = self._site.results
        if store is None:
            raise ApplicationError("nothing can be kept here", type="no_store", non_retryable=True)
        parts: list[LogPart] = []
        for number, lines in enumerate(_parts(log.outcomes), log.first):
            data = b"\n".join(lines)
            about = f"{log.run}/{number}/".encode()  # and the content: a task done again may have seen more
            name = f"log-{hashlib.sha256(about + data).hexdigest()[:24]}"
            item = KeptItem(
                id=name, kind="log", incident=log.incident, run=log.workflow, at=self._site.clock.now(),
                about={"part": str(number)},
            )  # fmt: skip
            await store.keep(item, data)
            parts.append(LogPart(id=name, count=len(lines), packed=len(_pack(data))))
        return KeptLog(parts=tuple(parts))

    @activity.defn(name="run.read_log")
    async def read(self, part: LogPart) -> str:
        """Return a part as `unpack_log` takes it."""
        assert self._site.results is not None
        try:
            return _pack(await self._site.results.fetch(part.id))
        except (KeptGoneError, KeptAlteredError) as error:
            raise ApplicationError(f"the run's log is not whole: {error}", type="log") from error

    @activity.defn(name="run.forget_log")
    async def forget(self, workflow: str) -> None:
        if self._site.results is not None:
            await self._site.results.forget(workflow)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.keep, self.read, self.forget]


def _parts(outcomes: Sequence[Completed | Cancel]) -> Iterator[list[bytes]]:
    lines: list[bytes] = []
    size = 0
    for outcome in outcomes:
        line = outcome.model_dump_json().encode()
        if lines and (size + len(line) > PART_BYTES or len(lines) >= PART_COUNT):
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield lines


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 6)).decode()


def unpack_log(text: str) -> Iterator[Completed | Cancel]:
    """Yield a part's outcomes."""
    for line in zlib.decompress(base64.b64decode(text)).split(b"\n"):
        yield ENTRY.validate_json(line)
