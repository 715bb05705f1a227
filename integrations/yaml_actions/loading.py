"""Reads a vendor's YAML file, and says all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from integrations.connections import ConnectionKind, Setting
from integrations.yaml_actions.action import YamlAction, make_action, trial
from integrations.yaml_actions.model import ActionFile, ConnectionFile, VendorFile
from playbooks.actions import ActionKind, ValueType
from playbooks.expressions import ExpressionError, Reference, parse_template
from playbooks.faults import PlaybookFault, did_you_mean
from playbooks.findings import texts_of
from playbooks.marked_yaml import MarkedYaml, parse_yaml
from playbooks.values import parse_value

_ROOTS: Mapping[str, frozenset[str]] = {
    "request": frozenset({"params", "call", "connection"}),
    "answer": frozenset({"params", "call", "connection", "response", "items"}),
}
_CALL = frozenset({"id", "mark", "incident", "reason", "until"})
_RESPONSE = frozenset({"status", "body", "headers"})


class ActionFileError(ValueError):
    """A file holds no actions that could be used; the text lists every fault with its place."""

    def __init__(self, faults: Iterable[PlaybookFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class LoadedVendor:
    name: str
    file: VendorFile
    kind: ConnectionKind
    actions: tuple[YamlAction, ...]


def load_vendors(folder: Path) -> list[LoadedVendor]:
    """Return the vendors of a folder's YAML files. Raises `ActionFileError` with the faults of all."""
    faults: list[PlaybookFault] = []
    found: dict[str, LoadedVendor] = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            vendor = load_vendor(path.read_text(encoding="utf-8", errors="replace"), str(path))
        except ActionFileError as error:
            faults += error.faults
            continue
        if vendor.name in found:
            faults.append(
                PlaybookFault(str(path), 1, 1, f"another file has the vendor {vendor.name!r} already")
            )
        found[vendor.name] = vendor
    if faults:
        raise ActionFileError(faults)
    return list(found.values())


def load_vendor(text: str, path: str) -> LoadedVendor:
    """Return the vendor that a file's text defines. Raises `ActionFileError`."""
    marked = parse_yaml(text, path)
    faults = list(marked.faults)
    file: VendorFile | None = None
    if isinstance(marked.value, dict):
        try:
            file = VendorFile.model_validate(marked.value)
        except ValidationError as error:
            faults += _model_faults(error, marked)
    elif not faults:
        faults.append(marked.fault((), "expected a vendor: `vendor:`, `title:`, `connection:`, `actions:`"))
    if file is None or faults:
        raise ActionFileError(faults)
    faults += _check(file, marked)
    if faults:
        raise ActionFileError(faults)
    return LoadedVendor(
        name=file.vendor,
        file=file,
        kind=_kind(file),
        actions=tuple(make_action(one, file.vendor, file.connection) for one in file.actions),
    )


def _kind(file: VendorFile) -> ConnectionKind:
    connection = file.connection
    return ConnectionKind(
        name=file.vendor,
        title=file.title,
        documentation=file.documentation,
        settings=tuple(_settings(connection)),
        permissions=tuple(dict.fromkeys(one.permission for one in file.actions if one.permission)),
        test=trial(file.vendor, connection),
        setup=connection.setup,
    )


def _settings(connection: ConnectionFile) -> Iterator[Setting]:
    yield Setting("url", "where its API answers", required=connection.url is None)
    match connection.auth:
        case "bearer" | "header":
            yield Setting("token", "the API token", secret=True)
        case "basic":
            yield Setting("user", "the API user")
            yield Setting("password", "its password", secret=True)
        case "client_credentials":
            yield Setting("client_id", "the client's id")
            yield Setting("client_secret", "the client's secret", secret=True)
    for name, one in connection.settings.items():
        yield Setting(name, one.description, required=one.required, secret=one.secret)


# --- faults -------------------------------------------------------------------------------------


def _model_faults(error: ValidationError, marked: MarkedYaml) -> Iterator[PlaybookFault]:
    told: set[tuple[int, int, str]] = set()
    for detail in error.errors(include_url=False):
        place = tuple(detail["loc"])
        name = str(place[-1]) if place else ""
        known = place
        while known and known not in marked.values:
            known = known[:-1]
        if known in marked.faulty:
            continue
        match detail["type"]:
            case "extra_forbidden":
                fault = marked.fault(known, f"unknown key {name!r}", at_key=True)
            case "missing":
                fault = marked.fault(known, f"{name!r} is missing", at_key=True)
            case "value_error":
                fault = marked.fault(known, str(detail.get("ctx", {}).get("error", detail["msg"])))
            case _:
                message = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r:.80}"
                fault = marked.fault(known, message)
        key = (fault.line, fault.column, fault.message)
        if key not in told:
            told.add(key)
            yield fault


