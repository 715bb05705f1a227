"""Sources: what can be normalised, what a file may be, raw lines to ECS, files into the store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say, tell
from bot.commands.site import Json, run, settings

if TYPE_CHECKING:
    from integrations.contract import Origin, Record, Source
    from integrations.pipeline import Pipeline

Timezone = Annotated[str, typer.Option(help="IANA zone of timestamps that name none.")]
Year = Annotated[int | None, typer.Option(help="Year of timestamps that name none.", min=1970, max=9999)]
GUESSED_FROM = 200


def list_sources(as_json: Json = False) -> None:
    """List what can be normalised."""
    from integrations.catalogue import sources

    if as_json:
        print_json(
            [{"name": one.name, "title": one.title, "documentation": one.documentation} for one in sources()]
        )
        return
    print_table(("source", "what", "format"), [[one.name, one.title, one.documentation] for one in sources()])


def guess(file: Path, as_json: Json = False) -> None:
    """Name what a file may be."""
    from integrations.catalogue import sources

    guesses = []
    for source in sources():
        sample = [record.data for _, record in zip(range(GUESSED_FROM), _records(file, source), strict=False)]
        guesses.append((source.guess(sample), source))
    likely = sorted(((score, one) for score, one in guesses if score > 0), key=lambda pair: -pair[0])
    if as_json:
        print_json([{"source": one.name, "likelihood": round(score, 3)} for score, one in likely])
    elif likely:
        print_table(
            ("source", "likelihood", "what"), [[one.name, f"{score:.0%}", one.title] for score, one in likely]
        )
    if not likely:
        raise CommandError(f"{file} looks like none of the {len(guesses)} sources: see `siem sources list`")


def run_samples(
    names: Annotated[list[str] | None, typer.Argument(help="None: all.")] = None, as_json: Json = False
) -> None:
    """Run the sources' own tests."""
    from integrations.catalogue import source as named
    from integrations.catalogue import sources

    wanted = [named(name) for name in names] if names else list(sources())
    results: list[dict[str, Any]] = [
        {"source": one.name, "sample": place, "faults": _sample_faults(one, place)}
        for one in wanted
        for place in range(1, len(one.samples) + 1)
    ]
    bad = [result for result in results if result["faults"]]
    if as_json:
        print_json(results)
    else:
        for result in bad:
            say(f"{result['source']} sample {result['sample']}: {'; '.join(result['faults'])}")
        say(f"{len(results) - len(bad)} of {len(results)} samples of {len(wanted)} sources come out right.")
    if bad:
        raise typer.Exit(FAILED)


def _sample_faults(source: Source, place: int) -> list[str]:
    from integrations.contract import Origin, Record
    from integrations.pipeline import Pipeline
    from rules.ecs import flatten

    sample = source.samples[place - 1]
    pipeline = Pipeline(source, sample.origin or Origin(received=datetime.now(UTC)))
    found = pipeline.feed(Record(sample.record.encode(), "sample@0")) + pipeline.flush()
    if not found:
        return ["it gave no event"]
    flat = flatten(found[0])
    return [
        f"{field} must be {value!r} and is {flat.get(field)!r}"
        for field, value in sample.expect.items()
        if flat.get(field) != value
    ]


def normalize(
    name: Annotated[str, typer.Argument(metavar="SOURCE")],
    file: Annotated[Path | None, typer.Argument(help="None or -: standard input.")] = None,
    timezone: Timezone = "UTC",
    year: Year = None,
    host: Annotated[str | None, typer.Option(help="The host the lines came from.")] = None,
    geo: Annotated[bool, typer.Option(help="Add country and AS of public addresses.")] = True,
) -> None:
    """Turn raw lines into ECS NDJSON on stdout, with no engine running; exit 1 where none could be read."""
    import orjson

    from integrations.catalogue import source as named
    from integrations.pipeline import Pipeline, Place, geo_enricher

    source = named(name)
    given = None if file is None or str(file) == "-" else file
    pipeline = Pipeline(
        source,
        _origin(given, timezone, year, host),
        Place(str(given) if given else None),
        [geo_enricher()] if geo else [],
    )
    out = sys.stdout.buffer
    events = unparsed = 0
    for batch in _batches(given, source, pipeline):
        events += len(batch)
        unparsed += sum(document["event"]["kind"] == "pipeline_error" for document in batch)
        out.write(b"".join(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in batch))
    out.flush()
    if unparsed:
        tell(f"{unparsed:,} of {events:,} events are pipeline errors: error.message says why")
    if events and unparsed == events:
        raise typer.Exit(FAILED)


def _batches(file: Path | None, source: Source, pipeline: Pipeline) -> Iterator[list[dict[str, Any]]]:
    for record in _records(file, source):
        if batch := pipeline.feed(record):
            yield batch
    yield pipeline.flush()


def _records(file: Path | None, source: Source) -> Iterator[Record]:
    from integrations.framing import read_records, records_of

    if file is not None:
        return read_records(file, source.framing)
    if sys.stdin.isatty():
        tell("reads standard input; end it with Ctrl-D")
    return records_of(iter(lambda: os.read(sys.stdin.fileno(), 1 << 16), b""), source.framing, "stdin")


def _origin(file: Path | None, timezone: str, year: int | None, host: str | None) -> Origin:
    from zoneinfo import ZoneInfo

    from integrations.contract import Origin
    from workers.collect.ingest import file_origin

    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise CommandError(
            f"{timezone!r} is no IANA time zone: write one like Europe/Berlin", MISUSED
        ) from error
    if file is not None:
        return file_origin(file, timezone, year, host)
    return Origin(received=datetime.now(UTC), timezone=timezone, year=year, host=host)


def ingest(
    name: Annotated[str, typer.Argument(metavar="SOURCE")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    timezone: Timezone = "UTC",
    year: Year = None,
    host: Annotated[str | None, typer.Option(help="The host the lines came from.")] = None,
    as_json: Json = False,
) -> None:
    """Normalise files and store them, each event once however often."""
    from integrations.catalogue import source as named

    source = named(name)
    origins = [_origin(file, timezone, year, host) for file in files]

    async def work() -> list[tuple[Path, object]]:
        from integrations.pipeline import geo_enricher
        from workers.collect import ingest_file
        from workers.composition import open_stores
        from workers.engines import find_opensearch

        chosen = settings()
        stores = await open_stores(chosen, find_opensearch(chosen))
        try:
            await stores.setup()
            return [
                (file, await ingest_file(source, file, stores.events, origin, (geo_enricher(),)))
                for file, origin in zip(files, origins, strict=True)
            ]
        finally:
            await stores.close()

    reports = run(work())
    if as_json:
        print_json([{"file": str(file), "report": report} for file, report in reports])
        return
    rows = [
        [
            str(file),
            *(getattr(report, key) for key in ("records", "events", "created", "duplicates", "unparsed")),
        ]
        for file, report in reports
    ]
    print_table(("file", "records", "events", "new", "known already", "pipeline errors"), rows)


def register(app: typer.Typer) -> None:
    panel = "Logs"
    sources = typer.Typer(help="What can be normalised.", no_args_is_help=True)
    sources.command("list")(list_sources)
    sources.command("guess")(guess)
    sources.command("test")(run_samples)
    app.add_typer(sources, name="sources", rich_help_panel=panel)
    app.command("normalize", rich_help_panel=panel)(normalize)
    app.command("ingest", rich_help_panel=panel)(ingest)
