"""What the operations of Microsoft 365's audit log mean in ECS.

Reference: https://learn.microsoft.com/en-us/purview/audit-log-activities. An operation that no table names is told
by its record type; what remains is ``web`` and ``info``: somebody used the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from integrations.entra.meanings import meaning_of as directory_meaning
from integrations.operations import type_of

Meaning: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Categories and types."""

_MAILBOX_RIGHTS: Meaning = (("iam", "email"), ("user", "change"))
_ROLE: Meaning = (("iam",), ("admin", "change"))
_MEMBERS: Meaning = (("iam",), ("group", "change"))

OPERATIONS: Mapping[str, Meaning] = {
    # Sign-ins
    "UserLoggedIn": (("authentication",), ("start",)),
    "UserLoginFailed": (("authentication",), ("start",)),
    "UserLoggedOff": (("authentication",), ("end",)),
    "MailboxLogin": (("authentication", "email"), ("start",)),
    "TeamsSessionStarted": (("authentication",), ("start",)),
    "SignInEvent": (("authentication",), ("start",)),
    "ForeignRealmIndexLogonInitialAuthUsingADFSFederatedToken": (("authentication",), ("start",)),
    # Mail
    "MailItemsAccessed": (("email",), ("access",)),
    "MessageBind": (("email",), ("access",)),
    "FolderBind": (("email",), ("access",)),
    "Send": (("email",), ("info",)),
    "SendAs": (("email",), ("info",)),
    "SendOnBehalf": (("email",), ("info",)),
    "Create": (("email",), ("creation",)),
    "Copy": (("email",), ("creation",)),
    "Move": (("email",), ("change",)),
    "Update": (("email",), ("change",)),
    "MoveToDeletedItems": (("email",), ("deletion",)),
    "SoftDelete": (("email",), ("deletion",)),
    "HardDelete": (("email",), ("deletion",)),
    "RecordDelete": (("email",), ("deletion",)),
    "SearchQueryInitiatedExchange": (("email",), ("access",)),
    "AttachmentAccess": (("email", "file"), ("access",)),
    # Rules of a mailbox, of mail flow, forwarding
    "New-InboxRule": (("email", "configuration"), ("creation",)),
    "Set-InboxRule": (("email", "configuration"), ("change",)),
    "Enable-InboxRule": (("email", "configuration"), ("change",)),
    "Disable-InboxRule": (("email", "configuration"), ("change",)),
    "Remove-InboxRule": (("email", "configuration"), ("deletion",)),
    "UpdateInboxRules": (("email", "configuration"), ("change",)),
    "New-TransportRule": (("email", "configuration"), ("creation",)),
    "Set-TransportRule": (("email", "configuration"), ("change",)),
    "Disable-TransportRule": (("email", "configuration"), ("change",)),
    "Remove-TransportRule": (("email", "configuration"), ("deletion",)),
    "Set-Mailbox": (("email", "configuration"), ("change",)),
    "Set-CASMailbox": (("email", "configuration"), ("change",)),
    "Set-MailboxJunkEmailConfiguration": (("email", "configuration"), ("change",)),
    "New-InboundConnector": (("email", "configuration"), ("creation",)),
    "Set-InboundConnector": (("email", "configuration"), ("change",)),
    "New-OutboundConnector": (("email", "configuration"), ("creation",)),
    "Set-RemoteDomain": (("email", "configuration"), ("change",)),
    "New-MailboxExportRequest": (("email",), ("access",)),
    "Search-Mailbox": (("email",), ("access",)),
    "Remove-SafeLinksRule": (("email", "configuration"), ("deletion",)),
    "Remove-SafeAttachmentRule": (("email", "configuration"), ("deletion",)),
    "Remove-AntiPhishRule": (("email", "configuration"), ("deletion",)),
    "Remove-MalwareFilterRule": (("email", "configuration"), ("deletion",)),
    # Whose mailbox, which role
    "Add-MailboxPermission": _MAILBOX_RIGHTS,
    "Remove-MailboxPermission": _MAILBOX_RIGHTS,
    "Add-RecipientPermission": _MAILBOX_RIGHTS,
    "Add-MailboxFolderPermission": _MAILBOX_RIGHTS,
    "Set-MailboxFolderPermission": _MAILBOX_RIGHTS,
    "AddFolderPermissions": _MAILBOX_RIGHTS,
    "ModifyFolderPermissions": _MAILBOX_RIGHTS,
    "RemoveFolderPermissions": _MAILBOX_RIGHTS,
    "UpdateFolderPermissions": _MAILBOX_RIGHTS,
    "UpdateCalendarDelegation": _MAILBOX_RIGHTS,
    "New-Mailbox": (("iam", "email"), ("user", "creation")),
    "Remove-Mailbox": (("iam", "email"), ("user", "deletion")),
    "New-ManagementRoleAssignment": _ROLE,
    "Set-ManagementRoleAssignment": _ROLE,
    "Remove-ManagementRoleAssignment": _ROLE,
    "New-RoleGroup": (("iam",), ("group", "creation")),
    "Add-RoleGroupMember": _ROLE,
    "Update-RoleGroupMember": _ROLE,
    "Remove-RoleGroupMember": _ROLE,
    "Add-DistributionGroupMember": _MEMBERS,
    # Auditing and federation
    "Set-AdminAuditLogConfig": (("configuration",), ("change",)),
    "Set-MailboxAuditBypassAssociation": (("configuration",), ("change",)),
    "Set-OrganizationConfig": (("configuration",), ("change",)),
    "Add-FederatedDomain": (("configuration", "iam"), ("creation",)),
    "New-FederatedDomain": (("configuration", "iam"), ("creation",)),
    # Sites and sharing
    "PageViewed": (("file",), ("access",)),
    "PagePrefetched": (("file",), ("access",)),
    "ClientViewSignaled": (("file",), ("access",)),
    "FileMalwareDetected": (("malware", "file"), ("info",)),
    "SharingSet": (("file", "iam"), ("change",)),
    "SharingRevoked": (("file", "iam"), ("change",)),
    "SharingInheritanceBroken": (("file", "iam"), ("change",)),
    "SharingInvitationCreated": (("file", "iam"), ("creation",)),
    "SharingInvitationAccepted": (("file", "iam"), ("access",)),
    "AnonymousLinkCreated": (("file", "iam"), ("creation",)),
    "AnonymousLinkUpdated": (("file", "iam"), ("change",)),
    "AnonymousLinkRemoved": (("file", "iam"), ("deletion",)),
    "AnonymousLinkUsed": (("file",), ("access",)),
    "CompanyLinkCreated": (("file", "iam"), ("creation",)),
    "CompanyLinkUsed": (("file",), ("access",)),
    "SecureLinkCreated": (("file", "iam"), ("creation",)),
    "SecureLinkUsed": (("file",), ("access",)),
    "AddedToSecureLink": (("file", "iam"), ("change",)),
    "AddedToGroup": _MEMBERS,
    "RemovedFromGroup": _MEMBERS,
    "GroupAdded": (("iam",), ("group", "creation")),
    "GroupRemoved": (("iam",), ("group", "deletion")),
    "SiteCollectionAdminAdded": _ROLE,
    "SiteCollectionAdminRemoved": _ROLE,
    "SiteCollectionCreated": (("configuration",), ("creation",)),
    "SiteDeleted": (("configuration",), ("deletion",)),
    "SharingPolicyChanged": (("configuration",), ("change",)),
    "FileSyncDownloadedFull": (("file",), ("access",)),
    "FileSyncUploadedFull": (("file",), ("creation",)),
    # Teams
    "MemberAdded": _MEMBERS,
    "MemberRemoved": _MEMBERS,
    "MemberRoleChanged": _MEMBERS,
    "TeamCreated": (("iam",), ("group", "creation")),
    "TeamDeleted": (("iam",), ("group", "deletion")),
    "TeamSettingChanged": (("configuration",), ("change",)),
    "TeamsTenantSettingChanged": (("configuration",), ("change",)),
    "ChannelAdded": (("configuration",), ("creation",)),
    "ChannelDeleted": (("configuration",), ("deletion",)),
    "BotAddedToTeam": (("configuration",), ("creation",)),
    "AppInstalled": (("configuration",), ("installation",)),
    "TabAdded": (("configuration",), ("creation",)),
    # Threats and data loss
    "TIMailData": (("email", "threat"), ("indicator",)),
    "TIUrlClickData": (("web", "threat"), ("indicator",)),
    "AtpDetection": (("malware", "file"), ("info",)),
    "AlertTriggered": (("threat",), ("info",)),
    "AlertEntityGenerated": (("threat",), ("info",)),
    "AlertUpdated": (("threat",), ("change",)),
    # Searches of everybody's mail and files
    "SearchCreated": (("email", "file"), ("creation",)),
    "SearchStarted": (("email", "file"), ("access",)),
    "SearchExported": (("email", "file"), ("access",)),
    "SearchExportDownloaded": (("email", "file"), ("access",)),
    "New-ComplianceSearch": (("email", "file"), ("creation",)),
    "New-ComplianceSearchAction": (("email", "file"), ("access",)),
    "Start-ComplianceSearch": (("email", "file"), ("access",)),
    # Power BI, Copilot
    "ExportReport": (("file", "web"), ("access",)),
    "DownloadReport": (("file", "web"), ("access",)),
    "CopilotInteraction": (("web",), ("access",)),
}

