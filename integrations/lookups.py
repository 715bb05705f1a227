"""Lookups at vendors: one of them is a spec, a question, and where the vendor is; the rest is the same for
all and is here once.

- Nothing is asked about that may not leave the site (`integrations.disclosure`).
- An answer is kept in this process for a while, so that a hundred alerts about one address cost one
  request; whoever asks meanwhile waits for it. Errors are not kept.
- The vendor's quota is the spec's ``per_minute``, or that of the connection where it names its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from integrations.connections import Authenticate, Http, Named, choose, open_http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.disclosure import check_disclosure
from integrations.ports import Site
from playbooks.actions import ActionSpec, ValueType

MOST = 10_000
"""Answers that are kept, of each lookup."""
TOLD = frozenset({ValueType.IP, ValueType.DOMAIN, ValueType.URL, ValueType.HASH})
"""Types of parameters that are told to the vendor, and checked before."""
Ask = Callable[[Http, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Asks the open connection, given the parameters; returns what the spec promises."""


class Answers:
    """Answers by what was asked, each for `seconds`, the oldest dropped where there are too many."""

    def __init__(self, seconds: float, most: int = MOST) -> None:
        self.seconds = seconds
        self.most = most
        self._known: OrderedDict[Any, tuple[float, Any]] = OrderedDict()
        self._asking: dict[Any, asyncio.Lock] = {}

    async def get(self, key: Any, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return the known answer, else ask once however many want it. What `ask` raises is raised."""
        if (known := self._look(key)) is not None:
            return known
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if (known := self._look(key)) is not None:
                    return known
                answer = await ask()
                self._known[key] = (time.monotonic() + self.seconds, answer)
                while len(self._known) > self.most:
                    self._known.popitem(last=False)
                return answer
        finally:
            if not lock.locked():
                self._asking.pop(key, None)

    def _look(self, key: Any) -> Any:
        found = self._known.get(key)
        if found is None or found[0] < time.monotonic():
            self._known.pop(key, None)
            return None
        return found[1]


@dataclass(frozen=True)
class Lookup:
    """A lookup over HTTP."""

    spec: ActionSpec
    ask: Ask
    authenticate: Authenticate | None = None
    url: str | None = None
    """The vendor's own, where the connection names none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    hours: float = 1.0
    """How long an answer is kept."""
    one_of: tuple[str, ...] = ()
    """Parameters of which exactly one is given."""
    answers: Answers = field(init=False, repr=False, compare=False)
    paces_itself: ClassVar[bool] = True
    """An answer from memory is not counted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", Answers(self.hours * 3600))

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Check, then answer from memory or ask. Raises `ActionError`."""
        named = paced(choose(site, str(self.spec.connection), call.params.get("connection")), self.spec)
        if self.one_of:
            exactly_one(call.params, self.one_of)
        for parameter in self.spec.parameters:
            if parameter.type in TOLD and (value := call.params.get(parameter.name)) is not None:
                check_disclosure(parameter.type, str(value), site, private=named.get("private") is True)
        asked = tuple(sorted((name, repr(value)) for name, value in call.params.items()))

        async def ask() -> dict[str, Any]:
            async with open_http(
                named,
                authenticate=self.authenticate,
                url=self.url,
                headers=self.headers,
                seconds=self.spec.timeout - 1,
            ) as opened:
                return await self.ask(opened, call.params)

        return dict(await self.answers.get((named.name, named.get("url"), asked), ask))


def paced(named: Named, spec: ActionSpec) -> Named:
    """Return a connection held to the spec's quota, where it names none of its own."""
    if spec.per_minute is None:
        return named
    return Named(named.name, named.kind, {"per_minute": spec.per_minute, **named.settings})


def exactly_one(params: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str]:
    """Return (name, value) of the one parameter given. Raises `ActionRefusedError` for none or several."""
    given = [(name, str(params[name])) for name in names if params.get(name) not in (None, "")]
    if len(given) != 1:
        raise ActionRefusedError(f"give exactly one of {', '.join(names)}; there are {len(given)}")
    return given[0]


def in_header(name: str, key: str = "token") -> Authenticate:
    """Authenticate with a key in a header of the vendor's own."""

    async def add(opened: Http, request: Any) -> None:
        request.headers[name] = opened.named.need(key)

    return add
