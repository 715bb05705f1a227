"""The verbs behind ``/siem``, by name: what each takes and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.verbs.answer import Answer, Caller, Section, Table, UsageError, Words
from bot.verbs.containments import extend_block, list_blocks, release_block, release_everything
from bot.verbs.incidents import (
    close_incident,
    draw_path,
    list_incidents,
    own_incident,
    show_incident,
    tell_timeline,
)
from bot.verbs.installation import search, show_status
from bot.verbs.intelligence import tell_known
from bot.verbs.parsing import clean, did_you_mean, read_words, split_verb
from bot.verbs.playbooks import cancel_run, list_actions, plan_playbook, run_playbook
from playbooks.durations import parse_duration
from workers.desk import Desk

Run = Callable[[Desk, Words, Caller], Awaitable[Answer]]


@dataclass(frozen=True)
class Verb:
    name: str
    takes: str
    """Its arguments, as help shows them."""
    summary: str
    run: Run
    flags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: int = 0
    """How many words it can't do without."""
    most: int | None = None
    """How many words it takes at most, None: as many as come."""
    example: str = ""
    verbatim: bool = False
    """Its words are one text, quotes and all, options only at the end."""
    prose: bool = False
    """It ends in a sentence of a person's, with apostrophes."""

    @property
    def usage(self) -> str:
        usage = f"/siem {self.name} {self.takes}".strip()
        return f"{usage}\nFor example: /siem {self.name} {self.example}" if self.example else usage


async def answer(desk: Desk, text: str, caller: Caller) -> Answer:
    """Do what was typed behind ``/siem``.

    Raises `UsageError` where it is no call of a verb, and `workers.desk.DeskError`.
    """
    name, rest = split_verb(clean(text))
    if not name or name in {"help", "--help", "-h", "?"}:
        return show_help(split_verb(rest)[0] if name else "")
    verb = VERBS.get(name)
    if verb is None:
        raise UsageError(f"there is no verb {name!r}{did_you_mean(name, VERBS)}", "/siem help")
    return await verb.run(desk, _words(verb, rest), caller)


def show_help(name: str = "") -> Answer:
    """Raises `UsageError` for a verb that is not there."""
    if name:
        verb = VERBS.get(name)
        if verb is None:
            raise UsageError(f"there is no verb {name!r}{did_you_mean(name, VERBS)}", "/siem help")
        return Answer(title=f"/siem {verb.name}", text=f"{verb.summary}\n{verb.usage}", data=verb.usage)
    rows = tuple((f"/siem {verb.name} {verb.takes}".strip(), verb.summary) for verb in VERBS.values())
    return Answer(
        title="What you can ask",
        text="Only you see the answers. `/siem help VERB` shows an example.",
        sections=(Section(table=Table(("verb", "what it does"), rows)),),
        data={verb.name: verb.usage for verb in VERBS.values()},
    )


def _words(verb: Verb, text: str) -> Words:
    if verb.verbatim:
        query, options = _trailing_options(text, verb)
        words = Words(positional=(query,) if query else (), options=options, text=query)
    else:
        words = read_words(text, verb.usage, verb.flags, verb.options, prose=verb.prose)
    given = len(words.positional)
    if given < verb.needs:
        raise UsageError(f"{verb.name} needs {verb.takes}", verb.usage)
    if verb.most is not None and given > verb.most:
        extra = words.rest(verb.most)
        raise UsageError(f"{verb.name} can't do anything with {extra!r}", verb.usage)
    return words


def _trailing_options(text: str, verb: Verb) -> tuple[str, dict[str, str]]:
    words = text.split(" ")
    found: dict[str, str] = {}
    while len(words) >= 2 and words[-2].removeprefix("--") in verb.options and words[-2].startswith("--"):
        found[words[-2][2:]] = words[-1]
        words = words[:-2]
    return " ".join(words).strip(), found


