"""``health:`` of ``siem.yaml``: what a site says about how it watches over itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from workers.site_values import Duration, Section, Share

Dataset = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_-]+)*$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5)]
SHORTEST = timedelta(minutes=1)


def _not_too_short(value: timedelta) -> timedelta:
    if value < SHORTEST:
        raise ValueError("it is looked at once a minute: write 1m or more")
    return value


Minutes = Annotated[Duration, AfterValidator(_not_too_short)]


class SourceHealth(Section):
    """What is said about one source."""

    silent_after: Minutes | None = None
    """An incident where nothing came for so long; None: what is usual is learnt."""
    errors_above: Share | None = None
    """An incident where a greater share of a quarter of an hour's events could not be parsed; 20% where
    nothing is said."""
    may_be_silent: Reason | None = None
    """Why its silence means nothing."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.silent_after and self.may_be_silent:
            raise ValueError("silent_after and may_be_silent contradict each other: keep one of the two")
        return self


class CanarySection(Section):
    every: Minutes = timedelta(minutes=5)
    within: Duration = timedelta(minutes=2)
    """How soon a canary must have come out as an alert."""
    off: Reason | None = None
    """Why none are planted."""


class HealthSection(Section):
    sweep_late: Minutes = timedelta(minutes=2)
    """How long an event may wait to be matched."""
    sources: dict[Dataset, SourceHealth] = Field(default_factory=dict)
    """Dataset, as ``event.dataset`` has it, to what is known of it."""
    canary: CanarySection = CanarySection()
