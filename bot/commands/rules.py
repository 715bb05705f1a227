"""Rules: list, check, test, match."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, print_json_line, print_table, say
from bot.commands.site import Json, settings_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.rule import RuleSet, RuleText

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Rule files or folders; none: those of siem.yaml, else ./rules.", exists=True),
]
Library = Annotated[bool, typer.Option(help="Also the rules that come with the program.")]


def _texts(paths: list[Path] | None, *, library: bool) -> list[RuleText]:
    from workers.rule_files import folder_texts, library_texts

    chosen = None if paths else settings_or_none()
    folders = paths or (list(chosen.rule_folders) if chosen else [Path("rules")])
    texts = folder_texts(folders)
    wanted = chosen.site.detection.library if chosen else True
    return [*(library_texts() if library and wanted else []), *texts]


def _own(texts: list[RuleText]) -> set[str]:
    return {text.path for text in texts if not text.path.startswith("library/")}


def list_rules(paths: Paths = None, library: Library = True, as_json: Json = False) -> None:
    """List rules, and why any does not take part."""
    loaded, faults = _load(_texts(paths, library=library))
    every = [*loaded.detections, *loaded.correlations]
    if as_json:
        keys = ("name", "id", "title", "severity", "risk", "attack", "status")
        print_json(
            {
                "rules": [
                    {key: getattr(one, key) for key in keys}
                    | {"kind": type(one).__name__.lower(), "file": one.source.path}
                    for one in every
                ],
                "faults": [str(fault) for fault in faults],
            }
        )
    else:
        rows = [
            [
                one.name,
                type(one).__name__.lower(),
                one.severity.value,
                one.title,
                " ".join(one.attack),
                one.source.path,
            ]
            for one in sorted(every, key=lambda one: one.name)
        ]
        print_table(("name", "kind", "level", "title", "ATT&CK", "file"), rows)
        for fault in faults:
            fail(str(fault))


def _row(one: Any) -> list[Any]:
    kind = type(one).__name__.lower()
    return [one.name, kind, one.severity.value, one.title, " ".join(one.attack), one.source.path]


def _load(texts: list[RuleText]) -> tuple[RuleSet, list[Any]]:
    from rules.correlation import plan_correlations
    from workers.rule_files import compile_texts

    loaded = compile_texts(texts)
    plan = plan_correlations(loaded.rules)
    return loaded.rules, [*loaded.rules.faults, *loaded.matcher.faults, *plan.faults]


def check(paths: Paths = None, as_json: Json = False) -> None:
    """Find every fault of rule files, with line and column. Exit 1 where there is one."""
    texts = _texts(paths, library=True)
    own = _own(texts)
    loaded, faults = _load(texts)
    mine = sorted({str(fault): fault for fault in faults if fault.path in own}.items())
    checked = [one for one in (*loaded.detections, *loaded.correlations) if one.source.path in own]
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
    """Run the rules' own tests on the real matcher and correlation engine."""
    from rules.rule import parse_rules
    from rules.testing import run_tests

    texts = _texts(paths, library=True)
    loaded = parse_rules(texts)
    own = {text.path for text in texts} if library else _own(texts)
    only = [one.name for one in (*loaded.detections, *loaded.correlations) if one.source.path in own]
    done = run_tests(loaded, only)
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


def match(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    rules: Annotated[
        list[Path] | None, typer.Option(help="Rule files or folders; none: the site's own.", exists=True)
    ] = None,
    source: Annotated[str, typer.Option(help="Of the raw records in the file; none: ECS NDJSON.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a match.")] = False,
) -> None:
    """Print which single-event rules match which line of a file, with no engine running."""
    from workers.rule_files import compile_texts

    texts = _texts(rules, library=not rules)
    matcher = compile_texts(texts).matcher
    matches = 0
    for number, event in _events(file, source):
        for found in matcher.match(event):
            matches += 1
            if as_json:
                print_json_line({"rule": found.id, "event": number})
            else:
                say(f"{file}:{number}: {found.name} ({found.severity.value}): {found.title}")
    if not as_json:
        say(f"{matches} matches of {len(matcher.detections)} rules.")


def _events(file: Path, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield flat events, each with the number of its line, from 1."""
    from rules.ecs import flatten

    if not source:
        import orjson

        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    event = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    hint = "name the source of raw lines with --source"
                    raise CommandError(f"{file}:{number}: no JSON ({error}); {hint}") from error
                if not isinstance(event, dict):
                    raise CommandError(f"{file}:{number}: an event must be a JSON object")
                yield number, flatten(event)
        return
    from integrations.catalogue import source as named
    from integrations.contract import Record
    from integrations.framing import read_records
    from integrations.pipeline import Pipeline, Place
    from workers.collect.ingest import file_origin

    chosen = named(source)
    pipeline = Pipeline(chosen, file_origin(file), Place(str(file)))
    for number, record in enumerate(read_records(file, chosen.framing), 1):
        for event in pipeline.feed(Record(record.data, f"line@{number}")):
            yield event["log"]["offset"], flatten(event)
    for event in pipeline.flush():
        yield event["log"]["offset"], flatten(event)


def register(app: typer.Typer) -> None:
    rules = typer.Typer(help="What is looked for.", no_args_is_help=True)
    rules.command("list")(list_rules)
    rules.command("check")(check)
    rules.command("test")(run_inline_tests)
    rules.command("match")(match)
    app.add_typer(rules, name="rules", rich_help_panel="Rules and playbooks")
