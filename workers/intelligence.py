"""Sources of threat intelligence: asked when they are due, and what they say put in the store.

A source that fails is told (`siem status`, `siem intel list`, a note on the chain ``system``) and asked
again; what it said before counts on until it expires. Where a source is taken out of ``siem.yaml``, what
it said is withdrawn.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from integrations.contract import ActionError
from integrations.feeds import Fetched, check_size
from integrations.indicator_list import fetch_list
from integrations.misp import fetch_attributes
from integrations.opensearch.intelligence import OpenSearchIntelligence, Renewal
from integrations.ports import Site, StateStore
from integrations.taxii import fetch_collection
from rules.ecs import parse_timestamp, timestamp
from rules.evidence import SYSTEM_CHAIN
from rules.health import HealthKind, Trouble
from rules.intelligence import ListError, Taken, defaults, read_document
from workers.contract import EvidenceNote
from workers.health_reports import Reports
from workers.intelligence_section import IntelligenceSection

STATE = "intelligence/"
"""Prefix of the state documents of sources."""
WHOLE_EVERY = timedelta(hours=24)
"""Sources that give what is new are read whole so often, since they don't tell everything that is gone."""
EXPIRE_EVERY = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=1)

log = structlog.get_logger(__name__)

Note = Callable[[str, EvidenceNote], Awaitable[None]]


@dataclass(frozen=True)
class Reading:
    """How a source was read the last time."""

    name: str
    read: datetime | None = None
    """When it was last read whole or in part without a fault."""
    tried: datetime | None = None
    next: datetime | None = None
    """Not to be asked before."""
    error: str = ""
    failing_since: datetime | None = None
    whole: datetime | None = None
    cursor: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""
    """What siem.yaml said of it then, as a digest."""
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    skipped: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    """The first (where, why) of what was not taken."""

    def until(self, section: IntelligenceSection) -> datetime | None:
        """Until when its word counts, where it states no end itself."""
        return self.read + section.expires if self.read else None


async def readings(state: StateStore) -> dict[str, Reading]:
    """Return the last reading of each source, by name."""
    found = {}
    for key in await state.keys(STATE):
        value = await state.get(key)
        if value is not None:
            found[key.removeprefix(STATE)] = _reading(key.removeprefix(STATE), value[0])
    return found


class Feeds:
    """All sources of a site."""

    def __init__(
        self,
        sections: Sequence[IntelligenceSection],
        root: Path,
        site: Site,
        store: OpenSearchIntelligence,
        note: Note,
    ) -> None:
        self._sections = {section.name: section for section in sections}
        self._root = root
        self._site = site
        self._store = store
        self._note = note
        self._expired = datetime.min.replace(tzinfo=UTC)

    async def refresh(self, names: Sequence[str] | None = None) -> list[Reading]:
        """Ask the sources that are due, or these, due or not; return how each was read.

        Raises `StoreError` where the store can't be written.
        """
        known = await readings(self._site.state)
        now = self._site.clock.now()
        done: list[Reading] = []
        for name, section in self._sections.items():
            last = known.get(name, Reading(name))
            if last.said != _said(section):
                last = replace(last, cursor={}, whole=None, next=None)
            due = last.next is None or last.next <= now
            if name in names if names is not None else due:
                done.append(await self._ask(section, last))
        if names is None:
            for name in known.keys() - self._sections.keys():
                await self._store.remove_source(name, now)
                await self._site.state.delete(STATE + name)
                log.info("a source of intelligence is gone", source=name)
            if self._sections and now - self._expired >= EXPIRE_EVERY:
                await self._store.expire(now)
                self._expired = now
        if done:
            failing = [one for one in {**known, **{one.name: one for one in done}}.values() if one.error]
            await Reports(self._site.state, self._site.clock).tell(
                "intelligence", [_trouble(one, now) for one in failing if one.name in self._sections]
            )
        return done

    async def _ask(self, section: IntelligenceSection, last: Reading) -> Reading:
        now = self._site.clock.now()
        whole = last.whole is None or now - last.whole >= WHOLE_EVERY
        try:
            fetched = await self._fetch(section, last.cursor, now, whole=whole)
        except (ActionError, ListError, OSError, UnicodeDecodeError) as error:
            words = _words(error)
            reading = _failed(last, section, error, words, now)
            if last.failing_since is None:
                text = f"{section.name} can't be read: {words}"
                await self._tell(section.name, "intelligence.failing", text, now)
            log.warning("a source of intelligence can't be read", source=section.name, reason=words)
        else:
            renewal = await self._keep(section, fetched, now)
            reading = _done(last, section, fetched, renewal, now)
            if last.failing_since is not None:
                await self._tell(section.name, "intelligence.back", f"{section.name} can be read again", now)
            log.info("a source of intelligence was read", source=section.name, added=renewal.added,
                     changed=renewal.changed, withdrawn=renewal.withdrawn)  # fmt: skip
        await self._site.state.put(STATE + section.name, _document(reading))
        return reading

    async def _fetch(
        self, section: IntelligenceSection, cursor: Mapping[str, Any], now: datetime, *, whole: bool
    ) -> Fetched:
        match section.kind:
            case "taxii":
                return await fetch_collection(
                    self._site, section.connection, section.collection or "", cursor, whole=whole
                )
            case "misp":
                return await fetch_attributes(
                    self._site, section.connection, section.tags, cursor, now, whole=whole
                )
            case "list":
                path = section.path.as_posix() if section.path else ""
                return await fetch_list(
                    self._site, section.connection, path, cursor, lambda text: read_source(section, text)
                )
        return await asyncio.to_thread(self._read_file, section, cursor)

    def _read_file(self, section: IntelligenceSection, cursor: Mapping[str, Any]) -> Fetched:
        data = (self._root / (section.path or Path()).expanduser()).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if cursor.get("sha256") == digest:
            return Fetched(cursor=cursor, unchanged=True)
        taken = read_source(section, data.decode("utf-8"))
        check_size(taken, section.name)
        return Fetched(taken, cursor={"sha256": digest})

    async def _keep(self, section: IntelligenceSection, fetched: Fetched, now: datetime) -> Renewal:
        if fetched.unchanged:
            return Renewal()
        filled = defaults(
            fetched.taken.indicators,
            confidence=section.confidence,
            severity=section.severity,
            subdomains=section.subdomains,
        )
        if fetched.whole:
            return await self._store.replace(section.name, filled, now)
        return await self._store.apply(section.name, filled, fetched.taken.externals, now)

    async def _tell(self, name: str, kind: str, text: str, now: datetime) -> None:
        key = f"{kind}/{name}/{now.isoformat()}"
        note = EvidenceNote(key=key, kind=kind, actor="siem", text=text, data={"source": name}, at=now)
        await self._note(SYSTEM_CHAIN, note)


