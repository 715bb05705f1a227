"""Sources: what can be normalised, what a file may be, raw lines to ECS, files into the store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say, tell
from bot.commands.site import Json, run, settings, settings_or_none

if TYPE_CHECKING:
    from integrations.contract import Origin, Source

Timezone = Annotated[str, typer.Option(help="IANA zone of timestamps that name none.")]
Year = Annotated[int | None, typer.Option(help="Year of timestamps that name none.", min=1970, max=9999)]
GUESSED_FROM = 1 << 18
"""Bytes of a file that are looked at."""


def source_named(name: str) -> Source:
    """Return a source by its name, or by the path of a YAML file that defines it.

    Raises `CommandError`, `SettingsError`, `SourceFileError` or `CatalogueError`.
    """
    from integrations.catalogue import source
    from integrations.definitions import load_source

    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        try:
            return load_source(path.read_text(encoding="utf-8", errors="replace"), name)
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}", MISUSED) from error
    _know_own()
    return source(name)


def _know_own() -> None:
    """Make the sources of the site in this folder known, where there is one."""
    if (chosen := settings_or_none()) is not None:
        from workers.own_vendors import register_sources

        register_sources(chosen)


def list_sources(as_json: Json = False) -> None:
    """List what can be normalised."""
    from integrations.catalogue import sources

    _know_own()
    if as_json:
        print_json(
            [{"name": one.name, "title": one.title, "documentation": one.documentation} for one in sources()]
        )
        return
    rows = [[one.name, one.title, one.documentation] for one in sources()]
    print_table(("source", "what", "format"), rows, wrapped=("what", "format"))


def guess(file: Path, as_json: Json = False) -> None:
    """Name what a file may be."""
    from integrations.catalogue import sources
    from integrations.framing import open_log
    from integrations.parquet import is_parquet, parquet_rows
    from integrations.recognition import SAMPLED, guess_sources

    _know_own()
    if is_parquet(file):
        data = b"\n".join(islice(parquet_rows(file), SAMPLED))[:GUESSED_FROM]
    else:
        with open_log(file) as opened:
            data = opened.read(GUESSED_FROM)
    likely = guess_sources(data, sources(), cut=len(data) == GUESSED_FROM)
    if as_json:
        print_json([{"source": one.source.name, "likelihood": round(one.likelihood, 3)} for one in likely])
    elif likely:
        print_table(
            ("source", "likelihood", "what"),
            [[one.source.name, f"{one.likelihood:.0%}", one.source.title] for one in likely],
        )
    if not likely:
        raise CommandError(f"{file} looks like none of the sources: see `siem sources list`")


def run_samples(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names, or YAML files that define sources; none: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the sources' own tests."""
    from integrations.catalogue import sources
    from integrations.recognition import check_samples

    _know_own()
    wanted = [source_named(name) for name in names] if names else list(sources())
    faults = [fault for one in wanted for fault in check_samples(one)]
    if as_json:
        print_json([{"source": one.source, "field": one.field, "fault": str(one)} for one in faults])
    else:
        for fault in faults:
            say(str(fault))
        samples = sum(len(one.samples) for one in wanted)
        wrong = len({(fault.source, fault.sample.record) for fault in faults})
        say(f"{samples - wrong} of {samples} samples of {len(wanted)} sources come out right.")
    if faults:
        raise typer.Exit(FAILED)


def schema() -> None:
    """Print the JSON Schema of a source's YAML file, for editors."""
    from integrations.definitions import source_schema

    print_json(source_schema())


def normalize(
    name: Annotated[str, typer.Argument(metavar="SOURCE")],
    file: Annotated[Path | None, typer.Argument(help="None or -: standard input.")] = None,
    timezone: Timezone = "UTC",
    year: Year = None,
    host: Annotated[str | None, typer.Option(help="The host the lines came from.")] = None,
    geo: Annotated[bool, typer.Option(help="Add country and AS of public addresses.")] = True,
) -> None:
    """Turn raw lines into ECS NDJSON on stdout, with no engine running; exit 1 where none could be read."""
    from integrations.normalization import normalize_file, normalize_stream
    from integrations.pipeline import geo_enricher

    source = source_named(name)
    given = None if file is None or str(file) == "-" else file
    origin = _origin(given, timezone, year, host)
    enrichers = [geo_enricher()] if geo else []
    if given is not None:
        tally = normalize_file(source, given, sys.stdout.buffer, origin, enrichers=enrichers)
    else:
        if sys.stdin.isatty():
            tell("reads standard input; end it with Ctrl-D")
        tally = normalize_stream(source, sys.stdin.buffer, sys.stdout.buffer, origin, enrichers=enrichers)
    if tally.unparsed:
        tell(f"{tally.unparsed:,} of {tally.events:,} events are pipeline errors: error.message says why")
    if tally.events and tally.unparsed == tally.events:
        raise typer.Exit(FAILED)


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
    source = source_named(name)
    origins = [_origin(file, timezone, year, host) for file in files]

    async def work() -> list[tuple[Path, object]]:
        from workers.collect import LogFile, ingest_files
        from workers.composition import open_stores
        from workers.engines import find_opensearch
        from workers.own_vendors import enrichers

        chosen = settings()
        finishing = enrichers(chosen)
        stores = await open_stores(chosen, find_opensearch(chosen))
        try:
            await stores.setup()
            jobs = [LogFile(source, file, origin) for file, origin in zip(files, origins, strict=True)]
            done = await ingest_files(jobs, stores.events, finishing)
            return list(zip(files, done, strict=True))
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
    sources.command("schema")(schema)
    app.add_typer(sources, name="sources", rich_help_panel=panel)
    app.command("normalize", rich_help_panel=panel)(normalize)
    app.command("ingest", rich_help_panel=panel)(ingest)
