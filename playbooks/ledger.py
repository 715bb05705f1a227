"""The books of a run: what became of each step, what was granted, and what was withheld."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from playbooks.actions import RenderedAction
from playbooks.commands import CancelReport, Failed, RunResult, StepRecord
from playbooks.steps import ForeachStep, Step

Status: TypeAlias = Literal["succeeded", "failed", "skipped", "denied", "expired", "cancelled"]


class StepError(Exception):
    """A step failed before or instead of its command; `outcome` says how."""

    def __init__(
        self, reason: str, kind: Literal["error", "timeout", "refused", "cancelled"] = "error"
    ) -> None:
        super().__init__(reason)
        self.outcome = Failed(reason=reason, kind=kind)


RESULT_KEPT = 10_000
"""Characters of JSON of one step's result in the run's result; expressions see the whole."""
RESULTS_KEPT = 400_000
"""Of all steps together: a run's result is a message of at most 2 MiB."""


@dataclass(frozen=True)
class Place:
    """Where a strand is: its results by step id, its loop variables, and its iteration."""

    results: dict[str, dict[str, Any]]
    variables: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = ""
    """``[2]`` in the third iteration of a foreach, ``[2][0]`` in one inside it."""
    closing: bool = False
    """It is in a ``finally``: its steps run in a cancelled run too."""


@dataclass
class Ledger:
    """The books of one playbook's run; those of one that it runs go into the same records."""

    prefix: str = ""
    """Before the ids of its steps: ``call.`` in a playbook that the step ``call`` runs."""
    records: list[StepRecord] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    """Characters of the results kept in `records`."""
    granted: dict[str, tuple[RenderedAction, str]] = field(default_factory=dict)
    """Containment, with its iteration, to what was approved and by which question."""
    withheld: dict[str, str] = field(default_factory=dict)
    """Step, with its iteration, that has no result since an approval was not granted, and why."""
    refused: str = ""
    """Why the run ends denied."""
    failure: str = ""
    """The first failure that ended something."""

    def inner(self, prefix: str) -> Ledger:
        return Ledger(prefix=prefix, records=self.records, sizes=self.sizes)

    def id_of(self, step: Step, place: Place) -> str:
        """Return what a step is called in commands and records: unique in the run."""
        return f"{self.prefix}{step.id}{place.suffix}"

    def record(
        self, step: Step, place: Place, status: Status, detail: str, result: Mapping[str, Any]
    ) -> None:
        """Note what became of a step."""
        place.results[step.id] = {"error": "", **result, "outcome": status}
        kept, said = self._keep(result), detail
        if kept is None:
            kept, said = {}, f"{detail} (its result is not kept here: too large, or no plain text)".strip()
        self.records.append(
            StepRecord(id=self.id_of(step, place), status=status, detail=said[:2_000], result=kept)
        )

    def fail(
        self, step: Step, place: Place, reason: str, kind: str, result: Mapping[str, Any] | None = None
    ) -> bool:
        """Note a failure that ends what the step is in; returns False, as a sequence wants it."""
        said = told(reason, kind)
        self.failure = self.failure or f"{self.id_of(step, place)} failed: {said}"
        self.record(step, place, "failed", said, {**(result or {}), "error": said})
        return False

    def skip(self, step: Step, place: Place, why: str, *, withheld: bool = False) -> None:
        """Note that a step was not run; `withheld`: since people did not grant what it needs."""
        if withheld:
            self.withheld[step.id + place.suffix] = why
        self.record(step, place, "skipped", why, {})
        for _, inner in step.blocks:
            self.pass_by(inner, place, why if withheld else "")

    def stop(self, step: Step, place: Place, why: str, result: Mapping[str, Any] | None = None) -> bool:
        """Note that a cancellation ended a step; returns whether what it is in goes on: in a ``finally``."""
        self.withheld.setdefault(step.id + place.suffix, why)
        self.record(step, place, "cancelled", why, result or {})
        return place.closing

    def pass_by(self, steps: Sequence[Step], place: Place, withheld: str = "") -> None:
        """Let steps that are not come to be known as skipped, so that others may ask about them."""
        for step in steps:
            place.results[step.id] = {"outcome": "skipped", "error": ""}
            if withheld:
                self.withheld.setdefault(step.id + place.suffix, withheld)
            if not isinstance(step, ForeachStep):
                for _, inner in step.blocks:
                    self.pass_by(inner, place, withheld)

    def why_withheld(self, step: str, place: Place) -> str:
        """Why a step has no result, where an approval that was not granted is the cause, else empty."""
        suffix = place.suffix
        while step + suffix not in self.withheld and suffix:
            suffix = suffix[: suffix.rindex("[")]
        return self.withheld.get(step + suffix, "")

    def result(self, *, good: bool, outputs: Mapping[str, Any]) -> RunResult:
        """Return how the run ended."""
        if not good:
            return RunResult(status="failed", steps=tuple(self.records), reason=self.failure[:2_000])
        return RunResult(
            status="denied" if self.refused else "succeeded",
            steps=tuple(self.records),
            reason=self.refused[:2_000],
            outputs=dict(outputs),
        )

    def cancelled(self, report: CancelReport) -> RunResult:
        """Return how the run ended that was cancelled."""
        said = report.asked.said
        return RunResult(status="cancelled", steps=tuple(self.records), reason=said, cancelled=report)

    def _keep(self, result: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            size = len(json.dumps(result, default=str, ensure_ascii=False).encode())
        except (RecursionError, ValueError):
            return None
        if size > RESULT_KEPT or sum(self.sizes) + size > RESULTS_KEPT:
            return None
        self.sizes.append(size)
        return dict(result)


def told(reason: str, kind: str) -> str:
    return reason if kind == "error" else f"{kind}: {reason}"
