"""Which element of EventData has an exact copy in which ECS field.

Sigma's rules read these copies: the names here are those of `rules.sigma.fields.WINDOWS` (a test holds
the two together), and a few more that no rule can read elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from integrations.fields import integer, port_number
from integrations.text import address


class Place(NamedTuple):
    """A field by its parts, and what makes the value of the element's text (None: leaves it out)."""

    root: str
    inner: str | None
    leaf: str
    value: Callable[[Any], Any] | None = None


def _address(value: Any) -> Any:
    """An address as it is written, nothing for what is none: the field is an address in the store."""
    return value if isinstance(value, str) and address(value) else None


def _told(value: Any) -> Any:
    """A text that says something; of the other fields rules ask for ``-`` and for an empty text, too."""
    return value if value not in ("", "-") else None


def _port(value: Any) -> Any:
    return port_number(value)


def _bare(value: Any) -> Any:
    """A GUID without its braces."""
    return value.strip("{}") if isinstance(value, str) else None


_DIRECTIONS = {"true": "egress", "false": "ingress"}
_TRUTHS = {"true": True, "false": False}


def _direction(value: Any) -> Any:
    return _DIRECTIONS.get(str(value).lower(), value)


def _boolean(value: Any) -> Any:
    return _TRUTHS.get(str(value).lower(), value)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else None


def _place(field: str, value: Callable[[Any], Any] | None = None) -> Place:
    parts = field.split(".")
    inner = ".".join(parts[1:-1])
    return Place(parts[0], inner or None, parts[-1], value)


PLACES: Mapping[str, Place] = {
    "Application": _place("process.executable", _told),
    "CommandLine": _place("process.command_line"),
    "CurrentDirectory": _place("process.working_directory"),
    "DestAddress": _place("destination.ip", _address),
    "DestPort": _place("destination.port", _port),
    "DestinationHostname": _place("destination.domain", _told),
    "DestinationIp": _place("destination.ip", _address),
    "DestinationPort": _place("destination.port", _port),
    "HostApplication": _place("process.command_line"),
    "Image": _place("process.executable"),
    "ImageLoaded": _place("file.path"),
    "Initiated": _place("network.direction", _direction),
    "MessageNumber": _place("powershell.sequence", integer),
    "MessageTotal": _place("powershell.total", integer),
    "NewEngineState": _place("powershell.engine.new_state"),
    "NewProcessName": _place("process.executable"),
    "NewProviderState": _place("powershell.provider.new_state"),
    "ParentCommandLine": _place("process.parent.command_line"),
    "ParentImage": _place("process.parent.executable"),
    "ParentProcessGuid": _place("process.parent.entity_id", _bare),
    "ParentProcessName": _place("process.parent.executable"),
    "PipeName": _place("file.name"),
    "PipelineId": _place("powershell.pipeline_id"),
    "PreviousEngineState": _place("powershell.engine.previous_state"),
    "ProcessGuid": _place("process.entity_id", _bare),
    "ProcessName": _place("process.executable", _told),
    "ProviderName": _place("powershell.provider.name"),
    "QueryName": _place("dns.question.name", _told),
    "RunspaceId": _place("powershell.runspace_id"),
    "ScriptBlockId": _place("powershell.file.script_block_id"),
    "ScriptBlockText": _place("powershell.file.script_block_text"),
    "SignatureStatus": _place("file.code_signature.status"),
    "Signed": _place("file.code_signature.signed", _boolean),
    "SourceAddress": _place("source.ip", _address),
    "SourceImage": _place("process.executable"),
    "SourceIp": _place("source.ip", _address),
    "SourcePort": _place("source.port", _port),
    "SourceProcessGuid": _place("process.entity_id", _bare),
    "SourceProcessGUID": _place("process.entity_id", _bare),
    "TargetFilename": _place("file.path"),
    "TargetObject": _place("registry.path"),
}
"""For every channel."""

_PROGRAM = {
    "FileVersion": "file_version",
    "Description": "description",
    "Product": "product",
    "Company": "company",
    "OriginalFileName": "original_file_name",
}
STARTED: Mapping[str, Place] = {
    **PLACES,
    **{name: _place(f"process.pe.{leaf}") for name, leaf in _PROGRAM.items()},
}
"""For a started process: Sysmon's 1, Security's 4688."""
LOADED: Mapping[str, Place] = {
    **PLACES,
    **{name: _place(f"file.pe.{leaf}") for name, leaf in _PROGRAM.items()},
}
"""For a loaded image: Sysmon's 7."""
CONNECTED: Mapping[str, Place] = {**PLACES, "Protocol": _place("network.transport", _lower)}
"""For a connection: Sysmon's 3."""
SECURITY: Mapping[str, Place] = {**PLACES, "ServiceName": _place("service.name")}
CLASSIC: Mapping[str, Place] = {
    **{name: place for name, place in PLACES.items() if name != "CommandLine"},
    "CommandLine": _place("powershell.command.value"),
    "EngineVersion": _place("powershell.engine.version"),
    "HostVersion": _place("powershell.process.executable_version"),
}
"""For the log "Windows PowerShell"."""
