"""A verb's answer as Block Kit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.slack import blocks as b
from bot.slack.mrkdwn import code, date, mention, paragraphs, prose
from bot.verbs import Answer, Cell, Code, Person, Section, Table, UsageError

CELL = 240
REST = "There is more than fits here: ask for less, or use the `siem` command."


def answer_blocks(answer: Answer) -> b.Blocks:
    """Return an answer; what does not fit one message is left off, and that is said."""
    return b.as_many_as_fit(_blocks(answer), REST)


def _blocks(answer: Answer) -> Iterator[Block]:
    yield b.header(answer.title)
    if answer.text:
        yield b.section(paragraphs(answer.text))
    for section in answer.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[Block]:
    if section.title:
        yield b.section(f"*{prose(section.title, 200)}*")
    if section.facts:
        yield from b.fields([(prose(name, 80), cell(value, 1500)) for name, value in section.facts])
    if section.table is not None:
        yield from _table(section.table)
    if section.text:
        yield b.section(paragraphs(section.text))


def _table(table: Table) -> Iterator[Block]:
    named = " · ".join(prose(column, 40) for column in table.columns if column)
    yield b.context(named or " ")
    for chunk in _chunks(_row(row) for row in table.rows):
        yield b.section(chunk)


def _row(row: tuple[Cell, ...]) -> str:
    shown = [cell(value) for value in row if value not in (None, "")]
    return "• " + " · ".join(shown)


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    chunk = ""
    for line in lines:
        if len(chunk) + len(line) > b.SECTION - 1 and chunk:
            yield chunk.rstrip()
            chunk = ""
        chunk += line + "\n"
    if chunk:
        yield chunk.rstrip()


def cell(value: Cell, limit: int = CELL) -> str:
    match value:
        case datetime():
            return date(value)
        case Person():
            return mention(value.id)
        case Code():
            return code(value.text, limit)
        case int():
            return f"{value:,}"
        case None:
            return ""
        case _:
            return prose(value, limit)


def usage_blocks(error: UsageError) -> b.Blocks:
    """Return what was wrong with the words typed, and what to type instead."""
    lines = "\n".join(code(line) for line in error.usage.splitlines())
    return b.as_json([b.section(f"{paragraphs(str(error), 1000)}.\n{lines}")])


def fault_blocks(text: str) -> b.Blocks:
    """Return why something could not be done."""
    return b.as_json([b.section(f"⚠️ {paragraphs(text[:1].upper() + text[1:], 2000)}")])