async def _search(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    usage = VERBS["search"].usage
    hours = _number(words.options.get("hours", "24"), "--hours", 0.01, 24 * 3660, usage)
    limit = _number(words.options.get("limit", "20"), "--limit", 1, 100, usage)
    return await search(desk, words.text, hours=hours, limit=int(limit))


async def _intel(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    days = _number(words.options.get("days", "30"), "--days", 1, 3650, VERBS["intel"].usage)
    return tell_known(await desk.known_bad(words.positional[0], int(days)))


def _number(text: str, name: str, least: float, most: float, usage: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise UsageError(f"{name} takes a number from {least:g} to {most:g}, not {text!r}", usage)
    return value


async def _incident(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    if incident := words.first():
        return await show_incident(desk, incident)
    return await list_incidents(desk, every="all" in words.options)


async def _timeline(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    return await tell_timeline(desk, words.positional[0])


async def _path(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    return await draw_path(desk, words.positional[0])


async def _blocks(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    return await list_blocks(desk, every="all" in words.options)


async def _extend(desk: Desk, words: Words, caller: Caller) -> Answer:
    try:
        seconds = parse_duration(words.positional[1].lstrip("+"))
    except ValueError as error:
        raise UsageError(str(error), VERBS["extend"].usage) from error
    return await extend_block(desk, words.positional[0], seconds, caller)


async def _release(desk: Desk, words: Words, caller: Caller) -> Answer:
    if words.positional[0] == "all":
        return await release_everything(desk, caller, words.rest(1))
    return await release_block(desk, words.positional[0], caller, words.rest(1))


async def _run(desk: Desk, words: Words, caller: Caller) -> Answer:
    playbook, incident = _playbook_and_incident(words, "run")
    return await run_playbook(desk, playbook, incident, dict(words.pairs), caller)


async def _cancel(desk: Desk, words: Words, caller: Caller) -> Answer:
    keep = "keep" in words.options
    return await cancel_run(desk, words.positional[0], caller, words.rest(1), keep=keep)


async def _plan(desk: Desk, words: Words, caller: Caller) -> Answer:
    del caller
    playbook, incident = _playbook_and_incident(words, "plan")
    return await plan_playbook(desk, playbook, incident, dict(words.pairs))


def _playbook_and_incident(words: Words, verb: str) -> tuple[str, str]:
    names = [word for word in words.positional if word.partition("=")[0] not in words.pairs]
    if len(names) != 2:
        raise UsageError(f"{verb} needs a playbook and an incident", VERBS[verb].usage)
    first, second = names
    return (second, first) if first.startswith("inc-") else (first, second)


async def _actions(desk: Desk, words: Words, caller: Caller) -> Answer:
    del desk, caller
    return await list_actions(words.rest(0))


async def _status(desk: Desk, words: Words, caller: Caller) -> Answer:
    del words, caller
    return await show_status(desk)


async def _own(desk: Desk, words: Words, caller: Caller) -> Answer:
    return await own_incident(desk, words.positional[0], caller, words.first(1))


async def _close(desk: Desk, words: Words, caller: Caller) -> Answer:
    return await close_incident(desk, words.positional[0], caller, words.rest(1))


_ALL = (
    Verb(
        "search", "QUERY [--hours N] [--limit N]", "find events of the last day by their ECS fields", _search,
        options=("hours", "limit"), needs=1, verbatim=True,
        example="source.ip:203.0.113.7 AND event.outcome:failure --hours 48",
    ),
    Verb("incident", "[ID] [--all]", "list open incidents, or show one", _incident, flags=("all",), most=1,
         example="inc-abcd2345"),
    Verb("timeline", "ID", "tell what happened, and what was done about it, in order", _timeline, needs=1,
         most=1, example="inc-abcd2345"),
    Verb("path", "ID", "draw the way that the attacker took", _path, needs=1, most=1, example="inc-abcd2345"),
    Verb("blocks", "[--all]", "list what is contained now", _blocks, flags=("all",), most=0),
    Verb("extend", "BLOCK DURATION", "let a block stay longer", _extend, needs=2, most=2,
         example="blk-7f3a2c 4h"),
    Verb("release", "BLOCK|all [REASON]", "lift a block now; all once two approvers ask", _release,
         needs=1, prose=True,
         example="blk-7f3a2c it was our scanner"),
    Verb("run", "PLAYBOOK INCIDENT [KEY=VALUE …]", "start a playbook on an incident", _run, needs=2,
         example="contain-ssh-breach inc-abcd2345 ip=203.0.113.7"),
    Verb("cancel", "RUN [REASON] [--keep]", "end a run early and lift what it contained, unless --keep",
         _cancel, flags=("keep",), needs=1, prose=True,
         example="inc-abcd2345/contain-ssh-breach it was our scanner"),
    Verb("plan", "PLAYBOOK INCIDENT [KEY=VALUE …]", "say what a playbook would do, and do nothing",
         _plan, needs=2, example="contain-ssh-breach inc-abcd2345"),
    Verb("actions", "[WORD]", "list what playbooks can use", _actions, example="isolate"),
    Verb("own", "ID [USER]", "take an incident", _own, needs=1, most=2, example="inc-abcd2345"),
    Verb("close", "ID [NOTE]", "close an incident", _close, needs=1, prose=True,
         example="inc-abcd2345 a test of our own"),
    Verb("intel", "VALUE [--days N]", "say who calls an address, domain, URL or hash bad",
         _intel, options=("days",), needs=1, most=1, example="203.0.113.7"),
    Verb("status", "", "say how the installation is", _status, most=0),
)  # fmt: skip
VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _ALL}
