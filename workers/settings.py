"""Settings: the environment and ``siem.yaml``, read once at the start and nowhere else.

Secrets come from the environment or from a file that ``NAME_FILE`` names, never from ``siem.yaml``.
Every part of the program gets a `Settings` and reads nothing by itself.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from playbooks.policy import ApproversPolicy, GuardPolicy
from workers.marked_yaml import Fault
from workers.site_file import SiteFile, read_site_file

SITE_FILE = "siem.yaml"


class SettingsError(Exception):
    """The settings are wrong; the text lists every fault with its place and what to write instead."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Environment(BaseSettings):
    """What the environment says. Every secret may also come as ``NAME_FILE``, the path of a file."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=True, env_ignore_empty=True, populate_by_name=True
    )

    config: Path | None = Field(default=None, validation_alias="SIEM_CONFIG")
    data: Path | None = Field(default=None, validation_alias="SIEM_DATA")

    opensearch_url: str | None = Field(
        default=None, validation_alias="SIEM_OPENSEARCH_URL", pattern=r"^https?://[^/\s@]+/?$"
    )
    """None: the embedded engine."""
    opensearch_user: str | None = Field(default=None, validation_alias="SIEM_OPENSEARCH_USER")
    opensearch_password: SecretStr | None = Field(default=None, validation_alias="SIEM_OPENSEARCH_PASSWORD")
    opensearch_ca: Path | None = Field(default=None, validation_alias="SIEM_OPENSEARCH_CA")
    opensearch_cert: Path | None = Field(default=None, validation_alias="SIEM_OPENSEARCH_CERT")
    opensearch_key: Path | None = Field(default=None, validation_alias="SIEM_OPENSEARCH_KEY")

    temporal_address: str | None = Field(
        default=None, validation_alias="TEMPORAL_ADDRESS", pattern=r"^[^\s/]+:\d{1,5}$"
    )
    """``host:port``; None: the embedded engine."""
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_api_key: SecretStr | None = Field(default=None, validation_alias="TEMPORAL_API_KEY")
    temporal_tls: bool | None = Field(default=None, validation_alias="TEMPORAL_TLS")
    """None: as the other settings suggest (an API key or a certificate needs TLS)."""
    temporal_tls_ca: Path | None = Field(default=None, validation_alias="TEMPORAL_TLS_SERVER_CA_CERT_PATH")
    temporal_tls_cert: Path | None = Field(default=None, validation_alias="TEMPORAL_TLS_CLIENT_CERT_PATH")
    temporal_tls_key: Path | None = Field(default=None, validation_alias="TEMPORAL_TLS_CLIENT_KEY_PATH")
    temporal_tls_server_name: str | None = Field(default=None, validation_alias="TEMPORAL_TLS_SERVER_NAME")

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_url: str | None = Field(
        default=None, validation_alias="SIEM_SLACK_URL", pattern=r"^https?://[^/\s@]+(/\S*)?$"
    )
    """Base URL of the Web API, for the local workspace; None: Slack itself."""

    api_token: SecretStr | None = Field(default=None, validation_alias="SIEM_API_TOKEN")
    """Bearer token of the API's internal calls."""
    keys: SecretStr | None = Field(default=None, validation_alias="SIEM_KEYS")
    """Encryption keys of ``event.original``, as `integrations.opensearch` reads them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _SecretFiles(settings_cls)


class _SecretFiles(PydanticBaseSettingsSource):
    """``NAME_FILE`` of each secret; what can't be read was reported by `_check_secret_files`."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name in _secret_names():
            if path := os.environ.get(f"{name}_FILE"):
                try:
                    values[name] = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    continue
        return values


def _secret_names() -> list[str]:
    return [
        str(info.validation_alias)
        for info in Environment.model_fields.values()
        if SecretStr in getattr(info.annotation, "__args__", ())
    ]