NAMED: Mapping[str, ValueType] = {
    **dict.fromkeys(("user", "username", "account", "login", "email", "upn"), ValueType.USER),
    **dict.fromkeys(("host", "hostname", "computer", "machine"), ValueType.HOST),
    **dict.fromkeys(("ip", "address"), ValueType.IP),
}
"""Names of parameters that say what they are: the guard looks at values by their type."""


def _check(file: VendorFile, marked: MarkedYaml) -> Iterator[PlaybookFault]:
    secret = {name for name, one in file.connection.settings.items() if one.secret}
    names: set[str] = set()
    for at, action in enumerate(file.actions):
        place: tuple[str | int, ...] = ("actions", at)
        if action.name.partition(".")[0] != file.vendor:
            yield marked.fault((*place, "name"), f"{action.name!r} is not of the vendor {file.vendor!r}")
        if action.name in names:
            yield marked.fault((*place, "name"), f"there are two actions {action.name!r}")
        names.add(action.name)
        yield from _check_action(action, place, marked, secret)


def _check_action(
    action: ActionFile, place: tuple[str | int, ...], marked: MarkedYaml, secret: set[str]
) -> Iterator[PlaybookFault]:
    if action.target is not None and action.target not in action.parameters:
        hint = did_you_mean(action.target, action.parameters)
        yield marked.fault((*place, "target"), f"there is no parameter {action.target!r}", hint)
    for name in action.run.result:
        if name not in action.returns:
            hint = did_you_mean(name, action.returns) or "write it under returns: with its type"
            yield marked.fault(
                (*place, "run", "result", name), f"returns does not promise {name!r}", hint, at_key=True
            )
    for name in action.returns:
        if name not in action.run.result:
            yield marked.fault((*place, "returns", name), f"no result gives {name!r}", at_key=True)
    for name, one in action.parameters.items():
        if (one.type is ValueType.ENUM) != bool(one.choices):
            yield marked.fault(
                (*place, "parameters", name), "choices go with type: enum, and that needs them"
            )
        wanted = NAMED.get(name)
        seen = action.kind is ActionKind.CONTAINMENT or action.guarded
        if seen and wanted is not None and one.type in (ValueType.TEXT, ValueType.ANY):
            message = f"the guard does not see a {name} that is a {one.type.value}: it would protect nobody"
            yield marked.fault((*place, "parameters", name, "type"), message, f"write type: {wanted.value}")
        if one.default is not None:
            try:
                parse_value(one.type, one.default, choices=one.choices, items=one.items)
            except ValueError as error:
                yield marked.fault((*place, "parameters", name, "default"), str(error))
    for part in ("run", "verify", "undo"):
        raw = getattr(action, part)
        if raw is None:
            continue
        for key, value in raw.model_dump(by_alias=True).items():
            roots = _ROOTS["answer" if key in {"result", "in_force", "detail", "paging"} else "request"]
            for path, text in texts_of(value):
                yield from _check_text(action, (*place, part, key, *path), text, roots, marked, secret)
    for at, test in enumerate(action.tests):
        if test.call != "run" and getattr(action, test.call) is None:
            yield marked.fault((*place, "tests", at, "call"), f"the action has no {test.call}")
        for name in test.params:
            if name not in action.parameters:
                hint = did_you_mean(name, action.parameters)
                yield marked.fault(
                    (*place, "tests", at, "params", name), f"there is no parameter {name!r}", hint
                )


def _check_text(
    action: ActionFile,
    place: tuple[str | int, ...],
    text: str,
    roots: frozenset[str],
    marked: MarkedYaml,
    secret: set[str],
) -> Iterator[PlaybookFault]:
    try:
        references = parse_template(text).references
    except ExpressionError as error:
        yield marked.fault(place, str(error), within="{{")
        return
    for reference in references:
        if why := _doubt(action, reference, roots, secret):
            yield marked.fault(place, why[0], why[1], within=str(reference))


def _doubt(
    action: ActionFile, reference: Reference, roots: frozenset[str], secret: set[str]
) -> tuple[str, str] | None:
    root, *rest = reference.path
    if root not in roots:
        return f"there is no {root!r} here", did_you_mean(root, roots)
    parts: Mapping[str, Collection[str]] = {
        "params": action.parameters, "call": _CALL, "response": _RESPONSE,
    }  # fmt: skip
    known = parts.get(root)
    if known is not None and rest and rest[0] not in known:
        return f"there is no {root}.{rest[0]}", did_you_mean(rest[0], known)
    if (
        root == "connection"
        and rest
        and (rest[0] in secret or rest[0] in {"token", "password", "client_secret"})
    ):
        return f"connection.{rest[0]} is a secret, which no expression may read", "let auth: send it"
    return None
