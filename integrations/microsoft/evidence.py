"""The entities that Microsoft's alerts name as evidence: processes, files, accounts, devices, addresses.

Graph's security evidence: https://learn.microsoft.com/graph/api/resources/security-alertevidence; the older
one of Defender for Endpoint: https://learn.microsoft.com/defender-endpoint/api/alerts
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.endpoints import put_account, put_command, put_sums, system_type
from integrations.fields import add, integer, mapping, objects, put, put_new, text
from integrations.text import address
from integrations.times import Times
from integrations.web import put_path, put_url, split_path
from rules.ecs import Document

SEVERITIES: Mapping[str, int] = {"informational": 1, "low": 2, "medium": 3, "high": 4}
"""As Elastic counts them."""


def joined_path(folder: Any, name: Any) -> str | None:
    """Return a file's path of its folder (or of the path itself, which some tables have there) and name."""
    place, file = text(folder), text(name)
    if place is None or file is None:
        return place if file is None else None
    if place.lower().endswith(file.lower()) and len(place) > len(file):
        return place
    separator = "/" if "/" in place and "\\" not in place else "\\"
    return f"{place.rstrip(separator)}{separator}{file}"


def put_image(document: Document, place: str, folder: Any, name: Any) -> None:
    """Set a process's executable and name."""
    file = text(name)
    path = joined_path(folder, name)
    put(document, f"{place}.executable", path)
    put(document, f"{place}.name", file or (split_path(path)[2] if path else None))


def put_user(document: Document, account: Mapping[str, Any]) -> None:
    """Set the first account that is named as the user; relate them all."""
    name = text(account.get("accountName"))
    add(document, "related.user", name)
    if "user" in document or name is None:
        return
    put_account(document, "user", name)
    put(document, "user.domain", text(account.get("domainName")))
    put(
        document,
        "user.id",
        text(account.get("userSid")) or text(account.get("azureAdUserId") or account.get("aadUserId")),
    )
    put(document, "user.email", text(account.get("userPrincipalName")))
    put(document, "user.full_name", text(account.get("displayName")))


def _details(document: Document, place: str, file: Mapping[str, Any]) -> None:
    put_path(document, place, joined_path(file.get("filePath"), file.get("fileName")))
    put(document, f"{place}.name", text(file.get("fileName")))
    put(document, f"{place}.size", integer(file.get("fileSize")))
    put_sums(document, place, file.get("md5"), file.get("sha1"), file.get("sha256"))


def _process(item: Mapping[str, Any], times: Times, document: Document) -> None:
    put_user(document, mapping(item.get("userAccount")))
    if "process" in document:
        _relate_sums(document, mapping(item.get("imageFile")))
        return
    image, parent = mapping(item.get("imageFile")), mapping(item.get("parentProcessImageFile"))
    put(document, "process.pid", integer(item.get("processId")))
    put_command(document, "process", item.get("processCommandLine"))
    put(document, "process.start", times.any(item.get("processCreationDateTime")))
    put_image(document, "process", image.get("filePath"), image.get("fileName"))
    put_sums(document, "process", image.get("md5"), image.get("sha1"), image.get("sha256"))
    put(document, "process.parent.pid", integer(item.get("parentProcessId")))
    put(document, "process.parent.start", times.any(item.get("parentProcessCreationDateTime")))
    put_image(document, "process.parent", parent.get("filePath"), parent.get("fileName"))
    put_sums(document, "process.parent", parent.get("md5"), parent.get("sha1"), parent.get("sha256"))


def _relate_sums(document: Document, file: Mapping[str, Any]) -> None:
    for name in ("md5", "sha1", "sha256"):
        add(document, "related.hash", text(file.get(name)))


def _file(item: Mapping[str, Any], _: Times, document: Document) -> None:
    details = mapping(item.get("fileDetails"))
    if "file" in document:
        _relate_sums(document, details)
    else:
        _details(document, "file", details)


