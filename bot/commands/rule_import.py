"""`siem rules import`: a release of rules, such as SigmaHQ's, into the site's folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.failures import CommandError
from bot.commands.output import fail, print_json, say
from bot.commands.site import Json, settings_or_none
from rules.alerts import Severity


def import_rules(
    release: Annotated[Path, typer.Argument(help="A folder, zip or tar archive.", exists=True)],
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only these, like stable; none: all but retired ones."),
    ] = None,
    level: Annotated[Severity | None, typer.Option(help="Only this level and above.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Only these, like windows.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these, like process_creation.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only these, like sshd.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="The folder; none: sigma/ in the site's rules.", file_okay=False)
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite files that were changed by hand.")] = False,
    as_json: Json = False,
) -> None:
    """Take the rules of a release that are wanted, and say which of them can't take part and why."""
    from workers import rule_import
    from workers.rule_collection import is_taken, taken_sources
    from workers.rule_files import compile_texts

    settings = settings_or_none()
    folder = into or (settings.rule_folders[0] if settings else Path("rules")) / "sigma"
    selection = rule_import.Selection(
        status=tuple(status or ()), level=level, product=tuple(product or ()),
        category=tuple(category or ()), service=tuple(service or ()),
    )  # fmt: skip
    try:
        chosen = rule_import.choose(rule_import.read_release(release), selection)
        placeholders = settings.site.detection.placeholders if settings else {}
        loaded = compile_texts(chosen.texts, settings.data if settings else None, placeholders)
        written = rule_import.write_rules(
            chosen.texts, folder, origin=release, selection=selection, now=datetime.now(UTC), force=force
        )
    except rule_import.RuleImportError as error:
        raise CommandError(str(error)) from error
    faults = [*chosen.faults, *loaded.rules.faults, *loaded.matcher.faults]
    names = taken_sources(settings)
    detections = loaded.matcher.detections
    collected = sum(is_taken(rule, names) for rule in detections)
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "release": chosen.seen,
                "chosen": len(chosen.rules),
                "convert": len(detections),
                "collected": collected,
                "files": written,
                "faults": [str(fault) for fault in faults],
            }
        )
        return
    for fault in faults:
        fail(str(fault))
    say(f"{len(chosen.rules):,} of {chosen.seen:,} rules are in {folder}: {written.added:,} files are new, "
        f"{written.changed:,} changed, {written.removed:,} removed, {written.same:,} the same.")  # fmt: skip
    say(f"{len(detections):,} convert; of {collected:,} the source is collected.")


def register(rules: typer.Typer) -> None:
    rules.command("import")(import_rules)
