"""What playbooks do, at a glance: what starts each, whom it asks, what it takes away and for how long.

For a table of the library, or of a site's own playbooks in its handbook (`siem playbooks list --markdown`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playbooks.actions import ActionKind, ActionSpec
from playbooks.durations import say_duration
from playbooks.steps import ActionStep, Approval, ApprovalStep, AskStep, Inquiry, Playbook, RunStep


@dataclass(frozen=True)
class Overview:
    """One playbook in a few words, each text plain."""

    name: str
    description: str
    starts: tuple[str, ...]
    asks: tuple[str, ...]
    """Whom it asks for how long: ``2 of responders 15m, then on-call-leads``; with ``?`` for data alone."""
    takes: tuple[str, ...]
    """Containments, with their time to live; ``at once`` where nobody is asked."""
    does: tuple[str, ...]
    """Changes, and other playbooks that it runs."""
    looks_up: tuple[str, ...]


def overview(playbook: Playbook, catalogue: Mapping[str, ActionSpec]) -> Overview:
    """Return what a playbook does; `catalogue` has the actions that it uses."""
    takes, does, looks_up, asks = [], [], [], []
    for step in playbook.every_step:
        match step:
            case ActionStep() if catalogue[step.uses].kind is ActionKind.CONTAINMENT:
                at_once = " at once" if step.automatic is not None else ""
                takes.append(f"{step.uses}{at_once} {_time(playbook, step)}")
            case ActionStep() if catalogue[step.uses].kind is ActionKind.CHANGE:
                does.append(step.uses)
            case ActionStep():
                looks_up.append(step.uses)
            case RunStep():
                does.append(f"runs {step.run}")
            case ApprovalStep():
                quorum = f"{step.approval.quorum} of " if step.approval.quorum > 1 else ""
                asks.append(quorum + _asked(step.approval))
            case AskStep():
                asks.append(f"{_asked(step.ask)} ?")
    return Overview(
        name=playbook.name,
        description=playbook.description,
        starts=tuple(_starts(playbook)),
        asks=_each(asks),
        takes=_each(takes),
        does=_each(does),
        looks_up=_each(looks_up),
    )


def table(playbooks: Iterable[Playbook], catalogue: Mapping[str, ActionSpec]) -> str:
    """Return a table in Markdown, by name."""
    lines = [
        "| playbook | started by | asks | takes away | also does | looks up |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for playbook in sorted(playbooks, key=lambda one: one.name):
        seen = overview(playbook, catalogue)
        cells = [
            f"**{seen.name}**: {seen.description}",
            *(
                "<br>".join(column)
                for column in (seen.starts, seen.asks, seen.takes, seen.does, seen.looks_up)
            ),
        ]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _starts(playbook: Playbook) -> Iterable[str]:
    on = playbook.on
    if on.incident is not None:
        for word, names in (
            ("rule", on.incident.rules),
            ("tag", on.incident.tags),
            ("ATT&CK", on.incident.attack),
        ):
            yield from (f"{word} {name}" for name in names)
        if not (on.incident.rules or on.incident.tags or on.incident.attack):
            yield "an incident"
    if on.alert is not None:
        yield from (f"alert {name}" for name in on.alert.rules)
    if on.webhook is not None:
        yield f"webhook {on.webhook}"
    if on.schedule is not None:
        every = on.schedule.every
        yield f"cron {on.schedule.cron}" if every is None else f"every {say_duration(every)}"
    if on.command:
        yield "people"


def _asked(asked: Approval | Inquiry) -> str:
    then = f", then {asked.on_expiry.escalate}" if asked.on_expiry is not None else ""
    return f"{asked.from_} {say_duration(asked.expires)}{then}"


def _time(playbook: Playbook, step: ActionStep) -> str:
    """The time to live as written, or the default of the input that gives it."""
    written = step.for_ or ""
    name = written.strip("{} ").removeprefix("inputs.")
    given = playbook.inputs.get(name)
    return str(given.default) if given is not None and given.default is not None else written


def _each(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
