"""`siem rules exceptions`: what is known and wanted, until when, and what it has silenced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import FAILED, CommandError
from bot.commands.output import fail, print_json, print_table, say, tell
from bot.commands.site import Json, run, settings

if TYPE_CHECKING:
    from integrations.opensearch.suppressed import SilencedCount
    from rules.exceptions import Silenced


def exceptions(
    show: Annotated[str, typer.Option(help="List what this exception has silenced, the latest first.")] = "",
    entity: Annotated[str, typer.Option(help="Only about this, like user:alice.")] = "",
    rule: Annotated[str, typer.Option(help="Only of this rule, by its name.")] = "",
    limit: Annotated[int, typer.Option(help="How many findings are listed.", min=1, max=10_000)] = 50,
    offline: Annotated[bool, typer.Option(help="Only check the files, with no engine running.")] = False,
    as_json: Json = False,
) -> None:
    """List the site's exceptions and what each has silenced; exit 1 where one is faulty or over."""
    from workers.composition import open_stores
    from workers.engines import EnginesNotRunningError, find_opensearch
    from workers.exception_files import read_exceptions

    chosen = settings()
    active, every, faults = read_exceptions(chosen, datetime.now(UTC))
    listing = bool(show or entity or rule)
    counts: list[SilencedCount] = []
    findings: list[Silenced] = []

    async def ask() -> None:
        stores = await open_stores(chosen, find_opensearch(chosen))
        try:
            counts.extend(await stores.suppressed.counts())
            if listing:
                findings.extend(
                    await stores.suppressed.recent(limit, exception=show, entity=entity, rule=rule)
                )
        finally:
            await stores.close()

    if not offline:
        try:
            run(ask())
        except EnginesNotRunningError as error:
            if listing:
                raise CommandError(str(error)) from error
            tell("No OpenSearch is running, so it is not known what they silenced.")
    by_name = {one.exception: one for one in counts}
    in_force = {one.name for one in active.exceptions}
    if as_json:
        print_json(
            {
                "exceptions": [
                    {
                        "name": one.name, "rules": sorted(one.rules), "owner": one.owner,
                        "reason": one.reason,
                        "until": one.until, "in_force": one.name in in_force, "file": one.path,
                        "silenced": by_name[one.name].findings if one.name in by_name else 0,
                    }
                    for one in every
                ],
                "silenced": counts,
                "findings": findings,
                "faults": [str(fault) for fault in faults],
            }
        )  # fmt: skip
    elif listing:
        rows: list[list[object]] = [
            [one.alert.last, one.exception, one.alert.rule, one.alert.severity.value,
             " ".join(map(str, one.alert.entities)), one.into]
            for one in findings
        ]  # fmt: skip
        print_table(("at", "silenced by", "rule", "level", "about", "folded into"), rows)
    else:
        rows = [
            [one.name, " ".join(sorted(one.rules)), one.owner, str(one.until),
             "yes" if one.name in in_force else "no",
             by_name[one.name].findings if one.name in by_name else 0, one.reason]
            for one in every
        ]  # fmt: skip
        print_table(("name", "rules", "owner", "until", "in force", "silenced", "reason"), rows)
        gone = [one for one in counts if one.exception not in {other.name for other in every}]
        if gone:
            say(f"Exceptions that are gone silenced {sum(one.findings for one in gone):,} findings.")
    for fault in faults:
        fail(str(fault))
    if faults:
        raise typer.Exit(FAILED)


def register(rules: typer.Typer) -> None:
    rules.command("exceptions")(exceptions)
