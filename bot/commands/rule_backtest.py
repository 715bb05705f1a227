"""`siem rules backtest`: alerts per day that a rule would have raised, before and after a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import MISUSED, CommandError
from bot.commands.output import fail, print_json, print_table, say
from bot.commands.site import Json, run, settings

if TYPE_CHECKING:
    from rules.rule import RuleText
    from workers.backtest import Findings


@dataclass(frozen=True)
class _Version:
    texts: list[RuleText]
    names: list[str]


def backtest(
    rule: Annotated[str, typer.Argument(help="A rule's name or id, or a file of rules.")],
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=3650)] = 30,
    against: Annotated[
        Path | None, typer.Option(help="The rules as they were before.", exists=True, dir_okay=False)
    ] = None,
    samples: Annotated[int, typer.Option(help="How many findings are shown.", min=0, max=1000)] = 3,
    as_json: Json = False,
) -> None:
    """Run a rule over the events that are stored, and count its alerts by day."""
    from integrations.ports import StoreError
    from workers.backtest import (
        BacktestError,
        backtest_query,
        queries_under_test,
        rules_under_test,
        run_backtest,
    )
    from workers.composition import open_stores
    from workers.engines import find_opensearch

    chosen = settings()
    last = datetime.now(UTC)
    first = last - timedelta(days=days)
    versions = {"now": _version(rule)}
    if against is not None:
        versions = {"before": _version(str(against)), "after": versions["now"]}

    async def work() -> dict[str, Findings]:
        stores = await open_stores(chosen, find_opensearch(chosen))
        try:
            found = {}
            for name, one in versions.items():
                if asked := queries_under_test(one.texts, one.names):
                    if len(asked) > 1 or len(one.names) > 1:
                        raise BacktestError("scheduled queries are tried one at a time: name one")
                    found[name] = await backtest_query(stores, asked[0], first, last, samples)
                    continue
                detection, queries = rules_under_test(one.texts, one.names)
                found[name] = await run_backtest(stores, detection, queries, first, last, samples)
            return found
        finally:
            await stores.close()

    try:
        found = run(work())
    except (BacktestError, StoreError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json({name: _facts(one) for name, one in found.items()})
        return
    every = sorted({day for one in found.values() for day in one.by_day})
    rows: list[list[Any]] = [[str(day), *(one.by_day[day] for one in found.values())] for day in every]
    rows.append(["all", *(one.alerts for one in found.values())])
    print_table(("day", *(f"alerts {name}" for name in found)), rows)
    for name, one in found.items():
        for alert in one.samples:
            say(f"{name}: {alert.last:%Y-%m-%d %H:%M:%S}Z {alert.rule}: {alert.summary or alert.title}")
        if one.everything:
            say(f"{name}: a rule has no query, so all {one.events:,} events were read.")
        if not one.whole:
            fail(f"{name}: the count ended at {one.alerts:,} alerts: the rule finds far too much.")


def _version(rule: str) -> _Version:
    from rules.rule import parse_rules
    from workers.rule_files import folder_texts, site_texts

    rest = site_texts(None, settings())
    if not Path(rule).is_file():
        return _Version(rest, [rule])
    own = folder_texts([Path(rule)])
    loaded = parse_rules(own)
    names = [one.id for one in (*loaded.detections, *loaded.correlations, *loaded.queries)]
    if not names:
        words = "\n".join(str(fault) for fault in loaded.faults)
        raise CommandError(words or f"{rule} holds no rule", MISUSED)
    return _Version([*own, *(text for text in rest if Path(text.path) != Path(rule).resolve())], names)


def _facts(one: Findings) -> dict[str, Any]:
    return {
        "alerts": one.alerts, "whole": one.whole, "events_read": one.events, "by_rule": dict(one.by_rule),
        "by_day": {str(day): count for day, count in sorted(one.by_day.items())}, "samples": one.samples,
    }  # fmt: skip


def register(rules: typer.Typer) -> None:
    rules.command("backtest")(backtest)
