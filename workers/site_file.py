"""``siem.yaml``: what a site says about itself, as a strict model.

`read_site_file` reports all faults of a file at once, each with its place and what to write
instead. The models also serve programs that build a site in code, such as the demo.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from integrations.opensearch.retention import Period, RetentionPolicy
from playbooks.policy import GuardPolicy
from playbooks.steps import HookName
from rules.alerts import Severity
from rules.health.canaries import DATASET
from workers.collect_section import CollectSection, HttpSection, ReceiverSection, check_identities
from workers.health_section import HealthSection
from workers.intelligence_section import IntelligenceSection, check_names
from workers.marked_yaml import Fault, MarkedYaml, did_you_mean, parse_yaml
from workers.marked_yaml import Path as Place
from workers.site_values import Duration, Listen, Name, Network, Section, parse_duration

__all__ = [
    "ApiSection",
    "BlocklistSection",
    "CollectSection",
    "Connection",
    "DetectionSection",
    "Duration",
    "GuardSection",
    "HealthSection",
    "IntelligenceSection",
    "InventorySection",
    "Listen",
    "Name",
    "PlaybooksSection",
    "ReceiverSection",
    "Section",
    "SiteFile",
    "SlackSection",
    "SourcesSection",
    "parse_duration",
    "read_site_file",
]


def _seconds(value: Any) -> Any:
    return int(parse_duration(value).total_seconds()) if isinstance(value, str) else value


def _user_id(value: str) -> str:
    if not re.fullmatch(r"[UW][A-Z0-9]{2,}", value):
        raise ValueError(
            f"{value!r} is no Slack user id: write one like U024BE7LH (Slack: profile, ⋮, Copy member ID)"
        )
    return value


def _somebody(members: tuple[str, ...]) -> tuple[str, ...]:
    if not members:
        raise ValueError("the group is empty: name at least one Slack user id")
    return members


UserId = Annotated[str, AfterValidator(_user_id)]


class SlackSection(Section):
    channel: str = Field(default="#security", pattern=r"^(#[^\s#]{1,80}|[CG][A-Z0-9]{6,})$")
    """The security channel, as ``#name`` or id."""
    listen: Listen | None = None
    """Take Slack's signed HTTP requests here; None: Socket Mode."""


class GuardSection(GuardPolicy):
    """The guard as a file may write it: `max_seconds` also as a duration."""

    max_seconds: Annotated[int, BeforeValidator(_seconds)] = Field(default=7 * 86400, ge=60)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.empty:
            raise ValueError(
                "the guard is empty: name what must never be touched under networks (own egress, "
                "gateways, DNS), hosts or users"
            )
        return self


class DetectionSection(Section):
    open_at: Severity = Severity.HIGH
    """Alerts of this severity and above open an incident."""
    window: Duration = timedelta(hours=24)
    """Alerts sharing entities within it join one incident."""
    rules: tuple[Path, ...] = (Path("rules"),)
    """Folders of the site's own rules."""
    library: bool = True
    """Also the rules that come with the program."""
    placeholders: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Values of the names that rules write as ``%name%`` under the modifier ``expand``."""
    exceptions: tuple[Path, ...] = (Path("exceptions"),)
    """Folders of what is known and wanted: `workers.exception_files`."""
    tick: Duration = timedelta(seconds=1)


class PlaybooksSection(Section):
    folders: tuple[Path, ...] = (Path("playbooks"),)
    library: bool | tuple[Name, ...] = True
    """The playbooks that come with the program: all, none, or these."""
    instead: dict[str, str] = Field(default_factory=dict)
    """Action to the one that the library's playbooks use in its place: ``okta.suspend_user:
    entra.disable_user``."""


class SourcesSection(Section):
    """Log sources of the site's own, in YAML."""

    folders: tuple[Path, ...] = (Path("sources"),)


class ActionsSection(Section):
    """Vendors of the site's own, in YAML."""

    folders: tuple[Path, ...] = (Path("actions"),)


