"""A playbook's own tests: what is given, and what is expected of the run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from rules.alerts import Severity
from rules.entities import EntityKind


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseIncident(_Node):
    """The incident of a rehearsal; what is not said is made up, the same each time."""

    title: str = "A rehearsed incident"
    severity: Severity = Severity.HIGH
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    summary: str = ""
    entities: dict[EntityKind, tuple[str, ...]] = Field(default_factory=dict)


class Expected(_Node):
    """What must hold of the run. What is not said is not looked at."""

    starts: StrictBool = True
    """Whether the trigger takes the incident; false: it must not, and nothing is run."""
    status: Literal["succeeded", "failed", "denied", "cancelled"] | None = None
    path: tuple[str, ...] | None = None
    """Exactly the steps that ran, in the order in which they ended."""
    actions: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Step to the parameters it was called with; those not named are not looked at."""
    says: dict[str, str] = Field(default_factory=dict)
    """Step to a piece of the text that people were shown."""
    reason: str | None = None
    """A piece of the run's reason."""
    lifted: tuple[str, ...] | None = None
    """Exactly the containments, by step, that the cancellation lifted, the first one first."""


class Case(_Node):
    """One rehearsal."""

    name: Annotated[str, Field(min_length=1)]
    incident: CaseIncident = CaseIncident()
    inputs: dict[str, Any] = Field(default_factory=dict)
    payload: dict[str, Any] = Field(default_factory=dict)
    """The body of the webhook that starts it."""
    given: dict[str, Any] = Field(default_factory=dict)
    """Step to its outcome: a mapping is a result; ``granted``, ``denied`` or ``expired`` answers an
    approval, a mapping of answers or ``expired`` an ask; ``{error: why}``, ``{timeout: why}`` and
    ``{refused: why}`` are failures; ``cancelled`` cancels the run while the step is under way,
    ``{cancelled: keep}`` lets stay what it contained; a list gives one outcome for each attempt. What is
    lifted then is ``STEP#lift``. Questions must be answered; other steps succeed by themselves."""
    expect: Expected