def _check_secret_files() -> list[Fault]:
    faults = []
    for name in _secret_names():
        if not (path := os.environ.get(f"{name}_FILE")):
            continue
        if os.environ.get(name):
            faults.append(Fault(f"{name}_FILE", f"{name} is set as well", hint="set one of the two"))
        try:
            if not Path(path).read_text(encoding="utf-8").strip():
                faults.append(Fault(f"{name}_FILE", f"{path} is empty"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            faults.append(Fault(f"{name}_FILE", f"can't read {path}: {reason}"))
    return faults


def read_environment() -> Environment:
    """Read the environment. Raises `SettingsError` with all that is wrong in it."""
    faults = _check_secret_files()
    environment = None
    try:
        environment = Environment()
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            faults.append(Fault(str(detail["loc"][0]), str(detail["msg"])))
    if faults or environment is None:
        raise SettingsError(faults)
    return environment


@dataclass(frozen=True)
class Settings:
    """Everything that was set, with paths made absolute."""

    environment: Environment
    site: SiteFile
    root: Path
    """The folder of ``siem.yaml``, against which its paths are read."""
    file: Path | None = field(default=None)
    """The ``siem.yaml``, None where the site was built in code."""

    @property
    def data(self) -> Path:
        """The data folder, absolute; not created by this."""
        return (self.root / (self.environment.data or self.site.data).expanduser()).resolve()

    @property
    def guard(self) -> GuardPolicy:
        return GuardPolicy.model_validate(self.site.guard.model_dump())

    @property
    def approvers(self) -> ApproversPolicy:
        return ApproversPolicy(groups=dict(self.site.approvers))

    @property
    def rule_folders(self) -> tuple[Path, ...]:
        return tuple(self.root / path for path in self.site.detection.rules)

    @property
    def exception_folders(self) -> tuple[Path, ...]:
        return tuple(self.root / folder for folder in self.site.detection.exceptions)

    @property
    def source_folders(self) -> tuple[Path, ...]:
        return tuple(self.root / path for path in self.site.sources.folders)

    @property
    def action_folders(self) -> tuple[Path, ...]:
        return tuple(self.root / path for path in self.site.actions.folders)

    @property
    def playbook_folders(self) -> tuple[Path, ...]:
        return tuple(self.root / path for path in self.site.playbooks.folders)

    @property
    def api_url(self) -> str:
        """Where the HTTP API answers, without a trailing slash."""
        return f"http://{self.site.api.listen}"

    def connections(self, only: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return the named connections (`only` these) with their secrets resolved: for the worker, and
        those that it pulls from for the collector.

        Raises `SettingsError` naming every variable or file that is missing.
        """
        faults: list[Fault] = []
        resolved = {
            name: _resolve(
                f"connection {name!r}", connection.model_dump(exclude_none=True), self.root, faults
            )
            for name, connection in self.site.connections.items()
            if only is None or name in only
        }
        if faults:
            raise SettingsError(faults)
        return resolved

    def collect_secrets(self) -> dict[str, dict[str, str]]:
        """Return ``{entry: {"token": …, "secret": …}}`` of the entries of ``collect:`` that have some, for
        the collector only. Raises `SettingsError` as `connections` does."""
        faults: list[Fault] = []
        resolved = {
            section.identity: _resolve(
                f"the entry {section.identity!r} of collect",
                section.http.model_dump(
                    mode="json",
                    exclude_none=True,
                    include={"token_env", "token_file", "secret_env", "secret_file"},
                ),
                self.root,
                faults,
            )
            for section in self.site.collect
            if section.http is not None
        }
        if faults:
            raise SettingsError(faults)
        return resolved

    def webhook_secrets(self) -> dict[str, dict[str, str]]:
        """Return ``{webhook: {"token": …}}`` or ``{"secret": …}``, for the API only.

        Raises `SettingsError` as `connections` does.
        """
        faults: list[Fault] = []
        resolved = {
            name: _resolve(
                f"the webhook {name!r}",
                section.model_dump(mode="json", exclude_none=True, exclude={"signature"}),
                self.root,
                faults,
            )
            for name, section in self.site.webhooks.items()
        }
        if faults:
            raise SettingsError(faults)
        return resolved

    def collect_connections(self) -> dict[str, dict[str, Any]]:
        """Return the connections that entries of ``collect:`` name, secrets resolved.

        Raises `SettingsError`, also where one is named that is not there.
        """
        named = {
            way.connection: section.identity
            for section in self.site.collect
            for way in (section.objects, section.pull)
            if way is not None and way.connection is not None
        }
        if missing := sorted(named.keys() - self.site.connections.keys()):
            raise SettingsError(
                Fault(
                    str(self.file or SITE_FILE),
                    f"the entry {named[name]!r} of collect names the connection {name!r}, which is not there",
                    hint=f"write connections: {{{name}: {{kind: …}}}}",
                )
                for name in missing
            )
        return self.connections(named.keys())


def _resolve(owner: str, settings: Mapping[str, Any], root: Path, faults: list[Fault]) -> dict[str, Any]:
    """Return settings with what ``x_env`` and ``x_file`` name in their place."""
    values: dict[str, Any] = {}
    for key, value in settings.items():
        if key.endswith("_env") and isinstance(value, str):
            if secret := os.environ.get(value):
                values[key.removesuffix("_env")] = secret
            else:
                faults.append(Fault(value, f"not set; {owner} takes its {key[:-4]} from it"))
        elif key.endswith("_file") and isinstance(value, str):
            try:
                text = (root / Path(value).expanduser()).read_text(encoding="utf-8")
                values[key.removesuffix("_file")] = text.strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not a text file"
                faults.append(Fault(value, f"can't read it: {reason}; {owner} needs it"))
        else:
            values[key] = value
    return values


def load_settings(path: Path | None = None) -> Settings:
    """Read the environment and ``siem.yaml``: `path`, else ``SIEM_CONFIG``, else ``./siem.yaml``.

    Raises `SettingsError` with every fault of both.
    """
    faults: list[Fault] = []
    environment = None
    try:
        environment = read_environment()
    except SettingsError as error:
        faults += error.faults
    named = path or Path(os.environ.get("SIEM_CONFIG") or SITE_FILE)
    site = None
    try:
        site, found = read_site_file(named.read_text(encoding="utf-8"), str(named))
        faults += found
    except UnicodeDecodeError as error:
        faults.append(
            Fault(str(named), f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}")
        )
    except FileNotFoundError:
        faults.append(Fault(str(named), "no such file", hint="`siem init DIR` writes a starter folder"))
    except OSError as error:
        faults.append(Fault(str(named), f"can't read it: {error.strerror}"))
    if faults or environment is None or site is None:
        raise SettingsError(faults)
    return Settings(environment, site, named.resolve().parent, named.resolve())


def settings_in_code(site: SiteFile, root: Path, environment: Mapping[str, Any] | None = None) -> Settings:
    """Make settings without a file, for the demo and for tests: `environment` overrides, by the field
    names of `Environment`, what the environment says."""
    base = read_environment()
    values = {name: getattr(base, name) for name in Environment.model_fields} | dict(environment or {})
    return Settings(Environment(**values), site, root.resolve())
