"""The catalogue of actions as a table, for a handbook (`siem actions --markdown`)."""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.actions import ActionSpec, Parameter

_HEAD = ("action", "kind", "what it does", "takes", "gives", "connection", "least right")


def action_table(specs: Iterable[ActionSpec]) -> str:
    """Return the actions as a Markdown table, by name."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, sorted(specs, key=lambda spec: spec.name))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(spec: ActionSpec) -> tuple[str, ...]:
    gives = ", ".join(f"`{name}`" for name in spec.returns)
    return (
        f"`{spec.name}`",
        spec.kind.value,
        _plain(spec.summary),
        ", ".join(map(_parameter, spec.parameters)) or "nothing",
        gives,
        f"`{spec.connection}`" if spec.connection else "",
        _plain(spec.permission),
    )


def _parameter(one: Parameter) -> str:
    return f"`{one.name}`" + ("" if one.required else "?")


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
