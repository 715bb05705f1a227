"""Keeping: legal holds, retention, erasure; one event as it was received."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import As, Json, caller, keeping, open_stores, run, settings

if TYPE_CHECKING:
    from integrations.opensearch.erasure import Concerned
    from integrations.opensearch.results import KeptTotals

PANEL = "Keep and prove"
Reason = Annotated[str, typer.Option(help="Why; it goes into the evidence.")]


# --- one event ------------------------------------------------------------------------------------


def event(
    identity: Annotated[str, typer.Argument(metavar="ID", help="An event's id, 32 hex digits.")],
    original: Annotated[
        bool, typer.Option("--original", help="Only the record as it was received, decrypted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one event; with --original print the raw record alone."""

    async def work() -> dict[str, Any] | None:
        async with open_stores() as stores:
            await stores.events.checkpoints()
            found = await stores.events.read([identity])
            return found[0].document if found else None

    document = run(work())
    if document is None:
        raise CommandError(f"there is no event {identity!r}: `siem search` shows ids with --json")
    text = document.get("event", {}).get("original")
    if original and text is None:
        raise CommandError(f"the event {identity} has no original: it was erased, or never had one")
    if original and not as_json:
        sys.stdout.buffer.write(str(text).encode() + b"\n")
    else:
        print_json({"event": {"id": identity, "original": text}} if original else document)


# --- legal hold -------------------------------------------------------------------------------------


def add_hold(
    name: Annotated[str, typer.Argument(help="Like case-2026-14.")],
    reason: Reason,
    query: Annotated[str, typer.Option(help="Hold what this Lucene query finds, now and later.")] = "",
    incident: Annotated[str, typer.Option(help="Hold the events of this incident's alerts.")] = "",
    user: As = "",
    as_json: Json = False,
) -> None:
    """Hold events: neither retention nor an erasure touches them until the hold is released."""
    if bool(query) == bool(incident):
        raise CommandError("say what to hold: either --query or --incident", MISUSED)

    async def work() -> int:
        from integrations.opensearch.holds import Hold
        from integrations.opensearch.query_fields import check_fields
        from workers.live_desk import LiveDesk

        if query:
            check_fields(query)
        async with keeping() as (here, keeper):
            held = None
            if incident:
                held = (await LiveDesk(here.client, here.site).incident(incident)).facts.id
            return await keeper.hold(
                Hold(
                    name=name, reason=reason, by=caller(user).id, at=here.site.clock.now(),
                    query=query or None, incident=held,
                )
            )  # fmt: skip

    covered = run(work())
    if as_json:
        print_json({"hold": name, "events": covered})
    else:
        say(f"{name} holds {covered:,} events now.")


def list_holds(as_json: Json = False) -> None:
    """List legal holds and how many events each covers."""

    async def work() -> list[dict[str, Any]]:
        async with open_stores() as stores:
            holds = await stores.events.holds.all()
            return [
                {**hold.model_dump(exclude={"events"}), "covers": await stores.events.held_by(hold)}
                for hold in holds
            ]

    found = run(work())
    if as_json:
        print_json(found)
    elif found:
        rows = [
            [one["name"], one["covers"], one["query"] or one["incident"], one["reason"], one["by"], one["at"]]
            for one in found
        ]
        print_table(("hold", "events", "what", "reason", "by", "since"), rows)
    else:
        say("Nothing is held.")


def release_hold(name: str, reason: Reason, user: As = "") -> None:
    """Release a legal hold: from now on retention and erasure count again."""

    async def work() -> bool:
        async with keeping() as (here, keeper):
            by, now = caller(user).id, here.site.clock.now()
            return await keeper.release(name, by, reason, now) is not None

    if not run(work()):
        raise CommandError(f"there is no hold {name!r}: see `siem hold list`")
    say(f"{name} is released.")


# --- retention --------------------------------------------------------------------------------------


