"""Who lets a containment happen: an approval that names it, or its own ``automatic``; never nobody, and
never both."""

from __future__ import annotations

from collections.abc import Mapping

from playbooks.actions import ActionKind
from playbooks.durations import parse_duration
from playbooks.expressions import ExpressionError, Reference, is_template, parse_template
from playbooks.faults import did_you_mean
from playbooks.findings import Findings, texts_of
from playbooks.flow import Visit
from playbooks.steps import UNTIL_RELEASED, ActionStep, ApprovalStep


def check_releases(found: Findings, visits: list[Visit]) -> None:
    """Note what is wrong with containments and with the approvals that release them."""
    _check_containments(found)
    _check_approvals(found, visits)


def _check_containments(found: Findings) -> None:
    """A containment runs by an approval, or by its own ``automatic``: never by neither or both."""
    released: dict[str, str] = {}
    for step in found.playbook.every_step:
        if isinstance(step, ApprovalStep):
            for index, name in enumerate(step.approval.releases):
                _release(found, step, index, name, released)
    for step in found.playbook.every_step:
        if not isinstance(step, ActionStep) or step.uses not in found.catalogue:
            continue
        if found.catalogue[step.uses].kind is ActionKind.CONTAINMENT:
            _containment(found, step, released)
        else:
            for key in ("for", "automatic", "override"):
                if getattr(step, f"{key}_" if key == "for" else key) is not None:
                    message = f"{key} is for containments; {step.uses} takes nothing away"
                    found.fault(found.place(step, key), message, "leave it out", at_key=True)


def _release(found: Findings, step: ApprovalStep, index: int, name: str, released: dict[str, str]) -> None:
    place = found.place(step, "approval", "releases", index)
    target = found.steps.get(name)
    if name in found.broken:
        released.setdefault(name, step.id)
    elif target is None:
        found.fault(place, f"there is no step {name!r}", did_you_mean(name, found.steps))
    elif isinstance(target, ActionStep) and target.uses not in found.catalogue:
        released.setdefault(name, step.id)
    elif (
        not isinstance(target, ActionStep) or found.catalogue[target.uses].kind is not ActionKind.CONTAINMENT
    ):
        found.fault(place, f"step {name!r} is no containment: it needs no release", "leave it out")
    elif name in released:
        found.fault(place, f"step {name!r} is released by {released[name]!r} already", "let one ask for it")
    else:
        released[name] = step.id


def _containment(found: Findings, step: ActionStep, released: Mapping[str, str]) -> None:
    approval = released.get(step.id)
    if approval is None and step.automatic is None and step.id not in found.broken_releases:
        hint = (
            f"name it in an approval before it, releases: [{step.id}], "
            "or write automatic: {reason: …, max_per_hour: …}"
        )
        found.fault(found.place(step, "uses"), f"nobody approves {step.uses}", hint)
    if approval is not None and step.automatic is not None:
        message = f"{approval!r} asks people for this, so it is not automatic"
        found.fault(found.place(step, "automatic"), message, "leave one of the two out", at_key=True)
    if step.override is not None:
        asking = found.steps.get(approval or "")
        if not isinstance(asking, ApprovalStep) or asking.approval.quorum < 2:
            hint = "ask with quorum: 2 in the approval that releases it"
            found.fault(found.place(step, "override"), "an override needs two people", hint, at_key=True)
    if step.for_ is None and found.place(step, "for") not in found.marked.values:
        hint = f'write for: 24h, or for: "{UNTIL_RELEASED}" where it has no end'
        if not found.catalogue[step.uses].lasts:
            hint = "write for: 5m: it is done at once and gives nothing back, so a short time is enough"
        found.fault(found.place(step, "uses"), "the containment does not say how long it lasts", hint)
    elif step.for_ is not None and not is_template(step.for_) and step.for_ != UNTIL_RELEASED:
        try:
            parse_duration(step.for_)
        except ValueError as error:
            found.fault(found.place(step, "for"), str(error))
    for key in ("retry", "timeout"):
        if getattr(step, key) is not None:
            message = f"{key} is not for containments: they are tried until they hold or are reverted"
            found.fault(found.place(step, key), message, "leave it out", at_key=True)


def _check_approvals(found: Findings, visits: list[Visit]) -> None:
    """What an approval releases comes after it, and can be rendered when it asks."""
    order = {visit.step.id: index for index, visit in enumerate(visits)}
    by_id = {visit.step.id: visit for visit in visits}
    for index, visit in enumerate(visits):
        if not isinstance(visit.step, ApprovalStep):
            continue
        for number, name in enumerate(visit.step.approval.releases):
            target = by_id.get(name)
            if target is None or not isinstance(target.step, ActionStep):
                continue
            place = found.place(visit.step, "approval", "releases", number)
            if order[name] < index or not target.inside(visit):
                message = f"step {name!r} does not come after this question on the same way"
                hint = "ask before it, and in the same foreach, branch or case or around it"
                found.fault(place, message, hint)
                continue
            if _decided(target.step, visit):
                message = f"whether {name!r} happens is decided before this asks about it"
                hint = (
                    f"people approve what is done: write its if at {visit.step.id!r}, "
                    "or let a switch ask one question for each way"
                )
                found.fault(place, message, hint)
            texts = [(("with", *path), text) for path, text in texts_of(target.step.with_)]
            if target.step.for_ is not None:
                texts.append((("for",), target.step.for_))
            for path, text in texts:
                for reference in _references(text):
                    if visit.scope.doubt(reference) and not target.scope.doubt(reference):
                        found.fault(
                            found.place(target.step, *path),
                            f"{reference} is not known yet when {visit.step.id!r} asks about this step",
                            f"people see the whole action: move what it needs before {visit.step.id!r}",
                            within=str(reference),
                        )


def _decided(released: ActionStep, asking: Visit) -> bool:
    """Whether a released step has an ``if`` of its own that is known when people are asked: they would
    approve what may never happen."""
    if not isinstance(released.if_, str) or released.if_ in asking.scope.conditions:
        return False
    references = _references(released.if_)
    return bool(references) and not any(asking.scope.doubt(reference) for reference in references)


def _references(text: str) -> tuple[Reference, ...]:
    try:
        return parse_template(text).references
    except ExpressionError:
        return ()
