"""What a source's YAML file may say.

name: acme.gateway
title: Acme's VPN gateway
documentation: Acme Gateway 4, Administrator's guide, "Log format"
format: pattern
patterns: ["%{ISO8601:time} %{WORD:verb} user=%{NOTSPACE:who} from %{IP:peer}"]
timestamp: {field: time}
fields:
  source.ip: peer
  user.name: {from: who, lower: true}
  event.category: {value: [authentication]}
  event.outcome: {from: verb, map: {LOGIN: success, REFUSED: failure}}
tests:
  - record: 2026-03-30T16:01:36Z LOGIN user=Alice from 203.0.113.7
    expect: {user.name: alice, event.outcome: success}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
    model_validator,
)

FIELD = r"^(@timestamp|[a-z_]+(\.[A-Za-z0-9_-]+)*)$"
OURS = frozenset(
    {"event.id", "event.dataset", "event.module", "event.original", "event.ingested", "event.created"}
    | {"@timestamp", "ecs.version", "data_stream.type", "data_stream.dataset", "data_stream.namespace"}
)
"""Fields that the pipeline sets."""

Scalar = str | int | float | bool


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Mapped(Node):
    """Where a field's value comes from, and how it is read."""

    from_: str | tuple[str, ...] | None = Field(default=None, alias="from")
    """The name of a part of the record (dotted for a nested one); of several the first that is there."""
    value: Any = None
    """A value that is always the same, instead of `from_`."""
    map: dict[str, Any] = Field(default_factory=dict)
    """What a word means; one that isn't listed is `default`, or left out where there is none."""
    default: Any = None
    lower: StrictBool = False
    upper: StrictBool = False
    split: str | None = Field(default=None, min_length=1, max_length=8)
    """Makes a list of a text."""
    multiply: float | None = None
    """Makes another unit of a number: milliseconds to nanoseconds are 1000000."""
    type: Literal["text", "integer", "number", "ip", "mac", "time", "boolean"] | None = None
    """None: what the ECS field takes."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.from_ is None) == (self.value is None):
            raise ValueError("write either `from:` (a part of the record) or `value:` (always the same)")
        return self


def _short(value: Any) -> Any:
    return {"from": value} if isinstance(value, str | list) else value


FieldMap = dict[str, Annotated[Mapped, BeforeValidator(_short)]]


class Timestamp(Node):
    field: str | tuple[str, ...]
    """The part of the record; several are joined by a space (a date and a time)."""
    formats: tuple[str, ...] = ("iso", "epoch")
    """``iso``, ``epoch``, or a form as Python's strptime has it; tried in turn."""

    @field_validator("formats", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class When(Node):
    """More fields for records of which all conditions hold."""

    if_: dict[str, Scalar | tuple[Scalar, ...]] = Field(alias="if", min_length=1)
    """Part of the record to the value, or one of the values, that it must have."""
    fields: FieldMap = Field(min_length=1)


class SourceTest(Node):
    record: str
    expect: dict[str, Any] = Field(min_length=1)
    """Flat ECS fields of the (first) event; ``null``: must not be there."""
    timezone: str = "UTC"


class SourceFile(Node):
    """One source."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}\.[a-z][a-z0-9_]{0,47}$")]
    """``vendor.stream``."""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    documentation: Annotated[str, Field(min_length=1, max_length=500)]
    """The document that defines the format."""
    format: Literal["pattern", "json", "keyvalue", "csv", "cef", "leef"]
    syslog: StrictBool = True
    """Whether a record may stand behind a syslog envelope, which gives time and host."""
    patterns: tuple[Annotated[str, Field(min_length=1, max_length=4000)], ...] = ()
    """``pattern``: grok-like, each matched against the whole record; the first that fits counts."""
    definitions: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], str] = Field(default_factory=dict)
    """Patterns of one's own, to be named in `patterns`."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: tuple[str, ...] = ()
    """``csv``: the names of the columns, in order."""
    timestamp: Timestamp | None = None
    """None: the envelope's, else when the record was received."""
    fields: FieldMap = Field(default_factory=dict)
    when: tuple[When, ...] = ()
    ignore: tuple[str, ...] = ()
    """Records that hold one of these texts carry nothing (comments, headers)."""
    recognise: tuple[str, ...] = ()
    """``siem sources guess``: texts that all records of this source hold; none: a record that fits."""
    tests: tuple[SourceTest, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.format == "pattern" and not self.patterns:
            raise ValueError("`format: pattern` needs `patterns:`")
        if self.format != "pattern" and (self.patterns or self.definitions):
            raise ValueError(f"`patterns:` and `definitions:` are of `format: pattern`, not of {self.format}")
        if (self.format == "csv") != bool(self.columns):
            raise ValueError("`columns:` goes with `format: csv`, and that needs them")
        return self

    @property
    def maps(self) -> list[Mapping[str, Mapped]]:
        return [self.fields, *(when.fields for when in self.when)]
