"""What workflows hand to activities, beyond the contract that others see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from playbooks.actions import ActionSpec, BlastRadius, RenderedAction
from playbooks.commands import Cancel, Completed
from playbooks.guard import Weighed
from playbooks.kept import KeptAt
from playbooks.plan import Plan
from rules.alerts import Alert
from rules.incidents import IncidentFacts
from workers.contract import LogPart, Message, PlaybookStart


class ActionRequest(Message):
    """One attempt at an action: argument of ``action.call`` and ``containment.apply|undo``."""

    action: str
    params: dict[str, Any]
    key: str
    kept: tuple[KeptAt, ...] = ()
    """Values of `params` that are kept elsewhere: None stands there. Of ``action.call`` alone."""
    incident: str | None = None
    until: datetime | None = None
    lasts: float | None = None
    """Seconds from the request to `until`, by the workflow's clock."""
    reason: str = ""


class ActionEffect(Message):
    """What ``containment.apply`` and ``containment.undo`` found when they looked afterwards."""

    in_force: bool
    detail: str
    refused: str = ""
    """Of a lift that was refused: the type of the error, ``shared`` where others asked for it as well."""


class BlastRequest(Message):
    incident: str
    actions: tuple[RenderedAction, ...]


class BlastAnswer(Message):
    blast: tuple[BlastRadius, ...]
    """One for each action, in order."""


class PlanRequest(Message):
    """Argument of ``PlanWorkflow``: what would this playbook do for this incident?"""

    incident: str
    """Empty: the incident of the test."""
    playbook: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    test: str = ""
    """One of the playbook's own tests, whose answers count; empty: every question is granted."""


class Foreseen(Message):
    """A plan, and what each of its containments would hit, in the same order."""

    plan: Plan
    blast: tuple[BlastRadius, ...]
    lacking: tuple[str, ...] = ()
    """Why steps would fail here that a plan does not take, in words: a connection that siem.yaml lacks."""


class WeighRequest(Message):
    """Argument of ``containment.weigh``: what the guard needs to know."""

    containment: str
    spec: ActionSpec
    params: dict[str, Any]


class WeighAnswer(Message):
    applied_last_hour: int
    """New containments of all actions, this one not counted."""
    of_this_action: int
    weighed: Weighed


class FindEvent(Message):
    """Argument of ``events.find``: is there an event of a query that was stored since?"""

    query: str
    since: datetime
    """Time of ingestion."""
    step: str = ""
    """Of the run: which step waits."""


class FoundEvent(Message):
    document: dict[str, Any] | None
    """None: there is none."""


class HookWait(Message):
    """Argument of ``hooks.wait`` and ``hooks.forget``: a run waits for a webhook, or no longer."""

    webhook: str
    workflow: str
    step: str


class KeepLog(Message):
    """Argument of ``run.keep_log``: outcomes that a run has seen, for its next history."""

    workflow: str
    run: str
    """The id of its first history: what tells runs of the same name apart."""
    incident: str
    first: int
    """The number of the first part to make."""
    outcomes: tuple[Completed | Cancel, ...]


class KeptLog(Message):
    parts: tuple[LogPart, ...]


class LiftRequest(Message):
    """Argument of ``containment.lift``: a run lifts what it applied itself."""

    containment: str
    workflow: str
    """The playbook workflow."""
    cancelled: str = ""
    """By whom and why the run was cancelled, where that is why; then what a step of it asked for before does
    not answer this."""


class SelectPlaybooks(Message):
    """Which playbooks answer an incident, beyond those already started."""

    facts: IncidentFacts
    alerts: tuple[Alert, ...] = ()
    """Those that inputs may be taken from."""
    started: tuple[str, ...] = ()
    """``name#run key`` of each run that was started before."""
    only: str | None = None
    """The name of the one that a person asked for; then its trigger need not match."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    payload: Any = None
    """The body of the webhook that starts it."""
    requested_by: str | None = None


class SelectedPlaybooks(Message):
    starts: tuple[PlaybookStart, ...]
    faults: tuple[str, ...] = ()
    """Why a playbook that should have started could not, in words."""