def show_retention(as_json: Json = False) -> None:
    """Show how long each data stream is kept, why, and what is past its time."""
    section = settings().site.retention

    async def work() -> tuple[list[Any], KeptTotals]:
        from workers.composition import WallClock

        async with open_stores() as stores:
            now = WallClock().now()
            ages = list(await stores.events.ages(section.policy, now))
            return ages, await stores.results.totals(section.results.days, now)

    ages, results = run(work())
    if as_json:
        print_json({"policy": section, "streams": ages, "results": results})
        return
    rows = [
        [one.dataset, one.days, one.reason, one.events, f"{one.bytes / 1e6:,.1f} MB", one.indices, one.oldest,
         one.due]
        for one in ages
    ]  # fmt: skip
    columns = ("dataset", "days", "why", "events", "size", "indices", "oldest stored", "past its time")
    print_table(columns, rows)
    why = f" ({section.reason})" if section.reason else ""
    say(f"Everything else: {section.days} days{why}. Applied daily by `siem up`; legal holds beat it.")
    say(
        f"Large results of playbooks' actions: {section.results.days} days; {results.results:,} are kept "
        f"({results.bytes / 1e6:,.1f} MB), {results.due:,} past their time."
    )


def apply_retention(user: As = "", as_json: Json = False) -> None:
    """Apply the retention now, as the daily schedule does."""
    section = settings().site.retention

    async def work() -> Any:
        async with keeping() as (here, keeper):
            return await keeper.apply_retention(section, caller(user).id, here.site.clock.now())

    kept = run(work())
    if as_json:
        print_json(kept)
        return
    for one in kept.expired:
        say(f"{one.index}: {one.events:,} events deleted, {one.kept:,} held ones kept")
    say(f"{kept.events:,} events deleted, {kept.held:,} held; {len(kept.rolled)} new indices begun.")
    if kept.results:
        say(f"{kept.results:,} large results of playbooks' actions deleted.")


# --- erasure ------------------------------------------------------------------------------------------


def erase(
    subject: Annotated[str, typer.Option(help="Whom it is about: user:alice, email:…, ip:… or host:….")],
    reason: Reason,
    text: Annotated[
        bool, typer.Option("--text", help="Also events that mention it in their message.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Erase what concerns a data subject (GDPR, article 17), originals too; exit 1 where holds keep some."""

    async def work() -> tuple[int, int, int, Concerned]:
        async with keeping() as (here, keeper):
            found = await keeper.concerned(subject, text=text)
            if not as_json:
                _print_concerned(subject, found)
            if not (found.events or found.results) or not (yes or _confirmed()):
                return 0, 0, sum(found.held.values()), found
            erased = await keeper.erase(
                subject, reason=reason, by=caller(user).id, now=here.site.clock.now(), text=text
            )
            return len(erased.events), len(erased.results), erased.held, found

    erased, results, held, found = run(work())
    if as_json:
        print_json({"concerned": found, "erased": erased, "results": results, "held": held})
    elif found.events or found.results:
        say(f"{erased:,} events and their originals were erased; {held:,} are held and stay.")
        if results:
            say(f"{results:,} large results of playbooks' actions that mention it were erased.")
        say("The engine's files are written anew without them by the daily retention.")
    if held:
        raise CommandError(f"legal holds keep {held:,} events: {', '.join(found.held)} (article 17, 3e)")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise CommandError("nothing was erased: add --yes to do it", MISUSED)
    if not typer.confirm("Erase them? It can't be undone", err=True):
        raise typer.Exit(FAILED)
    return True


def _print_concerned(subject: str, found: Concerned) -> None:
    say(f"{found.events:,} events concern {subject}.")
    if found.events:
        print_table(("dataset", "events"), [list(row) for row in sorted(found.datasets.items())])
    if found.results:
        say(f"{found.results:,} large results of playbooks' actions mention it.")
    for name, count in sorted(found.held.items()):
        say(f"The legal hold {name} keeps {count:,} of them.")


def register(app: typer.Typer) -> None:
    app.command("event", rich_help_panel=PANEL)(event)
    holds = typer.Typer(help="Legal holds.", no_args_is_help=True)
    holds.command("add")(add_hold)
    holds.command("list")(list_holds)
    holds.command("release")(release_hold)
    app.add_typer(holds, name="hold", rich_help_panel=PANEL)
    retention = typer.Typer(help="How long events are kept.", no_args_is_help=True)
    retention.command("show")(show_retention)
    retention.command("apply")(apply_retention)
    app.add_typer(retention, name="retention", rich_help_panel=PANEL)
    app.command("erase", rich_help_panel=PANEL)(erase)
