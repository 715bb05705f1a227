"""`siem intel`: what others know to be bad, who says so, and where it was seen here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_answer, print_json, print_table, say, tell
from bot.commands.site import Json, installation, open_stores, run, settings

if TYPE_CHECKING:
    from workers.intelligence import Reading

SHOWN = 10
"""How many of what was not taken are named."""


def list_sources(as_json: Json = False) -> None:
    """List who tells what is bad, and how each was read; exit 1 where one can't be read."""
    from workers.intelligence import readings
    from workers.intelligence_matching import PAST_STATE

    sections = settings().site.intelligence

    async def work() -> tuple[dict[str, Reading], dict[str, dict[str, int]], dict[str, Any]]:
        async with open_stores() as stores:
            past = await stores.state.get(PAST_STATE)
            return (
                await readings(stores.state), await stores.intelligence.counts(), past[0] if past else {},
            )  # fmt: skip

    known, counts, past = run(work())
    failing = [one for one in sections if one.name in known and known[one.name].error]
    if as_json:
        sources = [
            {"source": one, "reading": known.get(one.name), "indicators": counts.get(one.name, {})}
            for one in sections
        ]
        print_json({"sources": sources, "past": past})
    else:
        rows = []
        for one in sections:
            reading = known.get(one.name)
            kinds = counts.get(one.name, {})
            rows.append([
                one.name, one.kind, sum(kinds.values()),
                " ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items())),
                reading.read if reading else None, reading.until(one) if reading else None,
                reading.skipped if reading else 0, reading.error if reading else "not asked yet",
            ])  # fmt: skip
        columns = ("source", "kind", "indicators", "of them", "read", "counts until", "not taken", "fault")
        print_table(columns, rows)
        if not sections:
            say("No source is named under intelligence: in siem.yaml.")
        for value, events in (past.get("truncated") or {}).items():
            tell(f"{value} has {events:,} events in the past: only the first and last of them were read.")
    if failing:
        raise typer.Exit(FAILED)


def show(
    value: Annotated[str, typer.Argument(help="An address, network, domain, URL, hash or e-mail address.")],
    days: Annotated[int, typer.Option(help="How far back it is looked for.", min=1, max=3650)] = 30,
    as_json: Json = False,
) -> None:
    """Say who calls something bad, until when, and where it was seen here."""
    from bot.verbs.intelligence import tell_known
    from workers.composition import WallClock
    from workers.desk import QueryError
    from workers.intelligence_answers import Known, asking

    sections = settings().site.intelligence

    async def work() -> Known:
        async with open_stores() as stores:
            return await asking(stores, sections, WallClock())(value, days)

    try:
        known = run(work())
    except QueryError as error:
        raise CommandError(str(error), MISUSED) from error
    print_answer(tell_known(known), as_json=as_json)


def refresh(
    sources: Annotated[list[str] | None, typer.Argument(help="Only these; none: all.")] = None,
    as_json: Json = False,
) -> None:
    """Ask sources now, due or not; exit 1 where one can't be read."""
    named = settings().site.intelligence
    names = sources or [one.name for one in named]
    if missing := sorted(set(names) - {one.name for one in named}):
        known = ", ".join(one.name for one in named) or "none"
        raise CommandError(f"there is no source {missing[0]!r}; siem.yaml names: {known}", MISUSED)

    async def work() -> list[Reading]:
        from workers.intelligence import Feeds
        from workers.live_desk import LiveDesk

        async with installation(vendors=True) as here:
            await here.stores.setup()
            desk = LiveDesk(here.client, here.site)
            feeds = Feeds(named, here.settings.root, here.site, here.stores.intelligence, desk.note)
            return await feeds.refresh(names)

    done = run(work())
    if as_json:
        print_json(done)
    else:
        for one in done:
            if one.error:
                fail(f"{one.name}: {one.error}")
            else:
                say(f"{one.name}: {one.added:,} new, {one.changed:,} changed, {one.withdrawn:,} withdrawn, "
                    f"{one.skipped:,} not taken.")  # fmt: skip
    if any(one.error for one in done):
        raise typer.Exit(FAILED)


def try_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="Read it as this source of siem.yaml says.")] = "",
    column: Annotated[str, typer.Option(help="Of CSV: its number, or its name in the first line.")] = "",
    separator: Annotated[str, typer.Option(help="Of CSV.")] = ",",
    as_json: Json = False,
) -> None:
    """Show what would be taken of a list, a STIX bundle or an export of MISP, with no engine running."""
    from collections import Counter

    from rules.intelligence import ListError, read_document
    from workers.intelligence import read_source

    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        if source:
            section = next((one for one in settings().site.intelligence if one.name == source), None)
            if section is None:
                raise CommandError(f"siem.yaml names no source {source!r} under intelligence:", MISUSED)
            taken = read_source(section, text)
        else:
            place: int | str | None = int(column) if column.isdigit() else column or None
            taken = read_document(text, column=place, separator=separator)
    except ListError as error:
        raise CommandError(f"{file}: {error}") from error
    kinds = Counter(one.kind.value for one in taken.indicators)
    if as_json:
        print_json({"indicators": taken.indicators, "kinds": kinds, "skipped": taken.skipped,
                    "reasons": taken.reasons})  # fmt: skip
    else:
        for where, why in taken.reasons[:SHOWN]:
            fail(f"{file}: {where}: {why}")
        listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items())) or "nothing"
        say(f"{len(taken.indicators):,} indicators would be taken ({listed}), {taken.skipped:,} not.")
    if not taken.indicators:
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    intel = typer.Typer(help="Threat intelligence: what others know to be bad.", no_args_is_help=True)
    intel.command("list")(list_sources)
    intel.command("show")(show)
    intel.command("refresh")(refresh)
    intel.command("test")(try_file)
    app.add_typer(intel, name="intel", rich_help_panel="Rules and playbooks")
