"""What an AWS API call does, in ECS's categories: by its name where that is known, else by service and verb.

IAM's calls by https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html; the others by each
service's API reference. A call that only looks is ``info``, one that takes data or secrets out ``access``.
"""

from __future__ import annotations

import re
from functools import lru_cache

_Meaning = tuple[list[str], list[str]]


_TABLE = """
iam user creation: CreateUser
iam user deletion: DeleteUser
iam user change: AttachUserPolicy ChangePassword CreateAccessKey CreateLoginProfile CreateVirtualMFADevice
 DeactivateMFADevice DeleteAccessKey DeleteLoginProfile DeleteSSHPublicKey DeleteSigningCertificate
 DeleteUserPermissionsBoundary DeleteUserPolicy DeleteVirtualMFADevice DetachUserPolicy EnableMFADevice
 PutUserPermissionsBoundary PutUserPolicy ResyncMFADevice TagUser UntagUser UpdateAccessKey
 UpdateLoginProfile UpdateSSHPublicKey UpdateSigningCertificate UpdateUser UploadSSHPublicKey
 UploadSigningCertificate CreateServiceSpecificCredential DeleteServiceSpecificCredential
 ResetServiceSpecificCredential UpdateServiceSpecificCredential
iam user info: GetUser GetUserPolicy ListUsers ListUserPolicies ListUserTags ListAttachedUserPolicies
 ListGroupsForUser ListAccessKeys ListMFADevices ListSSHPublicKeys GetLoginProfile GetAccessKeyLastUsed
 GetSSHPublicKey ListSigningCertificates ListServiceSpecificCredentials
iam group creation: CreateGroup
iam group deletion: DeleteGroup
iam group change: AddUserToGroup RemoveUserFromGroup AttachGroupPolicy DetachGroupPolicy PutGroupPolicy
 DeleteGroupPolicy UpdateGroup
iam group info: GetGroup GetGroupPolicy ListGroups ListGroupPolicies ListAttachedGroupPolicies
iam admin creation: CreateRole CreatePolicy CreatePolicyVersion CreateInstanceProfile CreateSAMLProvider
 CreateOpenIDConnectProvider CreateServiceLinkedRole
iam admin deletion: DeleteRole DeletePolicy DeletePolicyVersion DeleteInstanceProfile DeleteSAMLProvider
 DeleteOpenIDConnectProvider DeleteServiceLinkedRole DeleteAccountPasswordPolicy
iam admin change: AttachRolePolicy DetachRolePolicy PutRolePolicy DeleteRolePolicy UpdateAssumeRolePolicy
 UpdateRole PutRolePermissionsBoundary DeleteRolePermissionsBoundary UpdateRoleDescription
 SetDefaultPolicyVersion AddRoleToInstanceProfile RemoveRoleFromInstanceProfile UpdateSAMLProvider
 AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint UpdateAccountPasswordPolicy
 CreateAccountAlias DeleteAccountAlias TagRole UntagRole
authentication info: ConsoleLogin AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity
 GetFederationToken GetSessionToken GetCallerIdentity SwitchRole ExitRole GetSigninToken CheckMfa
 UserAuthentication Authenticate CredentialVerification CredentialChallenge Federate AssumeRoot
 DecodeAuthorizationMessage AssumeRoleForPodIdentity InitiateAuth AdminInitiateAuth RespondToAuthChallenge
 StartDeviceAuthorization
authentication access: CreateToken GetRoleCredentials
authentication end: Logout RevokeToken
iam user change: PasswordRecoveryRequested PasswordRecoveryCompleted PasswordUpdated EmailUpdated
 MfaDeviceAdded
file creation: CreateBucket
file deletion: DeleteBucket DeleteObject DeleteObjects DeleteObjectTagging
file access: GetObject HeadObject SelectObjectContent GetObjectTorrent RestoreObject
file change: PutObject CopyObject UploadPart UploadPartCopy CompleteMultipartUpload PutObjectAcl
 PutObjectTagging
file info: ListBuckets ListObjects ListObjectsV2 ListObjectVersions HeadBucket GetObjectAcl
 GetObjectTagging ListMultipartUploads ListParts GetObjectAttributes
host start: RunInstances StartInstances RequestSpotInstances CreateFleet RunScheduledInstances
host end: TerminateInstances StopInstances
host change: RebootInstances ModifyInstanceAttribute ResetInstanceAttribute MonitorInstances
 ModifyInstanceMetadataOptions AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
 DisassociateIamInstanceProfile AttachVolume DetachVolume
host info: DescribeInstances DescribeInstanceStatus DescribeInstanceAttribute DescribeInstanceTypes
 DescribeInstanceInformation
host access: GetPasswordData GetConsoleOutput GetConsoleScreenshot
session start: StartSession ResumeSession SendSSHPublicKey SendSerialConsoleSSHPublicKey ExecuteCommand
session end: TerminateSession
process start: SendCommand StartAutomationExecution
process end: CancelCommand
process info: GetCommandInvocation ListCommandInvocations ListCommands
iam creation: CreateKeyPair ImportKeyPair
iam deletion: DeleteKeyPair
iam access: GetSecretValue BatchGetSecretValue GetParameter GetParameters GetParametersByPath
 GetParameterHistory GetRandomPassword Decrypt ReEncrypt GetAuthorizationToken
"""