ALERTS = frozenset(
    {
        "TIMailData",
        "TIUrlClickData",
        "AtpDetection",
        "AlertTriggered",
        "AlertEntityGenerated",
        "FileMalwareDetected",
    }
    | {"DlpRuleMatch", "DLPRuleMatch", "AlertUpdated"}
)
"""Detections by Microsoft's own products."""

_FILE_TYPES = frozenset({"SharePointFileOperation", "SharePoint", "OneDrive", "SharePointSharingOperation"})
_DATA_LOSS: Mapping[str, Meaning] = {
    "ComplianceDLPSharePoint": (("file",), ("access",)),
    "ComplianceDLPSharePointClassification": (("file",), ("access",)),
    "ComplianceDLPExchange": (("email",), ("access",)),
    "ComplianceDLPExchangeClassification": (("email",), ("access",)),
    "DLPEndpoint": (("file",), ("access",)),
}
_DIRECTORY_SUBJECTS = (
    ("app role assignment", "UserManagement"), ("role", "RoleManagement"), ("group", "GroupManagement"),
    ("user", "UserManagement"), ("password", "UserManagement"), ("strong authentication", "UserManagement"),
    ("license", "UserManagement"), ("device", "Device"), ("domain", "DirectoryManagement"),
    ("policy", "Policy"), ("application", "ApplicationManagement"), ("service principal", "ApplicationManagement"),
    ("company", "DirectoryManagement"), ("partner", "DirectoryManagement"),
)  # fmt: skip


def meaning_of(operation: str, record_type: str, workload: str) -> Meaning:
    """Return the categories and types of an operation; never without either."""
    if (known := OPERATIONS.get(operation)) is not None:
        return known
    if (loss := _DATA_LOSS.get(record_type)) is not None:
        return loss
    if workload == "AzureActiveDirectory" or record_type == "AzureActiveDirectory":
        plain = operation.lower()
        category = next((category for word, category in _DIRECTORY_SUBJECTS if word in plain), "")
        categories, types = directory_meaning(operation, category)
        return categories or ("iam",), types
    if record_type in _FILE_TYPES:
        if operation.startswith(("File", "Folder", "Document", "ListItem")):
            return ("file",), (type_of(operation) or "info",)
        return ("web",), ("info",)
    if "Admin" in record_type or "Cmdlet" in record_type:
        return ("web",), ("info",)
    return ("web",), (type_of(operation) or "info",)
