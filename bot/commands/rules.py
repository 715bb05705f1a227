"""Rules: list, check, test, match."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import (
    rule_backtest,
    rule_coverage,
    rule_exceptions,
    rule_import,
    rule_listing,
    rule_matching,
)
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, say
from bot.commands.site import Json, run, settings_or_none

if TYPE_CHECKING:
    from rules.rule import Query, RuleText
    from rules.testing import TestRun

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Rule files or folders; none: those of siem.yaml, else ./rules.", exists=True),
]
Library = Annotated[bool, typer.Option(help="Also the rules that come with the program.")]


def _texts(paths: list[Path] | None, *, library: bool) -> list[RuleText]:
    from workers.rule_files import site_texts

    return site_texts(paths, None if paths else settings_or_none(), library=library)


def _own(texts: list[RuleText]) -> set[str]:
    return {text.path for text in texts if not text.path.startswith("library/")}


def check(paths: Paths = None, as_json: Json = False) -> None:
    """Find every fault of rule files, with line and column. Exit 1 where there is one."""
    texts = _texts(paths, library=True)
    own = _own(texts)
    from bot.commands.rule_listing import load
    from workers.rule_files import attack_list

    loaded, faults = load(texts)
    attack = attack_list()
    every = (*loaded.detections, *loaded.correlations, *loaded.queries)
    faults += [fault for one in every for fault in attack.faults_of(one)]
    mine = sorted({str(fault): fault for fault in faults if fault.path in own}.items())
    checked = [one for one in every if one.source.path in own]
    if as_json:
        print_json([_place(fault) for _, fault in mine])
    else:
        for text, _ in mine:
            fail(text)
        say(f"{len(checked)} rules in {len(own)} files, {len(mine)} faults.")
    if mine:
        raise typer.Exit(FAILED)
    if not own:
        raise CommandError("there are no rule files here: name a file or folder", MISUSED)


def _place(fault: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(fault)


def run_inline_tests(paths: Paths = None, library: Library = False, as_json: Json = False) -> None:
    """Run the rules' own tests: on the real matcher and correlation engine, queries on OpenSearch."""
    from rules.rule import parse_rules
    from rules.testing import TestRun, run_tests

    texts = _texts(paths, library=True)
    loaded = parse_rules(texts)
    own = {text.path for text in texts} if library else _own(texts)
    only = [one.name for one in (*loaded.detections, *loaded.correlations) if one.source.path in own]
    done = run_tests(loaded, only)
    if queries := [one for one in loaded.queries if one.source.path in own]:
        asked = _ask_queries(queries)
        only += [one.name for one in queries]
        done = TestRun(
            (*done.results, *asked.results), (*done.untested, *asked.untested), (*done.faults, *asked.faults)
        )
    faults = [fault for fault in done.faults if fault.path in own]
    if as_json:
        print_json(
            {
                "results": [
                    {"rule": one.rule, "case": one.case, "passed": one.passed, "message": one.message}
                    for one in done.results
                ],
                "untested": done.untested,
                "faults": [str(fault) for fault in faults],
            }
        )
    else:
        for result in done.failed:
            fail(str(result.fault) if result.fault else f"{result.rule}, {result.case}: {result.message}")
        for fault in faults:
            fail(str(fault))
        if done.untested:
            say(f"Without tests: {', '.join(done.untested)}.")
        say(f"{len(done.results) - len(done.failed)} of {len(done.results)} tests of {len(only)} rules pass.")
    if done.failed or faults:
        raise typer.Exit(FAILED)


def _ask_queries(queries: list[Query]) -> TestRun:
    """Run the tests of scheduled queries; an engine is started, or found, only where there are some."""
    from rules.testing import TestRun
    from workers.query_rule_tests import has_tests, run_query_tests
    from workers.query_windows import load_queries
    from workers.rule_queries import some_opensearch

    plan = load_queries(queries)
    if not has_tests(queries):
        return TestRun((), tuple(one.name for one in queries), plan.faults)

    async def work() -> TestRun:
        async with some_opensearch(settings_or_none()) as stores:
            return await run_query_tests(stores, plan, queries)

    return run(work())


def register(app: typer.Typer) -> None:
    rules = typer.Typer(help="What is looked for.", no_args_is_help=True)
    rule_listing.register(rules)
    rules.command("check")(check)
    rules.command("test")(run_inline_tests)
    rule_matching.register(rules)
    rule_import.register(rules)
    rule_backtest.register(rules)
    rule_coverage.register(rules)
    rule_exceptions.register(rules)
    app.add_typer(rules, name="rules", rich_help_panel="Rules and playbooks")
