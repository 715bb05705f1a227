"""`siem rules match`: which rules match which line of a file, by the matcher or by queries."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json_line, say, tell
from bot.commands.site import run, settings_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.ecs import Document
    from rules.rule import Detection, RuleText
    from rules.sigma import Matcher

SHOWN = 5
"""How many rules without a query are named one by one."""
PAGE = 1000
"""How many events are matched together."""


class Way(StrEnum):
    MATCHER = "matcher"
    OPENSEARCH = "opensearch"


def match(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Rule files, folders, archives; none: the site's own.", exists=True),
    ] = None,
    source: Annotated[str, typer.Option(help="Of the raw records in the file; none: ECS NDJSON.")] = "",
    engine: Annotated[
        Way, typer.Option(help="matcher: in process, no engine running; opensearch: by queries.")
    ] = Way.MATCHER,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a match.")] = False,
) -> None:
    """Print which single-event rules match which line of a file."""
    from workers.rule_files import compile_texts

    loaded = compile_texts(_texts(rules))
    matcher = loaded.matcher
    for fault in (*loaded.rules.faults, *matcher.faults):
        fail(str(fault))
    by_id = {one.id: one for one in matcher.detections}
    matches = 0
    events = _events(file, source)
    for number, found in (
        _by_matcher(matcher, events) if engine is Way.MATCHER else _by_queries(matcher, events)
    ):
        matches += 1
        if as_json:
            print_json_line({"rule": found, "event": number})
        else:
            rule = by_id[found]
            say(f"{file}:{number}: {rule.name} ({rule.severity.value}): {rule.title}")
    if not as_json:
        say(f"{matches} matches of {len(matcher.detections)} rules.")
    for trouble in matcher.troubles:
        fail(f"{trouble.rule.name} was taken out: {trouble.reason}")
    if matcher.troubles:
        raise typer.Exit(FAILED)


def _texts(rules: list[Path] | None) -> list[RuleText]:
    from workers.rule_files import site_texts
    from workers.rule_import import RuleImportError, read_release

    if not rules:
        return site_texts(None, settings_or_none())
    releases = [path for path in rules if path.is_file() and path.suffix not in (".yml", ".yaml")]
    try:
        found = [text for path in releases for text in read_release(path)]
    except RuleImportError as error:
        raise CommandError(str(error), MISUSED) from error
    if others := [path for path in rules if path not in releases]:
        found += site_texts(others, None, library=False)
    return found


def _by_matcher(matcher: Matcher, events: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, str]]:
    while page := list(islice(events, PAGE)):
        found: Sequence[tuple[int, Detection]] = matcher.match_all([event for _, event in page])
        yield from ((page[place][0], one.id) for place, one in found)


def _by_queries(matcher: Matcher, events: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, str]]:
    """Ask the engine; where a rule has no query of its own, ask widely and let the matcher choose."""
    from integrations.opensearch.matching import Answers, ask_queries
    from rules.ecs import nest
    from rules.sigma import Matcher, gate_query
    from workers.rule_queries import queries_of, some_opensearch

    numbers: list[int] = []
    flat: list[dict[str, Any]] = []
    for number, event in events:
        event.pop("event.original", None)
        numbers.append(number)
        flat.append(event)
    documents = [nest(event) for event in flat]
    rules = queries_of(matcher)
    settings = settings_or_none()
    tree_of = {one.id: (one, tree) for one, tree in matcher.compiled()}

    async def work() -> tuple[Answers, Answers]:
        async with some_opensearch(settings) as stores:
            exact = await ask_queries(stores.connection, documents, rules.queries)
            wide = rules.wide | {name: gate_query(tree_of[name][0].logsource) for name in exact.failed}
            return exact, await ask_queries(stores.connection, documents, wide)

    exact, wide = run(work())
    for place, reason in sorted(exact.refused.items()):
        fail(f"event {numbers[place]} could not be indexed: {reason}")
    without = {**rules.missing, **exact.failed}
    if without:
        tell(
            f"{len(without)} of {len(matcher.detections)} rules have no query that finds their events alone,"
        )
        tell("so a wider one asks for them, and the matcher tells which are theirs:")
        for name, reason in list(without.items())[:SHOWN]:
            tell(f"  {name}: {reason}")
    for name, reason in wide.failed.items():
        fail(f"{name} could not be asked at all: {reason}")
    judge = Matcher([tree_of[name] for name in without])
    asked = set(wide.found)
    judged = {(place, one.id) for place in {place for place, _ in asked} for one in judge.match(flat[place])}
    order = {one.id: place for place, one in enumerate(matcher.detections)}
    yield from sorted(
        ((numbers[place], name) for place, name in {*exact.found, *(asked & judged)}),
        key=lambda pair: (pair[0], order[pair[1]]),
    )


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
    from integrations.catalogue import CatalogueError
    from integrations.catalogue import source as named
    from integrations.contract import Record
    from integrations.framing import read_records
    from integrations.pipeline import Pipeline, Place
    from workers.collect.ingest import file_origin

    try:
        chosen = named(source)
    except CatalogueError as error:
        raise CommandError(f"--source {source}: {error}", MISUSED) from error
    pipeline = Pipeline(chosen, file_origin(file), Place(str(file)))

    def read() -> Iterator[Document]:
        for number, record in enumerate(read_records(file, chosen.framing), 1):
            yield from pipeline.feed(Record(record.data, f"line@{number}"))
        yield from pipeline.flush()

    unread: list[str] = []
    for event in read():
        number = event["log"]["offset"]
        if event["event"].get("kind") == "pipeline_error":
            unread.append(f"{file}:{number}: {event['error']['message']}")
        yield number, flatten(event)
    if unread:
        fail(f"{len(unread)} records could not be read, so no rule saw them. The first: {unread[0]}")


def register(rules: typer.Typer) -> None:
    rules.command("match")(match)
