"""Cancelling a playbook run: who may, what is said of it, and what was done about what the run did.

What a cancellation means is in `playbooks.engine`; here is who may ask for it and what people are told.
"""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import LONGEST_REASON, TEMPORAL, Cancel, CancelReport, Release, Trace
    from workers.contract import CancelRefused, actor_of
    from workers.running import Running

LISTED = 20
"""Things that one text names."""


class Cancelling:
    """Whether, by whom and why one run is cancelled."""

    def __init__(self, running: Running) -> None:
        self._running = running
        carried = running.start.carried
        self.asked: Cancel | None = carried.cancelled if carried else None
        """Also of one that the engine has not been told yet."""

    def check(self, cancel: Cancel, *, over: bool) -> None:
        """Refuse, before history, what cancels nothing. `over`: the run has ended, and only tells of it."""
        if cancel.by not in self._running.start.approvers.everyone:
            raise ApplicationError("only approvers may cancel a run", type=CancelRefused.NOT_APPROVER)
        if self.asked is not None:
            said = f"it is being {self.asked.said} already"
            raise ApplicationError(said, type=CancelRefused.CANCELLED)
        if over:
            raise ApplicationError("this run has ended already", type=CancelRefused.ENDED)

    def begin(self, cancel: Cancel) -> None:
        """Say that it is being cancelled."""
        plan = "What it contained stays" if cancel.keep else "What it contained will be lifted"
        self._running.note(
            "playbook.cancelling",
            f"Playbook {self._running.start.playbook} is being {cancel.said}. {plan}.",
            {"by": cancel.by, "reason": cancel.reason, "keep": cancel.keep},
            tell="medium",
            actor=actor_of(cancel.by),
            once="cancelling",
        )

    def not_lifted(self, release: Release, why: str) -> None:
        """Say that something could not be lifted; that others asked for it too is said at the end."""
        text = f"{release.containment}, which step {release.step} applied, could not be lifted yet: {why}"
        data = {"containment": release.containment, "step": release.step}
        self._running.note("containment.not_lifted", text, data, tell="high")


def by_temporal(reason: str) -> Cancel:
    """Return the cancellation that Temporal's own asks for."""
    return Cancel(by=TEMPORAL, reason=reason.strip()[:LONGEST_REASON])


def say_report(report: CancelReport) -> str:
    """Say what a cancellation did, in sentences."""
    said = [
        f"{words}: {_listed(found)}."
        for words, found in (
            ("Lifted", report.lifted),
            ("Stays in force", report.kept),
            ("Could not be lifted yet, and is tried on", report.failed),
            ("Was done, and nothing takes it back", report.changes),
        )
        if found
    ]
    return " ".join(said) or "Nothing was left to lift."


def _listed(found: Iterable[Trace]) -> str:
    said = [f"{one.step} ({one.what}){', ' * bool(one.why)}{one.why}" for one in found]
    more = f" and {len(said) - LISTED} more" if len(said) > LISTED else ""
    return "; ".join(said[:LISTED]) + more
