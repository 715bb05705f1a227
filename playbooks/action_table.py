"""The catalogue of actions for people: a table for a handbook (`siem actions --markdown`), and of one action
a step to start from (`siem actions show`)."""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

_HEAD = ("action", "kind", "what it does", "takes", "gives", "connection", "least right")


def action_table(specs: Iterable[ActionSpec]) -> str:
    """Return the actions as a Markdown table, by name."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, sorted(specs, key=lambda spec: spec.name))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def example_step(spec: ActionSpec) -> str:
    """Return a step that uses an action, as YAML; of a containment with the approval that it needs."""
    verb = spec.name.partition(".")[2]
    given = [one for one in spec.parameters if one.required and one.default is None]
    lines = [f"- id: {verb}", f"  uses: {spec.name}"]
    if given:
        lines.append("  with:")
        lines += [f"    {one.name}: {_example(one)}" for one in given]
    if spec.kind is ActionKind.CONTAINMENT:
        target = next((f"{{{{ inputs.{one.name} }}}}" for one in given if one.name == spec.target), "this")
        lines.append(f"  for: {'4h' if spec.lasts else '5m'}")
        lines = [
            "- id: ask",
            "  approval:",
            "    from: responders",
            "    expires: 30m",
            f'    question: "{verb.replace("_", " ").capitalize()}: {target}?"',
            f"    releases: [{verb}]",
            *lines,
        ]
    return "\n".join(lines)


def _example(one: Parameter) -> str:
    return "…" if one.type is ValueType.ENUM else f'"{{{{ inputs.{one.name} }}}}"'


def _row(spec: ActionSpec) -> tuple[str, ...]:
    gives = ", ".join(f"`{name}`" for name in spec.gives)
    return (
        f"`{spec.name}`",
        f"{spec.kind.value}, guarded" if spec.guarded else spec.kind.value,
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
