"""`siem rules list`: the rules, which of them can find anything, and what each costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.output import fail, print_json, print_table, say
from bot.commands.site import Json, settings_or_none

if TYPE_CHECKING:
    from rules.rule import Correlation, Detection, Query, RuleFault, RuleSet, RuleText
    from workers.rule_costs import Cost


def list_rules(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files or folders; none: those of siem.yaml, else ./rules.", exists=True),
    ] = None,
    library: Annotated[bool, typer.Option(help="Also the rules that come with the program.")] = True,
    cost: Annotated[bool, typer.Option(help="The dearest first, as the sweep measured them.")] = False,
    as_json: Json = False,
) -> None:
    """List rules, why any does not take part, and whether its source is collected."""
    from rules.rule import Correlation
    from workers.rule_collection import is_taken, taken_sources
    from workers.rule_costs import INDICATORS, Cost, read_costs
    from workers.rule_files import site_texts

    settings = settings_or_none()
    loaded, faults = load(site_texts(paths, None if paths else settings, library=library))
    every: list[Detection | Correlation | Query] = [
        *loaded.detections, *loaded.correlations, *loaded.queries
    ]  # fmt: skip
    idle = {fault.path for fault in faults}
    names = taken_sources(settings)
    missing = {one.id for one in every if not isinstance(one, Correlation) and not is_taken(one, names)}
    costs = read_costs(settings.data) if settings and cost else {}
    every.sort(key=lambda one: (-costs.get(one.id, Cost()).seconds, one.name))
    if as_json:
        rules = [_facts(one, one.id not in missing) | _measured(costs.get(one.id), cost) for one in every]
        print_json({"rules": rules, "faults": [str(fault) for fault in faults]})
        return
    if cost:
        measured = [*every, *([] if paths else [INDICATORS])]
        measured.sort(key=lambda one: (-costs.get(one.id, Cost()).seconds, one.name))
        rows = [_cost_row(one, costs[one.id]) for one in measured if one.id in costs]
        print_table(("name", "kind", "looked at", "hits", "seconds", "µs a look", "file"), rows)
        if not rows:
            say("Nothing has been measured yet: the sweep of `siem up` does.")
        return
    rows = [_row(one, "no" if one.id in missing else "yes") for one in every]
    columns = ("name", "kind", "level", "collected", "title", "ATT&CK", "file")
    print_table(columns, rows, wrapped=("title", "ATT&CK"))
    for fault in faults:
        fail(str(fault))
    say(f"{len(every):,} rules; of {len(missing):,} the source is not collected; "
        f"{len(faults):,} faults in {len(idle):,} files keep others out.")  # fmt: skip


def load(texts: list[RuleText]) -> tuple[RuleSet, list[RuleFault]]:
    """Return rules that can take part, and what keeps others from it, in the order of the files."""
    from dataclasses import replace

    from rules.correlation import plan_correlations
    from workers.query_windows import load_queries
    from workers.rule_files import compile_texts

    settings = settings_or_none()
    placeholders = settings.site.detection.placeholders if settings else {}
    loaded = compile_texts(texts, settings.data if settings else None, placeholders)
    plan = plan_correlations(loaded.rules)
    asked = load_queries(loaded.rules.queries)
    queries = tuple(one.rule for one in asked.definitions)
    sound = replace(loaded.rules, detections=loaded.matcher.detections, queries=queries)
    return sound, [*loaded.rules.faults, *loaded.matcher.faults, *plan.faults, *asked.faults]


def _facts(one: Any, collected: bool) -> dict[str, Any]:
    keys = ("name", "id", "title", "severity", "risk", "attack", "status")
    facts = {key: getattr(one, key) for key in keys}
    return facts | {"kind": type(one).__name__.lower(), "file": one.source.path, "collected": collected}


def _measured(cost: Cost | None, wanted: bool) -> dict[str, Any]:
    if not wanted:
        return {}
    return {"cost": {"runs": cost.runs, "hits": cost.hits, "seconds": cost.seconds} if cost else None}


def _cost_row(one: Any, cost: Cost) -> list[Any]:
    each = f"{cost.seconds / cost.runs * 1e6:.1f}" if cost.runs else ""
    kind = {"Rule": "indicators"}.get(type(one).__name__, type(one).__name__.lower())
    return [one.name, kind, cost.runs, cost.hits, f"{cost.seconds:.3f}", each, one.source.path]


def _row(one: Any, collected: str) -> list[Any]:
    kind = type(one).__name__.lower()
    return [one.name, kind, one.severity.value, collected, one.title, " ".join(one.attack), one.source.path]


def register(rules: typer.Typer) -> None:
    rules.command("list")(list_rules)
