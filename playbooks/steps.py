"""The playbook language as values: what each key may hold. What it means is in `playbooks.engine`.

Every model refuses keys that it does not know. Texts that may hold expressions are kept as written;
`playbooks.expressions` parses them (once, cached).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    StrictInt,
    WithJsonSchema,
)

from playbooks.actions import AnswerType, ValueType
from playbooks.cases import Case
from playbooks.durations import parse_duration
from rules.alerts import Severity
from rules.entities import EntityKind

Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""Of steps, inputs and branches: as expressions can write it, ``steps.who``."""
Group: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A group of approvers, as siem.yaml names it."""
HookName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Of a webhook, as it stands in the URL."""
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=8_000)]
Seconds: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6} ?[smhd]$", "examples": ["15m", "24h"]}),
]
Steps: TypeAlias = Annotated[
    tuple[Any, ...], WithJsonSchema({"type": "array", "minItems": 1, "items": {"steps": True}})
]
"""A list of steps, which the parser reads one by one; `playbooks.schema` says what they are."""
UNTIL_RELEASED = "until released"


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- what starts it, what it takes --------------------------------------------------------------


class IncidentTrigger(Node):
    """Starts the playbook for an incident of which everything given holds."""

    rules: tuple[str, ...] = ()
    """One of these rules fired."""
    tags: tuple[str, ...] = ()
    """It has one of these tags."""
    attack: tuple[str, ...] = ()
    """It has one of these ATT&CK tactics or techniques; ``T1110`` includes ``T1110.001``."""
    entities: tuple[EntityKind, ...] = ()
    """It names at least one entity of each of these kinds."""
    severity: Severity | None = None
    """It is at least this severe."""


class AlertTrigger(Node):
    """Starts the playbook once for each alert of which everything given holds, however low its severity:
    such an alert opens an incident of its own where it belongs to none."""

    rules: tuple[str, ...] = Field(min_length=1)
    severity: Severity | None = None


class Schedule(Node):
    """Starts the playbook again and again."""

    every: Seconds | None = None
    cron: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")] | None = None
    """Five fields: minute, hour, day of the month, month, day of the week."""
    timezone: str = "UTC"
    """IANA zone that `cron` is in."""


class Trigger(Node):
    incident: IncidentTrigger | None = None
    alert: AlertTrigger | None = None
    webhook: HookName | None = None
    """``POST /hooks/NAME`` starts it, signed; inputs take the body's parts (``from: payload.user.id``)."""
    schedule: Schedule | None = None
    command: StrictBool = False
    """Only a person (``/siem run NAME``) or another playbook starts it; they may start any."""


class Input(Node):
    type: ValueType
    description: str = ""
    from_: str | None = Field(default=None, alias="from")
    """Where its value comes from unless it is given: ``incident.entities.ip``, ``alert.entities.ip``."""
    default: Any = None
    required: StrictBool = True
    choices: tuple[str, ...] = ()
    """The values of an ``enum``."""
    items: ValueType | None = None
    """The type of the items of a ``list``."""


# --- steps --------------------------------------------------------------------------------------


class Automatic(Node):
    """Lets a containment happen without an approval, where the site's policy allows that."""

    reason: Annotated[str, Field(min_length=10)]
    max_per_hour: Annotated[StrictInt, Field(ge=1, le=1000)]


class Retry(Node):
    attempts: Annotated[StrictInt, Field(ge=2, le=10)]
    """In all, the first one included."""
    every: Seconds = 10


class Step(Node):
    id: Name
    if_: str | StrictBool | None = Field(default=None, alias="if")
    _places: dict[str, str] = PrivateAttr(default_factory=dict)

    def stands(self, places: dict[str, str]) -> None:
        """Remember where its texts with expressions stand: text to ``file:line:column``."""
        self._places = places

    def place_of(self, text: str) -> str:
        """Return where one of its texts stands in its file, empty where that isn't known."""
        return self._places.get(text, "")

    @property
    def blocks(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """The lists of steps inside, each with its name."""
        yield from ()

    @property
    def verb(self) -> str:
        return VERB_OF[type(self)]


class ActionStep(Step):
    """Run an action."""

    uses: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    for_: str | None = Field(default=None, alias="for")
    """A containment's time to live, or `UNTIL_RELEASED`."""
    automatic: Automatic | None = None
    override: Annotated[str, Field(min_length=10, max_length=500)] | None = None
    """Why a containment may pass the guard's lists: its approval needs two people then, and it is told at
    the top tier. Own lifelines, loopback and wide networks stay protected all the same."""
    retry: Retry | None = None
    timeout: Seconds | None = None
    on_error: Literal["fail", "continue"] | Steps = "fail"
    """Steps to take instead, or go on with ``steps.ID.error``."""

    @property
    def blocks(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        if isinstance(self.on_error, tuple):
            yield "on_error", self.on_error


class Escalate(Node):
    escalate: Group


def _on_expiry(value: Any) -> Any:
    if value == "deny":
        return None
    if not isinstance(value, dict | Escalate):
        raise ValueError("write deny, or {escalate: a group}")
    return value


_ON_EXPIRY_SCHEMA = {
    "anyOf": [
        {"const": "deny", "description": "Nobody answering means no."},
        {
            "type": "object",
            "properties": {"escalate": {"type": "string", "description": "The group that is asked next."}},
            "required": ["escalate"],
            "additionalProperties": False,
        },
    ]
}


class Approval(Node):
    """A question to people, bound to the exact rendered actions that it would release."""

    from_: Group = Field(alias="from")
    quorum: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    expires: Annotated[Seconds, Field(le=30 * 86400)]
    on_expiry: Annotated[Escalate | None, BeforeValidator(_on_expiry), WithJsonSchema(_ON_EXPIRY_SCHEMA)] = (
        None
    )
    """None: expiry denies."""
    question: Text
    releases: tuple[Name, ...] = Field(min_length=1)


class ApprovalStep(Step):
    approval: Approval


class AnswerField(Node):
    """One thing that people are asked for."""

    type: AnswerType
    label: Annotated[str, Field(min_length=1, max_length=150)]
    choices: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=75)], ...], Field(max_length=100)
    ] = ()
    """Of a ``choice``."""
    required: StrictBool = True
    default: str | None = None
    """What counts when nobody answers in time."""


