"""Large results of actions: kept in the store, handed to the run by reference, and fetched back whole for the
next action. The run itself never has them: see `playbooks.kept`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

from integrations.ports import Clock, KeptAlteredError, KeptGoneError, KeptItem, ResultStore
from playbooks.actions import ActionSpec
from playbooks.kept import Kept, KeptAt, TooLargeError, part_of, put_at, set_aside
from playbooks.values import parse_whole
from workers.results import ENVELOPE, KEPT_LIMIT, RESULT_LIMIT, ResultError, check_result


class KeptResults:
    """Keeps what an action answered, and finds what the next one is handed."""

    def __init__(self, store: ResultStore | None, clock: Clock) -> None:
        """Without a store a large result is refused."""
        self._store = store
        self._clock = clock

    async def keep(self, result: Any, action: str, key: str, incident: str) -> dict[str, Any]:
        """Return a result as the run gets it: as it is, or without its large parts and with `ENVELOPE`, which
        `unpack` reads. Raises `ResultError`, and `StoreError` where the store is away.

        The id is made of request and content: the same answer to the same request is kept once.
        """
        if self._store is None:
            return check_result(result, action)
        plain = check_result(result, action, KEPT_LIMIT)
        text = to_json(plain)
        if len(text) <= RESULT_LIMIT:
            return plain
        name = result_id(key, text)
        left, aside = await asyncio.to_thread(aside_of, plain, action, name)
        run, _, step = key.rpartition("/")
        about = {"action": action, "step": step}
        item = KeptItem(id=name, kind="result", incident=incident, run=run, at=self._clock.now(), about=about)
        await self._store.keep(item, text)
        return {ENVELOPE: [one.model_dump(mode="json") for one in aside], "result": left}

    async def fill(
        self, spec: ActionSpec, params: Mapping[str, Any], kept: Sequence[KeptAt], incident: str
    ) -> dict[str, Any]:
        """Return an action's parameters with the values that were kept elsewhere, each held against its
        digest and parsed as its parameter wants it.

        Raises `ResultError` where one is gone, altered, of another incident, or no value of its parameter's.
        """
        whole: dict[str, Any] = {}
        for name in dict.fromkeys(one.kept.id for one in kept):
            if self._store is None:
                raise ResultError(f"{name} can't be fetched: nothing is kept here")
            try:
                item = await self._store.describe(name)
                if item.incident != incident:
                    raise ResultError(f"{name} belongs to {item.incident}, not to {incident}")
                whole[name] = await asyncio.to_thread(from_json, await self._store.fetch(name))
            except (KeptGoneError, KeptAlteredError) as error:
                raise ResultError(f"{spec.name} can't be given what is kept elsewhere: {error}") from error
        return await asyncio.to_thread(filled, spec, params, kept, whole)


def aside_of(plain: dict[str, Any], action: str, name: str) -> tuple[dict[str, Any], tuple[Kept, ...]]:
    """Return a result without its large parts, and these. Raises `ResultError`."""
    try:
        return set_aside(plain, name)
    except TooLargeError as error:
        raise ResultError(f"{action} answered with {error}: ask it for less") from error


def filled(
    spec: ActionSpec, params: Mapping[str, Any], kept: Sequence[KeptAt], whole: Mapping[str, Any]
) -> dict[str, Any]:
    """Return parameters with the parts of whole results in their places. Raises `ResultError`."""
    ready = dict(params)
    by_name = {parameter.name: parameter for parameter in spec.parameters}
    for one in kept:
        name, *inside = one.place
        try:
            value = part_of(whole[one.kept.id], one.kept)
            parsed = parse_whole(by_name[str(name)], tuple(inside), value)
        except (LookupError, ValueError) as error:
            raise ResultError(f"{spec.name}: {name}: {error}") from error
        put_at(ready, one.place, parsed)
    return ready


def result_id(key: str, text: bytes) -> str:
    return f"res-{hashlib.sha256(key.encode() + bytes(1) + text).hexdigest()[:24]}"


def unpack(answer: dict[str, Any]) -> tuple[dict[str, Any], tuple[Kept, ...]]:
    """Return what ``action.call`` answered: the result that the run has, and what of it is kept elsewhere."""
    if ENVELOPE not in answer:
        return answer, ()
    return answer["result"], tuple(Kept.model_validate(one) for one in answer[ENVELOPE])
