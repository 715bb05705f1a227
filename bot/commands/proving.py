"""The audit: evidence chains and seals of events, recomputed; the first of each fault by data stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import count_printer, print_json, print_table, say
from bot.commands.site import Json, installation, run

if TYPE_CHECKING:
    from integrations.opensearch.verification import Selection, Verification
    from workers.audit import ChainAudit

LISTED = 10
"""Deletions and chains without a fault that are listed."""


def verify(
    stream: Annotated[
        str, typer.Option(help="Only events of these datasets, like linux.auth or 'aws.*'.")
    ] = "",
    since: Annotated[str, typer.Option(help="Only events stored since: 7d, 12h, or 2026-03-30.")] = "",
    heads: Annotated[
        Path | None,
        typer.Option(help="Hold chains also against daily messages saved in this file.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute all chains and hold all events against their seals; exit 1 where anything was altered,
    removed or added."""
    selection = _selection(stream, since)

    async def work() -> tuple[list[ChainAudit], Verification]:
        from workers.audit import audit_events, audit_evidence
        from workers.heads import noted_heads

        noted = noted_heads(heads.read_text(encoding="utf-8").splitlines()) if heads else []
        async with installation() as here:
            audits = await audit_evidence(here.site.evidence, here.client)
            report = None if as_json else count_printer("batches verified")
            return audits, await audit_events(here.stores, selection, noted, report)

    audits, events = run(work())
    if as_json:
        print_json({"whole": _whole(audits, events), "evidence": audits, "events": _as_data(events)})
    else:
        _print_evidence(audits)
        _print_events(events)
    if not _whole(audits, events):
        raise typer.Exit(FAILED)


def _whole(audits: list[ChainAudit], events: Verification) -> bool:
    return events.whole and not any(audit.faults for audit in audits)


def _selection(stream: str, since: str) -> Selection:
    from integrations.opensearch.verification import Selection
    from rules.ecs import timestamp

    moment = timestamp(read_since(since)) if since else ""
    return Selection(streams=f"logs-{stream}-*" if stream else "*", since=moment)


def read_since(text: str) -> datetime:
    """Read a time, or how long ago it was. Raises `CommandError`."""
    from playbooks.durations import parse_duration
    from rules.ecs import parse_timestamp

    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except ValueError:
        pass
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise CommandError(f"--since: {text!r} is neither 7d nor 2026-03-30T16:01:36Z", MISUSED) from error


def _as_data(events: Verification) -> dict[str, Any]:
    return {
        "events": events.events,
        "batches": events.batches,
        "originals": events.originals,
        "whole": events.whole,
        "faults": [
            {"stream": stream, "fault": fault.value, "count": len(found), "first": found[0]}
            for stream, faults in events.by_stream().items()
            for fault, found in faults.items()
        ],
        "findings": events.findings,
        "deletions": events.deletions,
        "heads": events.heads,
    }


def _print_evidence(audits: list[ChainAudit]) -> None:
    bad = [fault for audit in audits for fault in audit.faults]
    rows = [
        [
            "BROKEN" if one.faults else "whole",
            one.chain,
            one.records,
            one.head[:16],
            "yes" if one.witness else "not asked",
        ]
        for one in audits
    ]
    print_table(("", "chain", "records", "head", "its writer agrees"), rows)
    for fault in bad:
        say(fault)
    say(f"{len(audits)} chains, {sum(one.records for one in audits)} records, {len(bad)} faults.")


def _print_events(events: Verification) -> None:
    say("")
    if events.deletions:
        say("Gone in order:")
        for deletion in events.deletions[-LISTED:]:
            say(f"  {deletion}")
        if (more := len(events.deletions) - LISTED) > 0:
            say(f"  and {more} older deletions")
    for stream, faults in events.by_stream().items():
        for found in faults.values():
            of = f" (the first of {len(found):,})" if len(found) > 1 else ""
            say(f"BROKEN  {stream or 'chains of seals'}: {found[0]}{of}")
    say(
        f"{events.events:,} events in {events.batches:,} batches, {events.originals:,} blocks of originals, "
        f"{len(events.heads)} chains of seals, {len(events.findings)} faults."
    )


def register(app: typer.Typer) -> None:
    audit = typer.Typer(help="Prove what was kept and done.", no_args_is_help=True)
    audit.command("verify")(verify)
    audit.callback()(lambda: None)
    app.add_typer(audit, name="audit", rich_help_panel="Keep and prove")
