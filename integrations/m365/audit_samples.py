"""Test records of ``m365.audit``, each with the fields that its document must have.

Shapes after https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

TENANT = "11111111-2222-3333-4444-555555555555"


def record(workload: str, kind: int, operation: str, **more: Any) -> dict[str, Any]:
    """Return an audit record with the common schema's fields."""
    return {
        "Id": "cc3f0000-0000-0000-0000-000000000001", "CreationTime": "2026-04-19T10:20:30", "Operation": operation,
        "OrganizationId": TENANT, "RecordType": kind, "UserKey": "10030000A96EAD3F", "UserType": 0, "Version": 1,
        "Workload": workload, "UserId": "alice@example.com", "ClientIP": "203.0.113.7",
    } | more  # fmt: skip


def pairs(**values: Any) -> list[dict[str, Any]]:
    """Return a list of names and values as the API writes them."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_FILE = {"ObjectId": "https://example.sharepoint.com/sites/hr/Shared Documents/pay/plan.xlsx", "ItemType": "File",
         "SiteUrl": "https://example.sharepoint.com/sites/hr/", "SourceRelativeUrl": "Shared Documents/pay",
         "SourceFileName": "plan.xlsx", "SourceFileExtension": "xlsx",
         "UserAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"}  # fmt: skip

AUDIT_SAMPLES = (
    _sample(
        record("AzureActiveDirectory", 15, "UserLoggedIn", ResultStatus="Success", ActorIpAddress="203.0.113.7",
               ApplicationId="9ba1a5c7-f17a-4de9-a1f1-6178c8d51223", ObjectId="00000002-0000-0000-c000-000000000000",
               ExtendedProperties=pairs(UserAgent="Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
                                        RequestType="Cmsi:Cmsi"),
               DeviceProperties=pairs(OS="Linux", SessionId="s-1", Id="dev-1"), ErrorNumber="0",
               Target=[{"ID": "00000002-0000-0000-c000-000000000000", "Type": 0}]),
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.action": "UserLoggedIn", "event.category": ["authentication"],
         "event.type": ["start"], "event.outcome": "success", "event.code": "AzureActiveDirectoryStsLogon",
         "event.provider": "AzureActiveDirectory", "user.id": "alice@example.com", "user.name": "alice",
         "user.email": "alice@example.com", "user.domain": "example.com", "source.ip": "203.0.113.7",
         "client.ip": "203.0.113.7", "client.address": "203.0.113.7", "network.type": "ipv4", "organization.id": TENANT,
         "user_agent.name": "Firefox", "session.id": "s-1", "device.id": "dev-1",
         "vendor.ExtendedProperties.Value": ["Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0", "Cmsi:Cmsi"],
         "vendor.extended.RequestType": "Cmsi:Cmsi", "related.user": ["alice@example.com", "alice"]},
    ),
    _sample(
        record("AzureActiveDirectory", 15, "UserLoginFailed", ResultStatus="Failed", LogonError="InvalidUserNameOrPassword",
               ErrorNumber="50126", ClientIP="[2001:db8::7]:50123"),
        {"event.outcome": "failure", "event.reason": "InvalidUserNameOrPassword", "error.code": "50126",
         "source.ip": "2001:db8::7", "source.port": 50123, "client.port": 50123, "network.type": "ipv6"},
    ),
    _sample(
        record("AzureActiveDirectory", 8, "Add member to role.", ResultStatus="Success", ObjectId="bob@example.com", ClientIP=None,
               Target=[{"ID": "User_1", "Type": 2}, {"ID": "bob@example.com", "Type": 5}],
               ModifiedProperties=[{"Name": "Role.DisplayName", "NewValue": "Company Administrator", "OldValue": ""}]),
        {"event.category": ["iam"], "event.type": ["admin", "change"], "user.target.email": "bob@example.com",
         "user.target.name": "bob", "user.target.roles": ["Company Administrator"], "event.code": "AzureActiveDirectory",
         "source.ip": None},
    ),
    _sample(
        record("AzureActiveDirectory", 8, "Consent to application.", ResultStatus="Success", Target=[{"ID": "Mail Helper", "Type": 1}],
               ModifiedProperties=[{"Name": "ConsentContext.IsAdminConsent", "NewValue": "False", "OldValue": ""}]),
        {"event.category": ["iam", "configuration"], "event.type": ["user", "change"], "service.name": "Mail Helper",
         "vendor.modified.ConsentContext.IsAdminConsent": "False"},
    ),
    _sample(record("AzureActiveDirectory", 8, "Add user.", ObjectId="new@example.com"),
            {"event.category": ["iam"], "event.type": ["user", "creation"], "user.target.name": "new"}),
    _sample(record("AzureActiveDirectory", 8, "Disable Strong Authentication.", ObjectId="bob@example.com"),
            {"event.category": ["iam"], "event.type": ["user", "change"]}),
    _sample(record("AzureActiveDirectory", 8, "Set domain authentication."),
            {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(
        record("Exchange", 1, "New-InboxRule", ResultStatus="True", ClientIP="203.0.113.7:55555",
               ObjectId="EURPR01A001.prod.outlook.com/example/alice\\.", OrganizationName="example.onmicrosoft.com",
               OriginatingServer="VI1PR01MB0001 (15.20.0000.000)", ExternalAccess=False,
               Parameters=pairs(Name=".", ForwardTo="mallory@example.org", DeleteMessage="True", StopProcessingRules="True")),
        {"event.category": ["email", "configuration"], "event.type": ["creation"], "event.outcome": "success", "rule.name": ".",
         "email.to.address": ["mallory@example.org"], "source.port": 55555, "event.code": "ExchangeAdmin",
         "organization.name": "example.onmicrosoft.com", "server.address": "VI1PR01MB0001 (15.20.0000.000)",
         "vendor.Parameters.Name": ["Name", "ForwardTo", "DeleteMessage", "StopProcessingRules"],
         "vendor.parameters.ForwardTo": "mallory@example.org"},
    ),
    _sample(
        record("Exchange", 1, "Set-Mailbox", ResultStatus="True", UserId="NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)",
               ClientIP="", Parameters=pairs(Identity="bob@example.com", ForwardingSmtpAddress="smtp:mallory@example.org",
                                             DeliverToMailboxAndForward="False")),
        {"event.category": ["email", "configuration"], "event.type": ["change"], "user.domain": "NT AUTHORITY",
         "user.name": "SYSTEM", "user.id": "NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)", "user.target.name": "bob",
         "email.to.address": ["mallory@example.org"], "source.ip": None},
    ),
    _sample(
        record("Exchange", 1, "Add-MailboxPermission", ResultStatus="True",
               Parameters=pairs(Identity="ceo", User="alice@example.com", AccessRights="FullAccess")),
        {"event.category": ["iam", "email"], "event.type": ["user", "change"], "user.target.name": "ceo",
         "user.target.roles": ["FullAccess"]},
    ),
    _sample(record("Exchange", 1, "Set-OwaMailboxPolicy", ResultStatus="False"),
            {"event.category": ["web"], "event.type": ["info"], "event.outcome": "failure"}),
    _sample(
        record("Exchange", 50, "MailItemsAccessed", ResultStatus="Succeeded", ClientIPAddress="198.51.100.9", ClientIP=None,
               ClientInfoString="Client=REST;Client=RESTSystem;;", MailboxOwnerUPN="bob@example.com", MailboxOwnerSid="S-1-5-21-1",
               OperationProperties=pairs(MailAccessType="Bind", IsThrottled="False"), OperationCount=2, LogonType=1,
               Folders=[{"Path": "\\Inbox", "FolderItems": [{"InternetMessageId": "<1@example.com>"},
                                                            {"InternetMessageId": "<2@example.com>"}]}]),
        {"event.category": ["email"], "event.type": ["access"], "event.code": "ExchangeItemAggregated",
         "email.message_id": ["<1@example.com>", "<2@example.com>"], "user.target.email": "bob@example.com",
         "user.target.id": "S-1-5-21-1", "source.ip": "198.51.100.9", "user_agent.original": "Client=REST;Client=RESTSystem;;",
         "vendor.operation.MailAccessType": "Bind"},
    ),
    _sample(
        record("Exchange", 2, "Send", ResultStatus="Succeeded", MailboxOwnerUPN="alice@example.com", ClientIPAddress="203.0.113.7",
               Item={"Id": "i", "Subject": "Invoice", "InternetMessageId": "<3@example.com>", "Attachments": "offer.pdf (71234b)"}),
        {"event.category": ["email"], "event.type": ["info"], "email.subject": "Invoice", "email.message_id": "<3@example.com>",
         "email.from.address": ["alice@example.com"], "email.attachments.file.name": "offer.pdf", "user.target.email": None},
    ),
    _sample(record("Exchange", 3, "HardDelete", ResultStatus="Succeeded", AffectedItems=[{"Subject": "a"}, {"Subject": "b"}]),
            {"event.type": ["deletion"], "email.subject": ["a", "b"]}),
    _sample(
        record("Exchange", 2, "UpdateInboxRules", OperationProperties=pairs(
            RuleOperation="AddMailboxRule", RuleName="x",
            RuleActions='[{"ActionType":"Forward","Recipients":["mallory@example.org"],"ForwardFlags":"None"}]')),
        {"event.category": ["email", "configuration"], "event.type": ["change"], "rule.name": "x",
         "email.to.address": ["mallory@example.org"]},
    ),
    _sample(
        record("OneDrive", 6, "FileDownloaded", **_FILE),
        {"event.category": ["file"], "event.type": ["access"], "event.outcome": "success", "file.name": "plan.xlsx",
         "file.directory": "Shared Documents/pay", "file.extension": "xlsx", "file.path": "Shared Documents/pay/plan.xlsx",
         "url.original": _FILE["ObjectId"], "url.full": _FILE["ObjectId"], "url.domain": "example.sharepoint.com",
         "url.scheme": "https", "user_agent.name": "Chrome", "event.code": "SharePointFileOperation"},
    ),
    _sample(record("SharePoint", 6, "FileDeleted", **_FILE), {"event.type": ["deletion"], "event.category": ["file"]}),
    _sample(
        record("SharePoint", 14, "SharingSet", **_FILE, TargetUserOrGroupName="mallory@example.org", TargetUserOrGroupType="Guest"),
        {"event.category": ["file", "iam"], "event.type": ["change"], "user.target.email": "mallory@example.org"},
    ),
    _sample(record("OneDrive", 14, "AnonymousLinkCreated", **_FILE), {"event.category": ["file", "iam"], "event.type": ["creation"]}),
    _sample(record("SharePoint", 4, "PageViewed", ObjectId="https://example.sharepoint.com/sites/hr/SitePages/Home.aspx"),
            {"event.type": ["access"], "url.path": "/sites/hr/SitePages/Home.aspx", "url.extension": "aspx"}),
    _sample(
        record("MicrosoftTeams", 25, "MemberAdded", TeamName="Board", TeamGuid="19:x@thread.tacv2",
               Members=[{"DisplayName": "Bob Example", "Role": 1, "UPN": "bob@example.com"}]),
        {"event.category": ["iam"], "event.type": ["group", "change"], "group.name": "Board", "user.target.name": "bob"},
    ),
    _sample(
        record("SecurityComplianceCenter", 40, "AlertTriggered", UserId="SecurityComplianceAlerts", ClientIP=None, AlertId="al-1",
               Name="Suspicious inbox forwarding", Category="ThreatManagement", Severity="High", Status="Active",
               Source="Cloud App Security", Comments="New alert", EntityType="User", AlertEntityId="bob@example.com",
               Data='{"etype":"User","f3u":"bob@example.com"}'),
        {"event.kind": "alert", "event.category": ["threat"], "event.outcome": "success", "rule.name": "Suspicious inbox forwarding",
         "rule.id": "al-1", "event.severity": 73, "message": "New alert", "user.target.email": "bob@example.com"},
    ),
    _sample(
        record("ThreatIntelligence", 28, "TIMailData", UserId="ThreatIntel", ClientIP=None, SenderIp="198.51.100.66",
               P1Sender="bounce@example.org", P2Sender="ceo@example.org", Recipients=["alice@example.com"], Subject="Urgent",
               Verdict="Phish", Directionality="Inbound", DeliveryAction="Delivered", InternetMessageId="<9@example.org>",
               MessageTime="2026-04-19T10:00:00Z", AttachmentData=[{"FileName": "a.html", "FileType": "html", "SHA256": "A" * 64}],
               EventDeepLink="https://security.example.com/e/1"),
        {"event.kind": "alert", "event.category": ["email", "threat"], "email.from.address": ["ceo@example.org"],
         "email.to.address": ["alice@example.com"], "email.subject": "Urgent", "email.direction": "inbound",
         "email.attachments.file.hash.sha256": "a" * 64, "source.ip": "198.51.100.66", "event.reason": "Phish",
         "email.message_id": "<9@example.org>", "event.reference": "https://security.example.com/e/1"},
    ),
    _sample(
        record("SecurityComplianceCenter", 41, "TIUrlClickData", Url="https://login.example.org/x", UserIp="203.0.113.7", ClientIP=None,
               UrlClickAction="Blockpage"),
        {"event.kind": "alert", "url.full": "https://login.example.org/x", "url.domain": "login.example.org", "source.ip": "203.0.113.7"},
    ),
    _sample(
        record("SharePoint", 47, "AtpDetection", ClientIP=None, FileData={
            "FilePath": "https://example.sharepoint.com/x/bad.docm", "FileSize": "1234", "SHA256": "b" * 64, "FileVerdict": "Malware",
            "MalwareFamily": "Emotet"}),
        {"event.kind": "alert", "event.category": ["malware", "file"], "file.name": "bad.docm", "file.hash.sha256": "b" * 64,
         "file.size": 1234, "threat.software.name": "Emotet"},
    ),
    _sample(
        record("Exchange", 13, "DlpRuleMatch", UserId="DlpAgent", ClientIP=None,
               PolicyDetails=[{"PolicyName": "Cards", "PolicyId": "p", "Rules": [{"RuleName": "Many cards", "RuleId": "r", "Severity": "Medium"}]}],
               ExchangeMetaData={"From": "alice@example.com", "To": ["mallory@example.org"], "Subject": "cards", "MessageID": "<4@example.com>"}),
        {"event.kind": "alert", "event.category": ["email"], "rule.name": ["Many cards"], "rule.ruleset": ["Cards"], "event.severity": 47,
         "email.from.address": ["alice@example.com"], "email.to.address": ["mallory@example.org"]},
    ),
    _sample(
        record("OneDrive", 11, "DlpRuleMatch", PolicyDetails=[{"PolicyName": "Cards", "Rules": [{"RuleName": "Cards", "Severity": "High"}]}],
               SharePointMetaData={"FileName": "c.xlsx", "FileOwner": "Alice", "FilePathUrl": "https://example.sharepoint.com/c.xlsx"}),
        {"event.kind": "alert", "event.category": ["file"], "event.type": ["access"], "file.name": "c.xlsx", "file.owner": "Alice",
         "url.original": "https://example.sharepoint.com/c.xlsx", "event.severity": 73},
    ),
    _sample(record("PowerBI", 20, "ExportReport", UserAgent="x"), {"event.category": ["file", "web"], "event.type": ["access"]}),
    _sample(record("Copilot", 261, "CopilotInteraction"), {"event.category": ["web"], "event.type": ["access"]}),
    _sample(record("MicrosoftForms", 66, "CreateForm"), {"event.category": ["web"], "event.type": ["creation"]}),
    _sample(record("Brandnew", 9999, "Frobnicate"), {"event.category": ["web"], "event.type": ["info"], "event.code": "9999"}),
    _sample(
        {"RecordType": "ExchangeAdmin", "CreationDate": "2026-04-19T10:20:30Z", "UserIds": "alice@example.com", "Operations": "Set-Mailbox",
         "AuditData": orjson.dumps(record("Exchange", 1, "Set-Mailbox", ResultStatus="True")).decode()},
        {"event.action": "Set-Mailbox", "user.name": "alice"},
    ),
)  # fmt: skip
