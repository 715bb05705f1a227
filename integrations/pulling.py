"""Pulling from a vendor's API: what a vendor's ``pull.py`` declares as ``PULLS`` in its folder.

A puller speaks the wire format: where to ask, how pages follow each other, where to go on. It asks
through `Asking`, which keeps the retries and the quotas, and it stores nothing: each batch carries the
cursor from which to go on once the batch, and all before it, is stored.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
from pydantic import BaseModel, ConfigDict

from integrations.answers import records
from integrations.connections import Authenticate, Named
from integrations.contract import ActionRefusedError, ActionUnavailableError

Cursor = Mapping[str, Any]
"""Where to go on, JSON types only; the puller's own."""
LARGEST_PAGE = 64_000_000
"""Bytes of one answer."""
LONGEST_ID = 200
"""Characters of a vendor's id that are kept as they are."""
KNOWN = 200_000
"""Records that are remembered as given, of each puller."""


class PullOptions(BaseModel):
    """What an entry says under ``with:``; a vendor's own derives from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class PulledRecord:
    id: str
    """The vendor's own id of it: pulled twice, it is one event."""
    data: bytes


@dataclass(frozen=True)
class Batch:
    records: tuple[PulledRecord, ...]
    cursor: Cursor | None
    """Where to go on when these and all before are stored; None: nothing is known of that yet."""
    lost: str | None = None
    """What the vendor does not have any more, in a sentence."""


class Asking(Protocol):
    """One connection, with its retries and quotas."""

    async def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request, again where that helps. Raises `ActionError`."""


class Puller(Protocol):
    def pull(self, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        """Yield what is there behind a cursor, oldest first where the API can, until there is no more.

        `cursor` None: nothing was pulled yet. Raises `ActionError`.
        """


Options = TypeVar("Options", bound=PullOptions)


@dataclass(frozen=True)
class Start(Generic[Options]):
    """What a puller is made of."""

    asking: Asking
    named: Named
    options: Options
    back: timedelta
    """How far back the first pull goes."""


@dataclass(frozen=True)
class Keeps:
    """How long a vendor keeps something."""

    what: str
    long: timedelta


@dataclass(frozen=True)
class Pull(Generic[Options]):
    """An API that can be pulled from."""

    source: str
    """The source whose records it gives."""
    title: str
    documentation: str
    """The vendor's page about it."""
    kind: str
    """The kind of connection that it needs."""
    options: type[Options]
    open: Callable[[Start[Options]], Puller]
    authenticate: Callable[[Named], Authenticate]
    url: Callable[[Named], str]
    """The API's base URL by a connection. Raises `ActionRefusedError`."""
    keeps: Callable[[Options], Sequence[Keeps]]
    """How long the vendor keeps what, the shortest first: who comes later finds a gap."""
    permissions: str = ""
    """The least right, in the vendor's words."""
    is_busy: Callable[[httpx.Response], bool] = lambda _: False
    """Whether a refusal is a quota that is used up, where the vendor does not say so by 429."""

    @property
    def name(self) -> str:
        return self.source


class Given:
    """Ids that were given already, by this process: the newest `KNOWN` of them."""

    def __init__(self, most: int = KNOWN) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def new(self, found: Iterable[PulledRecord]) -> tuple[PulledRecord, ...]:
        """Return those that were not given yet, and remember them."""
        fresh = []
        for one in found:
            if one.id in self._ids:
                self._ids.move_to_end(one.id)
                continue
            self._ids[one.id] = None
            fresh.append(one)
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return tuple(fresh)


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return an object as JSON, the same bytes whatever the order of its keys was."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


def recorded(entry: Mapping[str, Any], own: Any) -> PulledRecord:
    """Return an entry as a record, known by the vendor's id, or by its content where it has none."""
    data = canonical(entry)
    name = str(own) if own else ""
    if not 0 < len(name) <= LONGEST_ID:
        name = hashlib.sha256(name.encode("utf-8", "surrogatepass") or data).hexdigest()
    return PulledRecord(name, data)


def listed(answer: httpx.Response, what: str) -> list[dict[str, Any]]:
    """Return an answer that is a list of objects. Raises `ActionUnavailableError` where it is none."""
    return records(answered(answer, what), what)


def answered(answer: httpx.Response, what: str) -> Any:
    """Return an answer's JSON. Raises `ActionUnavailableError` where it is none."""
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError as error:
        raise ActionUnavailableError(f"{what} did not answer JSON: {error}") from error


def told_at(answer: httpx.Response) -> datetime | None:
    """Return the vendor's own time (``Date``: RFC 9110, 6.6.1), None where it does not say it."""
    try:
        found = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def next_link(answer: httpx.Response, base: str) -> str | None:
    """Return path and query of an answer's ``Link: <…>; rel="next"`` (RFC 8288), None where there is none.

    Raises `ActionRefusedError` where it leads to another host than `base`: the credentials stay here.
    """
    link = answer.links.get("next")
    return None if link is None else local(str(link["url"]), base)


def local(url: str, base: str) -> str:
    """Return a URL of the host of `base`. Raises `ActionRefusedError` for any other."""
    found, own = urlsplit(url), urlsplit(base)
    if (found.scheme, found.netloc) != (own.scheme, own.netloc):
        raise ActionRefusedError(f"the API leads on to {found.netloc}, which is not {own.netloc}")
    return url


def query_value(url: str, name: str) -> str | None:
    """Return one value of a URL's query."""
    return next(iter(parse_qs(urlsplit(url).query).get(name, ())), None)
