"""Reads a source's YAML file, and says all that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from integrations.contract import Framing, Origin, Sample, Source
from integrations.definitions.model import FIELD, OURS, Mapped, SourceFile
from integrations.definitions.patterns import Pattern, PatternError
from integrations.definitions.reading import DefinedReader, Opener, Recogniser
from integrations.recognition import DEFAULT_ORIGIN
from playbooks.faults import PlaybookFault, did_you_mean
from playbooks.marked_yaml import MarkedYaml, parse_yaml
from rules.ecs import ALLOWED_CATEGORIES, ALLOWED_KINDS, ALLOWED_OUTCOMES, ALLOWED_TYPES

_ALLOWED: Mapping[str, frozenset[str]] = {
    "event.kind": ALLOWED_KINDS,
    "event.category": ALLOWED_CATEGORIES,
    "event.type": ALLOWED_TYPES,
    "event.outcome": ALLOWED_OUTCOMES,
}


class SourceFileError(ValueError):
    """A file is no source; the text lists every fault with line, column and what to write instead."""

    def __init__(self, faults: Iterable[PlaybookFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def load_folder(folder: Path) -> list[Source]:
    """Return the sources of a folder's ``*.yaml`` and ``*.yml`` files, sorted by file.

    Raises `SourceFileError` with the faults of all files, OSError where one can't be read.
    """
    faults: list[PlaybookFault] = []
    sources: dict[str, Source] = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            source = load_source(path.read_text(encoding="utf-8", errors="replace"), str(path))
        except SourceFileError as error:
            faults += error.faults
            continue
        if source.name in sources:
            faults.append(
                PlaybookFault(str(path), 1, 1, f"another file has a source {source.name!r} already")
            )
        sources[source.name] = source
    if faults:
        raise SourceFileError(faults)
    return list(sources.values())


def load_source(text: str, path: str) -> Source:
    """Return the source that a file's text defines. Raises `SourceFileError`."""
    marked = parse_yaml(text, path)
    faults = list(marked.faults)
    found: SourceFile | None = None
    if not isinstance(marked.value, dict):
        if not faults:
            faults.append(marked.fault((), "expected a source: `name:`, `title:`, `format:` …"))
    else:
        try:
            found = SourceFile.model_validate(marked.value)
        except ValidationError as error:
            faults += _model_faults(error, marked)
    if found is None or faults:
        raise SourceFileError(faults)
    patterns: list[Pattern] = []
    faults += _check(found, marked, patterns)
    if faults:
        raise SourceFileError(faults)
    return _source(found, patterns)


def _source(file: SourceFile, patterns: list[Pattern]) -> Source:
    reader = DefinedReader(file, patterns)
    return Source(
        name=file.name,
        title=file.title,
        documentation=file.documentation,
        open=Opener(reader),
        guess=Recogniser(reader, file.recognise),
        framing=Framing.JSON if file.format == "json" else Framing.LINES,
        samples=tuple(
            Sample(
                test.record.rstrip("\n"),
                dict(test.expect),
                Origin(received=DEFAULT_ORIGIN.received, timezone=test.timezone),
            )
            for test in file.tests
        ),
    )


# --- faults -------------------------------------------------------------------------------------


def _model_faults(error: ValidationError, marked: MarkedYaml) -> Iterator[PlaybookFault]:
    told: set[tuple[int, int, str]] = set()
    for detail in error.errors(include_url=False):
        place = tuple(part for part in detail["loc"] if part not in {"Mapped", "tuple", "str"})
        while place and place not in marked.values:
            if detail["type"] == "missing":
                place = place[:-1]
                break
            place = place[:-1]
        if place in marked.faulty:
            continue
        name = str(detail["loc"][-1])
        if detail["type"] == "extra_forbidden":
            known = _keys_near(detail["loc"])
            fault = marked.fault(place, f"unknown key {name!r}", did_you_mean(name, known), at_key=True)
        elif detail["type"] == "missing":
            fault = marked.fault(place, f"{name!r} is missing", at_key=True)
        elif detail["type"] == "value_error":
            fault = marked.fault(place, str(detail.get("ctx", {}).get("error", detail["msg"])))
        else:
            fault = marked.fault(
                place, f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r:.80}"
            )
        key = (fault.line, fault.column, fault.message)
        if key not in told:
            told.add(key)
            yield fault


