"""What the command line prints: answers as tables or JSON on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from bot.verbs import Answer, Section
    from workers.engines import Progress

PIPE_WIDTH = 240
"""Columns where stdout is no terminal: lines are for grep then, not for the eye."""
_COLOURS = {
    "critical": "bold red", "high": "dark_orange", "medium": "yellow", "WRONG": "bold red", "ok": "green",
    "closed": "dim", "released": "dim", "active": "green", "stuck": "bold red", "failed": "red",
}  # fmt: skip


def stdout() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def clean(text: str) -> str:
    """Return text without what a terminal would obey: escape sequences in a log line stay visible."""
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
        else f"\\x{ord(char):02x}"
        for char in text
    )


def say(text: str) -> None:
    """Print a line of text, as it is."""
    stdout().print(Text(clean(text)), soft_wrap=True)


def tell(text: str) -> None:
    """Tell the person at the terminal something that is no result."""
    stderr().print(Text(clean(text)))


def fail(text: str) -> None:
    stderr().print(Text(clean(text), style="red" if sys.stderr.isatty() else ""))


def print_json(data: Any) -> None:
    """Print data as JSON; pydantic models and dataclasses as objects, times as ISO 8601."""
    from pydantic_core import to_jsonable_python

    print(json.dumps(to_jsonable_python(data), indent=2, ensure_ascii=False))


def print_json_line(data: Any) -> None:
    from pydantic_core import to_jsonable_python

    print(json.dumps(to_jsonable_python(data), ensure_ascii=False), flush=True)


def print_answer(answer: Answer, *, as_json: bool) -> None:
    """Print what a verb answered."""
    if as_json:
        print_json(answer.data)
        return
    console = stdout()
    console.print(Text(clean(answer.title), style="bold"), soft_wrap=True)
    if answer.text:
        console.print(Text(clean(answer.text)))
    for section in answer.sections:
        _print_section(console, section)


def _print_section(console: Console, section: Section) -> None:
    if section.title:
        console.print()
        console.print(Text(clean(section.title), style="bold"))
    if section.facts:
        grid = Table.grid(padding=(0, 2))
        for name, value in section.facts:
            grid.add_row(Text(name, style="dim"), _cell(value))
        console.print(grid)
    if section.table is not None:
        print_table(section.table.columns, [list(row) for row in section.table.rows], console)
    if section.text:
        console.print(Text(clean(section.text)))


def print_table(
    columns: tuple[str, ...],
    rows: list[list[Any]],
    console: Console | None = None,
    *,
    wrapped: Collection[str] = (),
) -> None:
    """Print rows below their names; wide text wraps on a terminal and stays on its line in a pipe. With
    `wrapped` only those columns give way; where a terminal has no room for that, each row becomes a
    paragraph."""
    console = console or stdout()
    if wrapped and not _has_room(columns, rows, wrapped, console.width):
        for row in rows:
            head, *rest = (_cell(value).plain for value in row)
            told = [
                text if column in wrapped else f"{column}: {text}"
                for column, text in zip(columns[1:], rest, strict=True)
                if text
            ]
            console.print(Text(head, style="bold"), soft_wrap=True)
            console.print(Padding(Text(" · ".join(told)), (0, 0, 0, 4)))
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        stays = column not in wrapped if wrapped else place == 0
        table.add_column(column, overflow="fold", no_wrap=stays)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


LEAST_WIDTH = 30
"""Columns of a terminal that a text needs to be read with ease."""


def _has_room(columns: tuple[str, ...], rows: list[list[Any]], wrapped: Collection[str], width: int) -> bool:
    """Whether the columns that do not give way leave the others enough."""
    fixed = [place for place, column in enumerate(columns) if column not in wrapped]
    taken = sum(
        2 + max([len(columns[place]), *(_cell(row[place]).cell_len for row in rows)]) for place in fixed
    )
    return width - taken >= LEAST_WIDTH * len(wrapped)


def _cell(value: Any) -> Text:
    from bot.verbs import Code, Person

    match value:
        case datetime():
            return Text(f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z")
        case Code():
            return Text(clean(value.text), style="cyan")
        case Person():
            return Text(clean(value.id))
        case int():
            return Text(f"{value:,}")
        case None:
            return Text("")
    text = clean(str(value))
    return Text(text, style=_COLOURS.get(text, ""))


def progress_printer() -> Callable[[Progress], None]:
    """Return a report for the engines: one line a stage, counts in place on a terminal."""
    console = stderr()
    last: dict[str, str] = {}

    def report(progress: Progress) -> None:
        if progress.total and not console.is_terminal and progress.done != progress.total:
            return
        line = f"{progress.engine}: {progress.text}"
        if last.get(progress.engine) != line:
            last[progress.engine] = line
            console.print(Text(line, style="dim"), end="\r" if _counts(progress, console) else "\n")

    return report


def count_printer(what: str) -> Callable[[int, int], None]:
    """Return a report of long work: counts in place on a terminal, nothing in a pipe."""
    console = stderr()

    def report(done: int, total: int) -> None:
        if console.is_terminal:
            line = f"{done:,} of {total:,} {what}"
            console.print(Text(line, style="dim"), end="\n" if done == total else "\r")

    return report


def _counts(progress: Progress, console: Console) -> bool:
    return bool(progress.total) and progress.done != progress.total and console.is_terminal