class Inquiry(Node):
    """A question to people whose answer is data: it releases nothing."""

    from_: Group = Field(alias="from")
    expires: Annotated[Seconds, Field(le=30 * 86400)]
    on_expiry: Annotated[Escalate | None, BeforeValidator(_on_expiry), WithJsonSchema(_ON_EXPIRY_SCHEMA)] = (
        None
    )
    """None: the defaults count where every required answer has one, else what needs an answer is skipped."""
    question: Text
    answers: Annotated[dict[Name, AnswerField], Field(min_length=1, max_length=10)]


class AskStep(Step):
    """Ask people, typed: a choice, a text, a date."""

    ask: Inquiry


class Notice(Node):
    tier: Literal["low", "medium", "high", "critical"] = "low"
    text: Text


class NotifyStep(Step):
    notify: Notice


class RunStep(Step):
    """Run another playbook within this run; its questions and containments are its own."""

    run: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Waiting(Node):
    """What is waited for: one of time, a moment, an event, a webhook."""

    time: Seconds | None = None
    until: Text | None = None
    """A moment in ISO 8601 with its zone; one that is past does not wait."""
    event: Text | None = None
    """A query over events that are stored from now on, in Lucene's syntax over ECS fields."""
    webhook: HookName | None = None
    """A call of ``POST /hooks/NAME``."""
    where: dict[str, Any] = Field(default_factory=dict)
    """What the webhook's body must hold: dotted path to value."""
    within: Annotated[Seconds, Field(le=30 * 86400)] | None = None
    """How long for an event or a webhook; then the step goes on with ``happened: false``."""


def _waiting(value: Any) -> Any:
    return {"time": value} if isinstance(value, str | int) else value


_WAITING_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{1,6} ?[smhd]$", "examples": ["15m"]},
        {
            "type": "object",
            "properties": {
                "until": {"type": "string", "description": "A moment, ISO 8601."},
                "event": {"type": "string", "description": "A query over events stored from now on."},
                "webhook": {"type": "string", "description": "The name of a webhook."},
                "where": {"type": "object", "description": "What the webhook's body must hold."},
                "within": {"type": "string", "description": "How long at the most."},
            },
            "additionalProperties": False,
        },
    ]
}


class WaitStep(Step):
    wait: Annotated[Waiting, BeforeValidator(_waiting), WithJsonSchema(_WAITING_SCHEMA)]


class UndoStep(Step):
    """Lift a containment that this run applied, before its time."""

    undo: Name


class ParallelStep(Step):
    """Branches that run at the same time; the step ends when all have ended."""

    parallel: dict[Name, Steps] = Field(min_length=1)

    @property
    def blocks(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        yield from self.parallel.items()


class Loop(Node):
    in_: str | list[Any] = Field(alias="in")
    as_: Name = Field(default="item", alias="as")
    concurrency: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    max: Annotated[StrictInt, Field(ge=1, le=1000)] = 100
    """More items than this are an error, before any of them is looked at."""
    steps: Steps = Field(min_length=1)


class ForeachStep(Step):
    """The same steps for each item of a list."""

    foreach: Loop

    @property
    def blocks(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        yield "steps", self.foreach.steps


class Choice(Node):
    value: Text
    cases: dict[str, Steps] = Field(min_length=1)
    default: Steps = ()


class SwitchStep(Step):
    """One of several lists of steps, by a value."""

    switch: Choice

    @property
    def blocks(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        yield from self.switch.cases.items()
        yield "default", self.switch.default


VERBS: dict[str, type[Step]] = {
    "uses": ActionStep,
    "approval": ApprovalStep,
    "ask": AskStep,
    "undo": UndoStep,
    "notify": NotifyStep,
    "run": RunStep,
    "wait": WaitStep,
    "parallel": ParallelStep,
    "foreach": ForeachStep,
    "switch": SwitchStep,
}
"""What a step does, by the key that says it; each step has exactly one."""
VERB_OF = {kind: verb for verb, kind in VERBS.items()}


# --- the whole ----------------------------------------------------------------------------------


class Playbook(Node):
    """A playbook that `load_playbook` checked."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    description: Annotated[str, Field(min_length=1, max_length=2_000)]
    on: Trigger
    inputs: dict[Name, Input] = Field(default_factory=dict)
    steps: Steps = Field(min_length=1)
    finally_: Steps = Field(default=(), alias="finally")
    """Steps that run at the end however it went."""
    outputs: dict[Name, Any] = Field(default_factory=dict)
    """What a playbook that called this one gets back."""
    tests: tuple[Case, ...] = Field(default=(), max_length=200)

    @property
    def every_step(self) -> Iterator[Step]:
        """All steps, nested ones too, in the order of the file."""
        yield from _every(self.steps)
        yield from _every(self.finally_)

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the actions used, each once."""
        used = (step.uses for step in self.every_step if isinstance(step, ActionStep))
        return tuple(dict.fromkeys(used))

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the playbooks that it runs, each once."""
        return tuple(dict.fromkeys(step.run for step in self.every_step if isinstance(step, RunStep)))


def _every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for _, inner in step.blocks:
            yield from _every(inner)
