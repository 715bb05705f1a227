"""`siem rules coverage` and `siem rules schema`: what rules are about, and how they are written."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.failures import CommandError
from bot.commands.output import print_json, print_table, say, tell
from bot.commands.site import Json, settings_or_none


def coverage(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files or folders; none: those of siem.yaml, else ./rules.", exists=True),
    ] = None,
    library: Annotated[bool, typer.Option(help="Also the rules that come with the program.")] = True,
    png: Annotated[Path | None, typer.Option(help="Draw the matrix into this file.", dir_okay=False)] = None,
    svg: Annotated[Path | None, typer.Option(help="The same as SVG.", dir_okay=False)] = None,
    gaps: Annotated[bool, typer.Option(help="Print the techniques without a rule, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show which ATT&CK techniques the rules that take part are about, by tactic."""
    from bot.commands.rule_listing import load
    from rules.attack import cover
    from rules.coverage_drawing import to_chart
    from workers.rule_files import attack_list, site_texts

    loaded, _ = load(site_texts(paths, None if paths else settings_or_none(), library=library))
    attack = attack_list()
    found = cover([*loaded.detections, *loaded.correlations, *loaded.queries], attack)
    if png or svg:
        title = f"{found.covered} of {found.techniques} techniques have a rule ({attack.version})"
        _draw(to_chart(found, attack, title), png, svg)
    if as_json:
        print_json({"version": attack.version, "techniques": found.techniques, "covered": found.covered,
                    "cells": found.cells, "untagged": found.untagged, "unknown": found.unknown})  # fmt: skip
        return
    by_tactic: dict[str, list[Any]] = defaultdict(list)
    for cell in found.cells:
        by_tactic[cell.tactic].append(cell)
    rows = [
        [attack.tactics[tactic], sum(bool(cell.rules) for cell in cells), len(cells),
         len({rule for cell in cells for rule in cell.rules})]
        for tactic, cells in by_tactic.items()
    ]  # fmt: skip
    print_table(("tactic", "covered", "techniques", "rules"), rows)
    if gaps:
        bare = [
            [cell.technique, cell.name, attack.tactics[cell.tactic]] for cell in found.cells if not cell.rules
        ]
        print_table(("without a rule", "name", "tactic"), bare)
    say(f"{found.covered} of {found.techniques} techniques have a rule ({attack.version}).")
    if found.untagged:
        tell(f"{len(found.untagged):,} rules name no technique.")
    if found.unknown:
        tell(f"Not in this version: {', '.join(found.unknown)}.")


def _draw(chart: dict[str, Any], png: Path | None, svg: Path | None) -> None:
    try:
        import vl_convert
    except ImportError as error:
        raise CommandError("the package vl-convert-python is not installed") from error
    if svg:
        svg.write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")
    if png:
        png.write_bytes(vl_convert.vegalite_to_png(chart, scale=1.5))


def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from rules.rule_schema import rule_schema

    print_json(rule_schema())


def register(rules: typer.Typer) -> None:
    rules.command("coverage")(coverage)
    rules.command("schema")(schema)
