"""Mail, mailbox rules and files of Microsoft 365's audit records, in ECS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.entra.shapes import loaded
from integrations.fields import add, integer, mapping, objects, put, put_new, text
from integrations.principals import is_address, put_principal, relate_principal
from integrations.web import put_path, put_url, unescaped
from rules.ecs import Document

MOST = 200
"""Items of one record that are looked at."""
_FORWARDS = (
    "ForwardTo", "ForwardAsAttachmentTo", "RedirectTo", "ForwardingSmtpAddress", "ForwardingAddress", "BlindCopyTo",
    "RedirectMessageTo",
)  # fmt: skip
"""Parameters of cmdlets that send somebody's mail elsewhere."""


def put_item(document: Document, entry: Mapping[str, Any]) -> None:
    """Set ``email.*`` of what was read, sent, moved or deleted in a mailbox, and whose mailbox it was."""
    items = [*objects(entry.get("Item")), *objects(entry.get("AffectedItems"))[:MOST]]
    for folder in objects(entry.get("Folders"))[:MOST]:
        items += objects(folder.get("FolderItems"))[:MOST]
    subjects = [*dict.fromkeys(filter(None, (text(item.get("Subject")) for item in items[:MOST])))]
    put(document, "email.subject", subjects[0] if len(subjects) == 1 else subjects)
    messages = [*dict.fromkeys(filter(None, (text(item.get("InternetMessageId")) for item in items[:MOST])))]
    put(document, "email.message_id", messages[0] if len(messages) == 1 else messages)
    attachments: list[Document] = []
    for item in items[:MOST]:
        names = text(item.get("Attachments")) or ""
        for name in names.split("; ")[:32]:
            # "offer.pdf (71234b)"
            if plain := name.rpartition(" (")[0] or name:
                found: Document = {}
                put(found, "file.name", plain)
                put(found, "file.extension", plain.rpartition(".")[2] if "." in plain[1:] else None)
                attachments.append(found)
    put(document, "email.attachments", attachments)
    if document["event"]["action"] in ("Send", "SendAs", "SendOnBehalf"):
        sender = text(entry.get("SendAsUserSmtp")) or text(entry.get("SendOnBehalfOfUserSmtp"))
        add(
            document,
            "email.from.address",
            sender or (text(entry.get("UserId")) if is_address(entry.get("UserId")) else None),
        )
    owner = text(entry.get("MailboxOwnerUPN"))
    if owner and owner.lower() != (text(entry.get("UserId")) or "").lower():
        put_principal(document, "user.target", owner)
        put_new(document, "user.target.id", text(entry.get("MailboxOwnerSid")))
        relate_principal(document, owner)
    put_new(document, "session.id", text(entry.get("SessionId")))


def put_mail_rule(document: Document, parameters: Mapping[str, str], properties: Mapping[str, str]) -> None:
    """Set ``rule.name`` of a mailbox or transport rule, where mail goes by it (``email.to.address``), and whose
    mailbox a cmdlet changes (``user.target``)."""
    action = document["event"]["action"]
    if parameters or properties:
        if "Rule" in action:
            put(
                document,
                "rule.name",
                parameters.get("Name") or properties.get("RuleName") or parameters.get("Identity"),
            )
        for name in _FORWARDS:
            add(document, "email.to.address", list(_addresses(parameters.get(name))))
        for step in objects(loaded(properties.get("RuleActions"))):
            for recipient in step.get("Recipients") or () if isinstance(step.get("Recipients"), list) else ():
                add(document, "email.to.address", list(_addresses(recipient)))
    if "Mailbox" in action or action in ("New-InboxRule", "Set-InboxRule"):
        target = parameters.get("Mailbox") or (parameters.get("Identity") if "Rule" not in action else None)
        if target and "\\" not in target and "/" not in target:
            put_principal(document, "user.target", target)
            relate_principal(document, target)
    relate_principal(
        document, parameters.get("User") or parameters.get("Trustee") or parameters.get("Member")
    )
    if rights := parameters.get("AccessRights"):
        add(document, "user.target.roles", [right.strip() for right in rights.split(",")][:32])


def _addresses(value: Any) -> Iterator[str]:
    """Yield the addresses of a parameter: ``smtp:a@example.org``, several with ``;``, ``"Bob" [SMTP:b@…]``."""
    for each in (text(value) or "").split(";")[:MOST]:
        plain = each.strip()
        if "[" in plain:
            plain = plain.rpartition("[")[2].rstrip("]")
        if plain.lower().startswith("smtp:"):
            plain = plain[5:]
        if plain:
            yield plain


def put_shared_file(document: Document, entry: Mapping[str, Any]) -> None:
    """Set ``file.*`` and ``url.*`` of a document in SharePoint or OneDrive, and with whom it was shared."""
    name, folder = text(entry.get("SourceFileName")), text(entry.get("SourceRelativeUrl"))
    where = text(entry.get("ObjectId"))
    if text(entry.get("Workload")) not in ("SharePoint", "OneDrive") and name is None:
        return
    put(document, "file.name", name)
    put(document, "file.directory", folder)
    put(document, "file.extension", text(entry.get("SourceFileExtension")))
    if name:
        put(document, "file.path", f"{folder}/{name}" if folder else name)
        put(document, "file.type", "dir" if text(entry.get("ItemType")) == "Folder" else "file")
    put(document, "file.size", integer(entry.get("FileSizeBytes")))
    if target := text(entry.get("DestinationFileName")):
        directory = text(entry.get("DestinationRelativeUrl"))
        put(document, "file.target_path", f"{directory}/{target}" if directory else target)
    if where and where.startswith(("https://", "http://")):
        put_url(document, where)
        put(document, "url.full", where)
        if name is None and text(entry.get("ItemType")) in ("File", "Folder"):
            put_path(document, "file", unescaped(mapping(document.get("url")).get("path") or ""))
    target = text(entry.get("TargetUserOrGroupName"))
    if target:
        if "Group" in (text(entry.get("TargetUserOrGroupType")) or ""):
            put_new(document, "group.name", target)
        else:
            put_principal(document, "user.target", target)
            relate_principal(document, target)