class InventorySection(Section):
    """What the site knows of itself, to tell events apart by."""

    assets: Path | None = None
    """A YAML or CSV file: name, names, addresses, owner, criticality, role, core."""
    people: Path | None = None
    """A YAML or CSV file: id, names, emails, department, privileged."""
    networks: dict[Name, tuple[Network, ...]] = Field(default_factory=dict)
    """Own networks by name, in CIDR notation."""


class KeysSection(Section):
    """Where the named keys are that protect ``event.original``; none of both: a file in the data folder."""

    file: Path | None = None
    """A keyring file, one ``name:base64`` a line, the current key first."""
    command: tuple[str, ...] = ()
    """A program that wraps and unwraps as `integrations.opensearch.kms` says; run without a shell."""
    seconds: Duration = timedelta(seconds=30)
    """What the program is given for one answer."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.file is not None and self.command:
            raise ValueError("the keys are said twice: keep either file or command")
        return self


CANARIES_KEPT = Period(days=2, reason="planted by the program itself, no records of anything")


class RolloverSection(Section):
    """When a data stream's present index is closed and a new one begun."""

    gigabytes: float = Field(default=30, gt=0, le=200)
    age: Duration = timedelta(days=30)


class ResultsSection(Section):
    """How long large results of playbooks' actions are kept for the runs that have them by reference, and for
    people. They are copies of answers, no records: no reason is asked for."""

    days: int = Field(default=90, ge=1, le=3650)


class RetentionSection(Period):
    """How long events are kept; less than 180 days need a `reason`."""

    datasets: dict[str, Period] = Field(default_factory=dict)
    """Dataset, or a pattern such as ``aws.*``, to its own period; the first that fits."""
    rollover: RolloverSection = RolloverSection()
    results: ResultsSection = ResultsSection()

    @property
    def policy(self) -> RetentionPolicy:
        default = Period(days=self.days, reason=self.reason)
        return RetentionPolicy(default=default, datasets={DATASET: CANARIES_KEPT} | self.datasets)


class ApiSection(Section):
    listen: Listen = "127.0.0.1:8700"


class WebhookSection(Section):
    """Who may call ``POST /hooks/NAME``."""

    token_env: str | None = None
    token_file: Path | None = None
    """A bearer token."""
    secret_env: str | None = None
    secret_file: Path | None = None
    """The secret of HMAC-SHA256 signatures, in place of a token."""
    signature: Literal["standard-webhooks", "github"] | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        self.door()
        return self

    def door(self) -> HttpSection:
        """Return it as an entry of ``collect:`` that takes HTTP has it. Raises ValueError as that does."""
        return HttpSection(**self.model_dump(exclude_none=True))


class BlocklistSection(Section):
    name: Name = "default"


_SECRET = re.compile(r"(.*_)?(token|password|passphrase|secret|key|access_key_id)")
"""Settings that hold secrets, in every kind of connection."""


class Connection(BaseModel):
    """A named way to a vendor. A setting ``x_env`` names the variable, ``x_file`` the file, that
    holds ``x``; both are resolved by `workers.settings.Settings.connections` only where used."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: Name
    url: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9+.-]*://[^/\s@]+(/\S*)?$")

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that hold its secrets."""
        extra = (self.model_extra or {}).items()
        return tuple(value for key, value in extra if key.endswith("_env") and isinstance(value, str))

    @model_validator(mode="after")
    def _no_secret_in_file(self) -> Self:
        bare = [key for key in self.model_extra or {} if _SECRET.fullmatch(key)]
        if bare:
            raise ValueError(
                f"{', '.join(bare)}: a secret has no place in this file; "
                f"write {bare[0]}_env: NAME_OF_A_VARIABLE or {bare[0]}_file: PATH"
            )
        return self


