"""Cancelling a run: what is lifted of what it did, and what becomes of the rest.

While a run goes, its books keep what it contained and changed. Where it is cancelled (`Cancel`), no step of
its body begins any more; once all that was under way has ended, what is in force is lifted, the latest
first, and ``finally`` runs: that of the playbooks inside first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playbooks.commands import Cancel, CancelReport, Failed, Outcome, Release, Trace
from playbooks.strands import Strand

CANCELLED = "the run was cancelled"
"""Why a step is skipped."""


@dataclass
class Course:
    """What a run and those inside it did so far, and whether it was cancelled."""

    cancel: Cancel | None = None
    in_force: list[Trace] = field(default_factory=list)
    """Containments in the order in which they were applied, each with its id."""
    changes: list[Trace] = field(default_factory=list)
    """Changes that were made, each with its action: nothing takes them back."""
    closings: list[Strand] = field(default_factory=list)
    """The ``finally`` of playbooks inside that ended by the cancellation."""
    swept: bool = False
    """Whether the lifting was tried."""
    lifted: list[Trace] = field(default_factory=list)
    kept: list[Trace] = field(default_factory=list)
    failed: list[Trace] = field(default_factory=list)

    def stop(self, cancel: Cancel) -> None:
        """Cancel. The first one counts."""
        self.cancel = self.cancel or cancel

    def applied(self, step: str, containment: str) -> None:
        self.in_force.append(Trace(step=step, what=containment))

    def released(self, containment: str) -> None:
        """A step of the playbook's own lifted something."""
        for one in [each for each in self.in_force if each.what == containment]:
            self.in_force.remove(one)
            if self.swept:
                self.failed = [each for each in self.failed if each.what != containment]
                self.lifted.append(one)

    def holds(self, containment: str) -> bool:
        """Whether something that the run applied is in force still, as far as it knows."""
        return any(one.what == containment for one in self.in_force)

    def sweep(self) -> Strand:
        """Lift what is in force, the latest first, unless it shall be kept. One that can't be lifted holds up
        no other."""
        if self.cancel is None or self.swept:
            return
        self.swept = True
        for one in reversed(self.in_force[:]):
            if self.cancel.keep:
                self.kept.append(one.model_copy(update={"why": "as was asked"}))
                continue
            outcome: Outcome = yield Release(
                id=f"{one.step}#lift", step=one.step, containment=one.what, cancelled=self.cancel.said
            )
            if isinstance(outcome, Failed):
                left = one.model_copy(update={"why": outcome.reason})
                (self.kept if outcome.kind == "refused" else self.failed).append(left)
            else:
                self.in_force.remove(one)
                self.lifted.append(one)

    def report(self) -> CancelReport:
        """Say what the cancellation did. Raises ValueError where there was none."""
        if self.cancel is None:
            raise ValueError("the run was not cancelled")
        return CancelReport(
            asked=self.cancel,
            lifted=tuple(self.lifted),
            kept=tuple(self.kept),
            failed=tuple(self.failed),
            changes=tuple(self.changes),
        )