MEANINGS: dict[str, _Meaning] = {}
for _line in _TABLE.replace("\n ", " ").strip().splitlines():
    _kinds, _, _names = _line.partition(": ")
    _category, *_types = _kinds.split()
    for _name in _names.split():
        MEANINGS[_name] = ([_category], _types)

CATEGORIES = {
    "iam": "iam", "sso": "iam", "sso-directory": "iam", "identitystore": "iam", "cognito-idp": "iam",
    "cognito-identity": "iam", "rolesanywhere": "iam", "access-analyzer": "iam", "ds": "iam",
    "sts": "authentication", "signin": "authentication", "sso-oidc": "authentication",
    "secretsmanager": "iam", "ec2-instance-connect": "session",
    "rds": "database", "dynamodb": "database", "redshift": "database", "redshift-data": "database",
    "rds-data": "database", "athena": "database", "docdb": "database", "neptune-db": "database",
    "elasticache": "database", "timestream": "database",
    "ecr": "package", "ecr-public": "package", "codeartifact": "package",
    "inspector": "vulnerability", "inspector2": "vulnerability",
}  # fmt: skip
"""The category of a service's calls that the table has no word for; a change of any other is
``configuration``, a look at it ``api``."""

_SERVICES = {
    "iam": {"iam", "identitystore", "sso", "sso-directory", "cognito-idp", "signin"}
    | {"secretsmanager", "ssm", "kms", "ec2", "ecr", "codeartifact"},
    "file": {"s3", "s3express", "s3-outposts"},
    "host": {"ec2", "ssm"},
    "session": {"ssm", "ec2-instance-connect", "ecs"},
    "process": {"ssm"},
}
"""Of which services the table's calls of a category are; a CreatePolicy of others is something else."""

_BY_VERB = """
creation: Create Run Register Import Copy Allocate Request Launch Publish Provision Clone Upload
deletion: Delete Terminate Remove Deregister Release Purge Cancel Destroy Unregister
change: Update Modify Put Set Attach Detach Associate Disassociate Enable Disable Add Authorize Revoke
 Replace Tag Untag Change Restore Reset Start Stop Accept Leave Invite Apply Move Transfer Promote Rotate
 Schedule Unlink Link Reboot Resume Suspend Batch Admin Archive Unarchive Cancel Reject Decline Share
 Unshare Complete
access: Invoke Converse Scan Query Execute Select Download Export Encrypt Generate Sign Verify
info: Get List Describe Head Lookup Search Check Test Validate Simulate Preview Count Filter View Estimate
"""
_VERBS = {
    verb: kind
    for line in _BY_VERB.replace("\n ", " ").strip().splitlines()
    for kind, _, verbs in (line.partition(": "),)
    for verb in verbs.split()
}
_WORD = re.compile(r"[A-Z][a-z]+")
_VERSION = re.compile(r"(?:20\d{6}|20\d\d_\d\d_\d\d)(?:v\d+)?\Z", re.ASCII)
"""Lambda's and CloudFront's calls end in their API's version: UpdateFunctionCode20150331v2."""


@lru_cache(maxsize=8192)
def meaning(service: str, name: str, reads: bool | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ``event.category`` and ``event.type`` of a call of a service (``ec2``); `reads` is the record's
    ``readOnly``, None where it doesn't say."""
    plain = _VERSION.sub("", name)
    known = MEANINGS.get(plain)
    if known is not None and service in _SERVICES.get(known[0][0], (service,)):
        return tuple(known[0]), tuple(known[1])
    first, *others = _WORD.findall(plain[:128]) or [""]
    if first in ("Batch", "Bulk", "Admin") and others:
        first = others[0]
    kind = _VERBS.get(first) or ("change" if reads is False else "info")
    category = CATEGORIES.get(service)
    if service == "s3":
        category = "file" if kind in ("access", "info") and "Object" in plain else None
    if category is None:
        category = "configuration" if kind in ("creation", "deletion", "change") else "api"
    if category == "iam" and (side := _side(plain)):
        return (category,), (side, kind)
    return (category,), (kind,)


def _side(name: str) -> str | None:
    if "Group" in name:
        return "group"
    return "user" if "User" in name else None