def _device(item: Mapping[str, Any], _: Times, document: Document) -> None:
    name = text(item.get("deviceDnsName")) or text(item.get("hostName"))
    add(document, "related.hosts", name)
    for account in objects(item.get("loggedOnUsers"))[:50]:
        add(document, "related.user", text(account.get("accountName")))
    ips = [
        ip
        for each in (item.get("lastIpAddress"), item.get("lastExternalIpAddress"))
        if (ip := address(text(each) or ""))
    ]
    add(document, "related.ip", ips)
    if "host" in document:
        return
    put(document, "host.name", name)
    put(document, "host.hostname", text(item.get("hostName")) or name)
    put(document, "host.id", text(item.get("mdeDeviceId") or item.get("azureAdDeviceId")))
    put(document, "host.ip", ips)
    put(document, "host.os.name", text(item.get("osPlatform")))
    put(document, "host.os.version", text(item.get("version")))
    put(document, "host.os.type", system_type(item.get("osPlatform")))


def _user(item: Mapping[str, Any], _: Times, document: Document) -> None:
    put_user(document, mapping(item.get("userAccount")))


def _address(item: Mapping[str, Any], _: Times, document: Document) -> None:
    if ip := address(text(item.get("ipAddress")) or ""):
        add(document, "related.ip", ip)
        if "source" not in document:
            put(document, "source.ip", ip)
            put(document, "source.address", ip)


def _url(item: Mapping[str, Any], _: Times, document: Document) -> None:
    if "url" not in document:
        put_url(document, item.get("url"))


def _mailbox(item: Mapping[str, Any], times: Times, document: Document) -> None:
    _user(item, times, document)
    put_new(document, "user.email", text(item.get("primaryAddress")))


def _message(item: Mapping[str, Any], times: Times, document: Document) -> None:
    put(document, "email.subject", text(item.get("subject")))
    put(document, "email.message_id", text(item.get("internetMessageId")))
    sender = mapping(item.get("p2Sender")) or mapping(item.get("p1Sender"))
    put(document, "email.from.address", [found] if (found := text(sender.get("emailAddress"))) else None)
    put(document, "email.to.address", [found] if (found := text(item.get("recipientEmailAddress"))) else None)
    put(document, "email.delivery_timestamp", times.any(item.get("receivedDateTime")))
    if (ip := address(text(item.get("senderIp")) or "")) and "source" not in document:
        put(document, "source.ip", ip)
        put(document, "source.address", ip)


def _registry(item: Mapping[str, Any], _: Times, document: Document) -> None:
    put(document, "registry.hive", text(item.get("registryHive")))
    put(document, "registry.key", text(item.get("registryKey")))
    put(document, "registry.value", text(item.get("registryValueName")))
    if content := text(item.get("registryValue")):
        put(document, "registry.data.strings", [content])


def _malware(item: Mapping[str, Any], _: Times, document: Document) -> None:
    put_new(document, "threat.indicator.name", text(item.get("name")))


_READERS: Mapping[str, Callable[[Mapping[str, Any], Times, Document], None]] = {
    "processEvidence": _process,
    "fileEvidence": _file,
    "deviceEvidence": _device,
    "userEvidence": _user,
    "ipEvidence": _address,
    "urlEvidence": _url,
    "mailboxEvidence": _mailbox,
    "analyzedMessageEvidence": _message,
    "registryKeyEvidence": _registry,
    "registryValueEvidence": _registry,
    "malwareEvidence": _malware,
}
MOST = 500
"""Pieces of evidence of one alert that are read."""


def put_evidence(document: Document, evidence: Any, times: Times) -> None:
    """Set what Graph's evidence names; of several of a kind the first counts, the others are related."""
    for item in objects(evidence)[:MOST]:
        kind = (text(item.get("@odata.type")) or "").rpartition(".")[2]
        if (reader := _READERS.get(kind)) is not None:
            reader(item, times, document)
