"""The demo's stages: each is checked against the engines, timed, and said in one line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

import httpx
from slack_sdk.errors import SlackApiError
from temporalio.service import RPCError

from bot.workspace.acts import ActError
from integrations.ports import StoreError
from workers.desk import DeskError

T = TypeVar("T")


class StageError(Exception):
    """A stage did not come out as it must; the text says what was seen instead."""


EXPECTED = (
    StageError, TimeoutError, OSError, ActError, DeskError, StoreError, RPCError, SlackApiError,
    httpx.HTTPError,
)  # fmt: skip
"""What fails a stage; anything else is a bug of the demo's own."""


@dataclass(frozen=True)
class StageResult:
    stage: str
    ok: bool
    seconds: float
    text: str


class Stages:
    """Runs stages one after the other and prints a line for each, or one JSON object with `as_json`."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._json = as_json
        self.results: list[StageResult] = []
        self._started = time.monotonic()

    async def run(self, name: str, work: Awaitable[str]) -> bool:
        """Do a stage; `work` returns what was seen. A `StageError` fails it; whether it came out right."""
        started = time.monotonic()
        try:
            text, ok = await work, True
        except EXPECTED as error:
            text, ok = str(error) or type(error).__name__, False
        result = StageResult(name, ok, round(time.monotonic() - started, 3), text)
        self.results.append(result)
        self._print(result)
        return ok

    @property
    def ok(self) -> bool:
        return all(result.ok for result in self.results)

    def finish(self) -> None:
        """Print how it ended as a whole."""
        if self._json:
            return
        total = time.monotonic() - self._started
        failed = [result.stage for result in self.results if not result.ok]
        passed = len(self.results) - len(failed)
        words = f"{passed} of {len(self.results)} stages came out right in {total:.1f} s"
        print(words + (f"; not: {', '.join(failed)}" if failed else ""))

    def _print(self, result: StageResult) -> None:
        if self._json:
            print(json.dumps(asdict(result)))
        else:
            mark = "ok    " if result.ok else "FAILED"
            print(f"{mark} {result.stage:<12} {result.seconds:7.2f} s  {result.text}")
        sys.stdout.flush()


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, *, seconds: float = 30.0, pause: float = 0.1
) -> T:
    """Look again and again until there is something. Raises `StageError` saying what did not come."""
    end = time.monotonic() + seconds
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > end:
            raise StageError(f"{what} did not come within {seconds:.0f} s")
        await asyncio.sleep(pause)


def expect(condition: bool, text: str) -> None:
    """Raise `StageError` unless the condition holds."""
    if not condition:
        raise StageError(text)