def _keys_near(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model knows at a place."""
    from integrations.definitions.model import SourceTest, Timestamp, When

    models: dict[str, type[BaseModel]] = {
        "timestamp": Timestamp,
        "when": When,
        "tests": SourceTest,
        "fields": Mapped,
    }
    model: type[BaseModel] = SourceFile
    for part in place[:-1]:
        model = models.get(str(part), model)
    return [field.alias or name for name, field in model.model_fields.items()]


def _check(file: SourceFile, marked: MarkedYaml, patterns: list[Pattern]) -> Iterator[PlaybookFault]:
    for at, text in enumerate(file.patterns):
        try:
            patterns.append(Pattern(text, file.definitions))
        except PatternError as error:
            yield marked.fault(("patterns", at), str(error))
    known = _parts(file, patterns)
    if file.timestamp is not None:
        wanted = file.timestamp.field
        for name in (wanted,) if isinstance(wanted, str) else wanted:
            yield from _check_part(marked, ("timestamp", "field"), name, known)
        for at, form in enumerate(file.timestamp.formats):
            if form not in {"iso", "epoch"} and "%" not in form:
                place = ("timestamp", "formats", at)
                yield marked.fault(
                    place, f"{form!r} is no form of a time", "write iso, epoch, or a strptime form"
                )
    yield from _check_fields(marked, ("fields",), file.fields, known)
    for at, when in enumerate(file.when):
        for name in when.if_:
            yield from _check_part(marked, ("when", at, "if", name), name, known)
        yield from _check_fields(marked, ("when", at, "fields"), when.fields, known)
    for at, test in enumerate(file.tests):
        try:
            ZoneInfo(test.timezone)
        except (KeyError, ValueError, OSError):
            yield marked.fault(("tests", at, "timezone"), f"{test.timezone!r} is no IANA time zone")


def _parts(file: SourceFile, patterns: Iterable[Pattern]) -> frozenset[str] | None:
    """Return the parts that records can have, None where only the record knows."""
    if file.format == "pattern":
        return frozenset(name for pattern in patterns for name in pattern.names)
    return frozenset(file.columns) if file.format == "csv" else None


def _check_part(
    marked: MarkedYaml, place: tuple[str | int, ...], name: str, known: frozenset[str] | None
) -> Iterator[PlaybookFault]:
    if known is not None and name not in known:
        yield marked.fault(place, f"no record has a part {name!r}", did_you_mean(name, known))


def _check_fields(
    marked: MarkedYaml,
    place: tuple[str | int, ...],
    fields: Mapping[str, Mapped],
    known: frozenset[str] | None,
) -> Iterator[PlaybookFault]:
    for field, mapped in fields.items():
        here = (*place, field)
        if not re.fullmatch(FIELD, field):
            yield marked.fault(here, f"{field!r} is no name of an ECS field", "like source.ip", at_key=True)
        elif field == "@timestamp":
            yield marked.fault(
                here, "the time has a key of its own", "write it under timestamp:", at_key=True
            )
        elif field in OURS:
            yield marked.fault(here, f"{field} is set by the pipeline", "leave it out", at_key=True)
        names = mapped.from_ if isinstance(mapped.from_, tuple) else (mapped.from_,)
        for name in names:
            if name is not None:
                yield from _check_part(marked, here, name, known)
        if allowed := _ALLOWED.get(field):
            for value in _said(mapped):
                if str(value) not in allowed:
                    message = f"{value!r} is no allowed value of {field}"
                    yield marked.fault(here, message, did_you_mean(str(value), allowed))


def _said(mapped: Mapped) -> Iterator[Any]:
    for value in (mapped.value, mapped.default, *mapped.map.values()):
        if isinstance(value, list | tuple):
            yield from value
        elif value is not None:
            yield value
