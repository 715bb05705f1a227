"""The action contract: what an action promises, in the terms in which playbooks are checked.

An integration implements an action and declares it with an `ActionSpec`; from the specs come
the check of playbooks, the editor's schema, `siem actions` and the README's table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class ActionKind(StrEnum):
    LOOKUP = "lookup"
    """Changes nothing; may run in a plan and in a retry at any time."""
    CHANGE = "change"
    """Changes something harmless to the one it is about (a ticket, a tag)."""
    CONTAINMENT = "containment"
    """Takes something away from somebody: needs an approval, has a target, an undo and a verify."""


class ValueType(StrEnum):
    """The types of inputs, parameters and results."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    IP = "ip"
    DOMAIN = "domain"
    URL = "url"
    USER = "user"
    HOST = "host"
    HASH = "hash"
    DURATION = "duration"
    ENUM = "enum"
    LIST = "list"
    ANY = "any"


CONTAINMENT_RESULT: Mapping[str, ValueType] = {
    "id": ValueType.TEXT,
    "until": ValueType.TEXT,
    "detail": ValueType.TEXT,
}
AnswerType: TypeAlias = Literal["choice", "text", "date", "ip", "user", "host", "domain", "url", "hash"]
"""The types of what people are asked for."""


class Parameter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: ValueType
    description: str
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()
    """The values of an ``enum``."""
    items: ValueType | None = None
    """The type of the items of a ``list``."""
    manner: bool = False
    """Whether it only says how a containment is applied, not what is in force then: a later request for the
    same target with another value joins all the same."""


class ActionSpec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    """``vendor.verb_object``, as in ``linux.block_ip``."""
    kind: ActionKind
    summary: str
    """One sentence in the imperative: "Block an address on the firewalls that poll the feed"."""
    parameters: tuple[Parameter, ...]
    returns: dict[str, ValueType] = Field(default_factory=dict)
    target: str | None = None
    """The parameter that names what a containment hits; with the action's name it makes the
    containment's identity, so that there can be only one."""
    place: str | None = None
    """The parameter that names where the target is, for one that means something there only (a process, an
    account of one host, a member of one group): then it belongs to the identity too."""
    widens: str | None = None
    """The parameter, a list, that says where a containment is applied; left out it means everywhere. A second
    request for the same target that names more places widens the first."""
    noun: str = "containment"
    """What people call it while it is in force: "the block of 203.0.113.7"."""
    timeout: float = 10.0
    """Seconds that one attempt may take."""
    connection: str | None = None
    """The kind of named connection it needs, None where it needs none."""
    permission: str = ""
    """The right that it needs on the other side, in the vendor's words."""
    per_minute: int | None = Field(default=None, ge=1)
    """How often a process may call it, None: as often as its connection allows. Only told of a containment,
    which is never held back."""
    guarded: bool = False
    """Of a change: whether it takes something from somebody that nothing gives back (a password, sessions).
    What the guard lists as never to be touched is not touched by it either, though it needs no approval."""
    expires: bool = False
    """Whether the system itself ends a containment of it at its time, should nobody come to undo it."""
    lasts: bool = True
    """Whether a containment goes on until it is undone; not where it is done at once and gives nothing back
    (a process that ends): its time then only says how long it is looked at."""

    @property
    def gives(self) -> Mapping[str, ValueType]:
        """What a playbook may read of its result: of every containment the same."""
        return CONTAINMENT_RESULT if self.kind is ActionKind.CONTAINMENT else self.returns

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class RenderedAction(BaseModel):
    """An action with every parameter rendered and parsed: what an approval is bound to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    action: str
    params: dict[str, Any]
    target: str | None = None
    seconds: int | None = None
    """Time to live of a containment, None for one that stays until it is released."""


class BlastRadius(BaseModel):
    """Who and what a containment would hit, in plain words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str
    """One or two sentences for the person who decides."""
    details: tuple[str, ...] = ()
    events: int | None = None
    """How many stored events of the last days the target is in."""
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Verification(BaseModel):
    """What a look at the system itself said about a containment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_force: bool
    detail: str
