"""Large values that a run has by reference: what is kept elsewhere, and what stays beside it.

A result of more than `INLINE_LIMIT` bytes of JSON is set aside in parts: a list, a text or a mapping that is
large is kept elsewhere as a whole, and the run has a `Kept` in its place. Lists are never cut. What is small
beside it stays readable.

A `Kept` can be handed on whole, to a parameter of an action or into a playbook inside; its length is known.
Whoever looks into it gets a `KeptError`, in the manner of Jinja's StrictUndefined: never a part of the rows.
References travel beside the data, not in it, so nothing that a log or a vendor says can pass for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn, TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from playbooks.expression_errors import KeptError

INLINE_LIMIT = 200_000
"""Bytes of JSON of a result that a run has as it is; of a larger one so much stays at most."""
PART = 50_000
"""Bytes of JSON from which on a part of a larger result is set aside."""
LEAST = 2_000
"""Smaller parts are never set aside."""

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands inside another: keys and indices."""
Kind: TypeAlias = Literal["list", "mapping", "text"]


class Kept(BaseModel):
    """A value that is kept elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Of the result that it is a part of: what `siem playbooks result` takes."""
    path: tuple[str, ...]
    """Its place in that result."""
    kind: Kind
    bytes: int
    """Of JSON."""
    count: int
    """Items of a list, fields of a mapping, characters of a text."""
    sha256: str
    """Of its JSON, hex."""
    name: str = ""
    """What an expression calls it: ``steps.search.rows``."""

    def __str__(self) -> str:
        return f"{self.what}, kept as {self.id}"

    __repr__ = __str__

    @property
    def what(self) -> str:
        items = {"list": "items", "mapping": "fields", "text": "characters"}[self.kind]
        return f"a {self.kind} of {self.count:,} {items} ({self.bytes / 1e6:,.1f} MB)"

    def refuse(self) -> NoReturn:
        """Raise `KeptError`."""
        name = self.name or ".".join(self.path)
        step = name.split(".")[1] if name.startswith("steps.") else "the step"
        raise KeptError(
            f"{name} can't be looked into: {self.what} is too much for a run and is kept as {self.id}; "
            f"ask {step} for less (a limit, a shorter time), or hand it on whole to an action: "
            f"{{{{ {name} }}}}"
        )


class KeptAt(BaseModel):
    """A reference beside the value that has None in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Place
    kept: Kept


class TooLargeError(ValueError):
    """There is more beside the large parts than a run may have."""


# --- setting aside -------------------------------------------------------------------------------


def set_aside(
    result: Mapping[str, Any], name: str, limit: int = INLINE_LIMIT
) -> tuple[dict[str, Any], tuple[Kept, ...]]:
    """Return a result (plain JSON) with None in place of its large parts, and references to these.

    `name` is what the whole result is kept as; nothing is set aside of one that fits. Raises `TooLargeError`
    where what is left is still more than `limit`: thousands of fields, each of them small.
    """
    size = len(to_json(result))
    if size <= limit:
        return dict(result), ()
    left: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    aside: dict[str, list[Kept]] = {}
    for key, value in result.items():
        left[key], sizes[key], aside[key] = _trimmed(value, (key,), name)
    total = len(to_json(left))
    for key in sorted(sizes, key=lambda key: -sizes[key]):
        if total <= limit or sizes[key] < LEAST:
            break
        if isinstance(result[key], dict | list | str):
            total -= sizes[key] - 4
            left[key], aside[key] = None, [_kept(result[key], (key,), name)]
    if len(to_json(left)) > limit:
        raise TooLargeError(f"{len(left):,} fields, each of them small")
    return left, tuple(one for some in aside.values() for one in some)


def _trimmed(value: Any, path: tuple[str, ...], name: str) -> tuple[Any, int, list[Kept]]:
    """Return a value without its large parts, the bytes of what is left, and the parts."""
    if isinstance(value, dict):
        parts = {key: _trimmed(inner, (*path, key), name) for key, inner in value.items()}
        size = 2 + sum(len(to_json(key)) + 2 + part[1] for key, part in parts.items())
        if size <= PART:
            left = {key: part[0] for key, part in parts.items()}
            return left, size, [kept for part in parts.values() for kept in part[2]]
    else:
        size = len(to_json(value))
        if size <= PART or not isinstance(value, list | str):
            return value, size, []
    return None, 4, [_kept(value, path, name)]


def _kept(value: Any, path: tuple[str, ...], name: str) -> Kept:
    text = to_json(value)
    kind: Kind = "mapping" if isinstance(value, dict) else "text" if isinstance(value, str) else "list"
    return Kept(id=name, path=path, kind=kind, bytes=len(text), count=len(value), sha256=digest_of_json(text))


def digest_of_json(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def put_back(result: Mapping[str, Any], aside: Sequence[Kept], owner: str = "") -> dict[str, Any]:
    """Return a result with each `Kept` at its place; `owner` is what expressions call the result."""
    whole = dict(result)
    for kept in aside:
        name = ".".join((owner, *kept.path)) if owner else kept.name
        put_at(whole, kept.path, kept.model_copy(update={"name": name}))
    return whole


def put_at(whole: dict[str, Any], place: Place, value: Any) -> None:
    """Put a value at a place inside a mapping, copying what is on the way."""
    holder: Any = whole
    for part in place[:-1]:
        inner = holder[part]
        holder[part] = dict(inner) if isinstance(inner, dict) else list(inner)
        holder = holder[part]
    holder[place[-1]] = value


def part_of(result: Any, kept: Kept) -> Any:
    """Return the part of a whole result that a reference is to.

    Raises LookupError where there is none, ValueError where it is not the one that was set aside.
    """
    for key in kept.path:
        if not isinstance(result, dict):
            raise LookupError(f"{kept.id} has no {'.'.join(kept.path)}")
        result = result[key]
    if digest_of_json(to_json(result)) != kept.sha256:
        raise ValueError(f"{'.'.join(kept.path)} of {kept.id} is not what was set aside: its digest differs")
    return result


# --- among other values --------------------------------------------------------------------------


def find_kept(value: Any, place: Place = ()) -> Iterator[KeptAt]:
    """Yield the references inside a value, each with its place."""
    if isinstance(value, Kept):
        yield KeptAt(place=place, kept=value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, Kept | Mapping | list | tuple):
                yield from find_kept(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            if isinstance(inner, Kept | Mapping | list | tuple):
                yield from find_kept(inner, (*place, index))


def refuse_kept(value: Any) -> None:
    """Raise `KeptError` where a value is kept elsewhere, or holds one that is."""
    for found in find_kept(value):
        found.kept.refuse()


def refuse_json(value: Any) -> NoReturn:
    """Say no to what JSON does not know: `json.dumps`' ``default``."""
    if isinstance(value, Kept):
        value.refuse()
    raise TypeError(f"{type(value).__name__} is no JSON")


def take_out(params: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[KeptAt, ...]]:
    """Return parameters with None where they are kept elsewhere, and these references beside them."""
    found = tuple(find_kept(params))
    plain = dict(params)
    for one in found:
        put_at(plain, one.place, None)
    return plain, found