def read_source(section: IntelligenceSection, text: str) -> Taken:
    """Read a text as a source's entry says. Raises `ListError`."""
    return read_document(text, kind=section.type, column=section.column, separator=section.separator)


def _trouble(reading: Reading, now: datetime) -> Trouble:
    return Trouble(
        kind=HealthKind.SOURCE_FAILING,
        subject=f"intelligence {reading.name}",
        text=f"The source of intelligence {reading.name} can't be read: {reading.error}",
        remedy="`siem connections test` tries its connection; what it said before counts until it expires.",
        since=reading.failing_since or now,
        last=now,
    )


def _said(section: IntelligenceSection) -> str:
    return hashlib.sha256(section.model_dump_json().encode()).hexdigest()[:16]


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _failed(
    last: Reading, section: IntelligenceSection, error: Exception, words: str, now: datetime
) -> Reading:
    asked = getattr(error, "retry_after", None)
    wait = timedelta(seconds=asked) if asked else min(section.every, LONGEST_WAIT)
    return Reading(
        name=section.name, read=last.read, tried=now, next=now + wait,
        error=words, failing_since=last.failing_since or now, whole=last.whole,
        cursor=last.cursor, said=_said(section), added=last.added, changed=last.changed,
        withdrawn=last.withdrawn, skipped=last.skipped, reasons=last.reasons,
    )  # fmt: skip


def _done(
    last: Reading, section: IntelligenceSection, fetched: Fetched, renewal: Renewal, now: datetime
) -> Reading:
    unchanged = fetched.unchanged
    return Reading(
        name=section.name, read=now, tried=now, next=now + section.every,
        whole=now if fetched.whole else last.whole, cursor=fetched.cursor, said=_said(section),
        added=renewal.added, changed=renewal.changed, withdrawn=renewal.withdrawn,
        skipped=last.skipped if unchanged else fetched.taken.skipped,
        reasons=last.reasons if unchanged else tuple(fetched.taken.reasons[:20]),
    )  # fmt: skip


_TIMES = ("read", "tried", "next", "failing_since", "whole")


def _document(reading: Reading) -> dict[str, Any]:
    document = {name: getattr(reading, name) for name in Reading.__dataclass_fields__ if name != "name"}
    for name in _TIMES:
        document[name] = timestamp(document[name]) if document[name] else None
    document["reasons"] = [list(pair) for pair in reading.reasons]
    document["cursor"] = dict(reading.cursor)
    return document


def _reading(name: str, document: Mapping[str, Any]) -> Reading:
    values = dict(document)
    for key in _TIMES:
        values[key] = parse_timestamp(values[key]) if values.get(key) else None
    values["reasons"] = tuple((str(where), str(why)) for where, why in values.get("reasons", ()))
    known = {key: value for key, value in values.items() if key in Reading.__dataclass_fields__}
    return Reading(name=name, **known)