class SiteFile(Section):
    """The whole of ``siem.yaml``. Paths are relative to the folder the file lies in."""

    organisation: str = Field(default="this site", min_length=1, max_length=80)
    data: Path = Path(".siem")
    """Folder of everything that lasts: the embedded engines' data, logs, positions."""
    slack: SlackSection = SlackSection()
    approvers: dict[Name, Annotated[tuple[UserId, ...], AfterValidator(_somebody)]] = Field(
        default_factory=dict
    )
    """Groups of Slack user ids that may approve; nobody by default."""
    guard: GuardSection
    detection: DetectionSection = DetectionSection()
    intelligence: Annotated[tuple[IntelligenceSection, ...], AfterValidator(check_names)] = ()
    """Who tells what is bad."""
    playbooks: PlaybooksSection = PlaybooksSection()
    sources: SourcesSection = SourcesSection()
    actions: ActionsSection = ActionsSection()
    inventory: InventorySection = InventorySection()
    collect: Annotated[tuple[CollectSection, ...], AfterValidator(check_identities)] = ()
    receiver: ReceiverSection = ReceiverSection()
    health: HealthSection = HealthSection()
    keys: KeysSection = KeysSection()
    retention: RetentionSection = RetentionSection()
    api: ApiSection = ApiSection()
    webhooks: dict[HookName, WebhookSection] = Field(default_factory=dict)
    """What other systems may call to start playbooks, or to tell those that wait."""
    blocklists: tuple[BlocklistSection, ...] = (BlocklistSection(),)
    connections: dict[Name, Connection] = Field(default_factory=dict)

    @field_validator("blocklists")
    @classmethod
    def _one_of_each(cls, lists: tuple[BlocklistSection, ...]) -> tuple[BlocklistSection, ...]:
        names = [item.name for item in lists]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the blocklist {twice[0]!r} is named twice")
        return lists


def read_site_file(text: str, source: str) -> tuple[SiteFile | None, list[Fault]]:
    """Parse and check the text of a ``siem.yaml``: the model and no faults, or None and all faults
    in the order of their lines. `source` is the name to show."""
    marked = parse_yaml(text, source)
    faults = list(marked.faults)
    site = None
    if marked.value is None and not faults:
        faults.append(Fault(source, "the file is empty", 1, 1, hint="`siem init DIR` writes a starter file"))
    elif isinstance(marked.value, dict):
        try:
            site = SiteFile.model_validate(marked.value)
        except ValidationError as error:
            faults += _faults(error, marked)
    elif not faults:
        faults.append(marked.fault((), "expected settings as `name: value`", did_you_mean("", _fields(()))))
    faults.sort(key=lambda fault: (fault.line or 0, fault.column or 0))
    return (None if faults else site), faults


def _faults(error: ValidationError, marked: MarkedYaml) -> list[Fault]:
    found: dict[tuple[int | None, int | None, str], Fault] = {}
    for detail in error.errors(include_url=False):
        loc = place = tuple(detail["loc"])
        while place and place not in marked.values:
            place = place[:-1]
        if any(place[: len(path)] == path for path in marked.faulty if path):
            continue
        if detail["type"] == "extra_forbidden":
            name = str(loc[-1])
            fault = marked.fault(
                loc, f"unknown key {name!r}", did_you_mean(name, _fields(loc[:-1])), at_key=True
            )
        elif detail["type"] == "missing":
            hint = "an empty guard is refused" if loc == ("guard",) else ""
            fault = marked.fault(place, f"{loc[-1]!r} is missing", hint, at_key=True)
        else:
            fault = marked.fault(place, _words(detail))
        key = (
            fault.line,
            fault.column,
            "" if "bool" in map(str, loc) or "tuple" in str(loc) else fault.message,
        )
        found.setdefault(key, fault)
    return list(found.values())


def _words(detail: Mapping[str, Any]) -> str:
    value, context = detail.get("input"), detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "enum" | "literal_error":
            return f"{value!r} is not known here: expected {context['expected']}"
        case "string_pattern_mismatch":
            return f"{value!r} has not the form expected here ({context['pattern']})"
        case "tuple_type" | "list_type":
            return f"expected a list, not {value!r}"
        case "bool_type" | "bool_parsing":
            return f"expected true, false or a list of names, not {value!r}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"expected settings as `name: value`, not {value!r}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {value!r}"


def _fields(path: Place) -> list[str]:
    """Return the keys allowed at a path of the model."""
    kind: Any = SiteFile
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            kind = next((arg for arg in reversed(typing.get_args(kind)) if arg is not ...), None)
        while typing.get_origin(kind) in (Annotated, typing.Union, types.UnionType):
            kind = next((arg for arg in typing.get_args(kind) if arg is not types.NoneType), None)
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]
