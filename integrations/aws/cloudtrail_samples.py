"""Test records of ``aws.cloudtrail``, each with the fields that its document must have.

Shapes after https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

ACCOUNT = "111122223333"
ALICE = {
    "type": "IAMUser", "principalId": "AIDAEXAMPLEALICE", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "accountId": ACCOUNT, "accessKeyId": "AKIAEXAMPLEALICE", "userName": "alice",
}  # fmt: skip
ADMIN = {
    "type": "AssumedRole", "principalId": "AROAEXAMPLEADMIN:bob@example.com",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/bob@example.com", "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLEADMIN",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEADMIN", "userName": "Admin",
                          "arn": f"arn:aws:iam::{ACCOUNT}:role/Admin", "accountId": ACCOUNT},
        "attributes": {"creationDate": "2026-04-19T09:00:00Z", "mfaAuthenticated": "true"},
    },
}  # fmt: skip
ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def record(service: str, name: str, identity: Any = None, **more: Any) -> dict[str, Any]:
    """Return a CloudTrail record with the usual fields."""
    return {
        "eventVersion": "1.10", "userIdentity": identity or ALICE, "eventTime": "2026-04-19T10:20:30Z",
        "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2.15.30 Python/3.11.8 Linux/6.1",
        "requestParameters": None, "responseElements": None, "requestID": "0a1b", "eventID": "4b2c-11",
        "readOnly": name.startswith(("Get", "List", "Describe")), "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    } | more  # fmt: skip


def _sample(record: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(record).decode(), expect)


_TLS = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": "iam.amazonaws.com"}  # fmt: skip
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"

CLOUDTRAIL_SAMPLES = (
    _sample(
        record("iam", "CreateUser", requestParameters={"userName": "deploy"}, tlsDetails=_TLS,
               responseElements={"user": {"userName": "deploy", "userId": "AIDAEXAMPLEDEPLOY", "path": "/"}}),
        {"@timestamp": "2026-04-19T10:20:30.000Z", "event.action": "CreateUser", "event.category": ["iam"],
         "event.provider": "iam.amazonaws.com", "event.type": ["user", "creation"], "event.outcome": "success",
         "user.name": "alice", "user.id": "AIDAEXAMPLEALICE", "user.target.name": "deploy",
         "user.target.id": "AIDAEXAMPLEDEPLOY", "source.ip": "203.0.113.7", "source.address": "203.0.113.7",
         "cloud.provider": "aws", "cloud.region": "eu-central-1", "cloud.account.id": ACCOUNT, "tls.version": "1.3",
         "tls.version_protocol": "tls", "tls.cipher": "TLS_AES_128_GCM_SHA256",
         "tls.client.server_name": "iam.amazonaws.com", "related.user": ["alice", "deploy"], "related.ip": ["203.0.113.7"],
         "user_agent.original": "aws-cli/2.15.30 Python/3.11.8 Linux/6.1", "user_agent.name": "aws-cli",
         "vendor.requestParameters.userName": "deploy", "aws.cloudtrail.request_parameters": "{userName=deploy}"},
    ),
    _sample(
        record("iam", "CreateAccessKey", responseElements={"accessKey": {"userName": "alice", "status": "Active"}}),
        {"event.type": ["user", "change"], "user.target.name": "alice", "related.user": ["alice"]},
    ),
    _sample(
        record("iam", "UpdateUser", requestParameters={"userName": "bob", "newUserName": "robert"}),
        {"event.type": ["user", "change"], "user.target.name": "bob", "user.changes.name": "robert",
         "related.user": ["alice", "bob", "robert"]},
    ),
    _sample(
        record("iam", "AddUserToGroup", ADMIN, requestParameters={"userName": "bob", "groupName": "admins"}),
        {"event.type": ["group", "change"], "group.name": "admins", "user.name": "Admin", "user.target.name": "bob",
         "user.id": "AROAEXAMPLEADMIN:bob@example.com", "related.user": ["Admin", "bob@example.com", "bob"]},
    ),
    _sample(
        record("iam", "CreateGroup", requestParameters={"groupName": "ops"},
               responseElements={"group": {"groupName": "ops", "groupId": "AGPAEXAMPLE"}}),
        {"event.type": ["group", "creation"], "group.name": "ops", "group.id": "AGPAEXAMPLE"},
    ),
    _sample(
        record("iam", "UpdateAssumeRolePolicy", requestParameters={"roleName": "backup", "policyDocument": '{"Statement":[]}'}),
        {"event.category": ["iam"], "event.type": ["admin", "change"], "related.user": ["alice", "backup"],
         "aws.cloudtrail.request_parameters": '{roleName=backup, policyDocument={"Statement":[]}}'},
    ),
    _sample(
        record("iam", "DeleteLoginProfile", errorCode="EntityTemporarilyUnmodifiableException",
               errorMessage="Login Profile cannot be modified while it is created.", requestParameters={"userName": "bob"}),
        {"event.outcome": "failure", "event.reason": "Login Profile cannot be modified while it is created.",
         "error.code": "EntityTemporarilyUnmodifiableException", "vendor.errorCode": "EntityTemporarilyUnmodifiableException"},
    ),
    _sample(
        record("signin", "ConsoleLogin", {**ALICE, "accessKeyId": ""}, eventType="AwsConsoleSignIn", userAgent=_BROWSER,
               responseElements={"ConsoleLogin": "Success"},
               additionalEventData={"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No"}),
        {"event.category": ["authentication"], "event.type": ["info"], "event.outcome": "success",
         "user_agent.name": "Chrome", "user_agent.os.name": "Windows", "vendor.additionalEventData.MFAUsed": "No"},
    ),
    _sample(
        record("signin", "ConsoleLogin", {"type": "IAMUser", "accountId": ACCOUNT, "accessKeyId": "",
                                          "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
               sourceIPAddress="2001:db8::7", errorMessage="No username found in supplied account",
               responseElements={"ConsoleLogin": "Failure"}),
        {"event.outcome": "failure", "event.reason": "No username found in supplied account", "user.name": None,
         "source.ip": "2001:db8::7"},
    ),
    _sample(
        record("signin", "ConsoleLogin", ROOT, responseElements={"ConsoleLogin": "Failure"}),
        {"event.outcome": "failure", "user.id": ACCOUNT, "user.name": None, "vendor.userIdentity.type": "Root"},
    ),
    _sample(
        record("signin", "UserAuthentication", {"type": "Unknown", "principalId": ACCOUNT, "accountId": ACCOUNT},
               eventType="AwsServiceEvent", additionalEventData={"UserName": "alice@example.com", "LoginTo": "https://example.com/"},
               serviceEventDetails={"UserAuthentication": "Success"}),
        {"event.outcome": "success", "user.name": "alice@example.com", "user.email": "alice@example.com",
         "event.category": ["authentication"]},
    ),
    _sample(
        record("signin", "CredentialVerification", {"type": "IdentityCenterUser", "accountId": ACCOUNT,
               "onBehalfOf": {"userId": "544894e8-80c1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-1"},
               "credentialId": "a1"}, eventType="AwsServiceEvent", additionalEventData={"CredentialType": "PASSWORD", "UserName": "bob"},
               serviceEventDetails={"CredentialVerification": "Failure"}),
        {"event.outcome": "failure", "user.id": "544894e8-80c1", "user.name": "bob"},
    ),
    _sample(
        record("sts", "AssumeRole", {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"},
               sourceIPAddress="autoscaling.amazonaws.com", userAgent="autoscaling.amazonaws.com",
               requestParameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/scaling", "roleSessionName": "AutoScaling"}),
        {"event.category": ["authentication"], "source.address": "autoscaling.amazonaws.com", "source.ip": None,
         "user.name": None, "vendor.userIdentity.invokedBy": "autoscaling.amazonaws.com"},
    ),
    _sample(
        record("sts", "AssumeRoleWithSAML", {"type": "SAMLUser", "principalId": "SAML:alice", "userName": "alice@example.com",
                                             "identityProvider": "hash="}),
        {"user.name": "alice@example.com", "user.email": "alice@example.com", "user.id": "SAML:alice"},
    ),
    _sample(
        record("sts", "AssumeRoleWithWebIdentity", {"type": "WebIdentityUser", "principalId": "accounts.google.com:app:77",
               "userName": "77", "identityProvider": "accounts.google.com"}, errorCode="AccessDenied", errorMessage="Not authorized"),
        {"event.outcome": "failure", "user.name": "77", "error.code": "AccessDenied"},
    ),
    _sample(
        record("sts", "AssumeRole", {"type": "AWSAccount", "principalId": "AROAEXAMPLE:carol", "accountId": "444455556666"}),
        {"cloud.account.id": ACCOUNT, "user.id": "AROAEXAMPLE:carol", "user.name": None, "related.user": ["carol"]},
    ),
    _sample(
        record("sts", "GetCallerIdentity", {"type": "FederatedUser", "principalId": f"{ACCOUNT}:deploy",
               "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/deploy", "accountId": ACCOUNT,
               "sessionContext": {"sessionIssuer": {"type": "IAMUser", "userName": "alice"}}}),
        {"user.name": "alice", "related.user": ["alice", "deploy"]},
    ),
    _sample(
        record("s3", "GetObject", eventCategory="Data", managementEvent=False, vpcEndpointId="vpce-1",
               requestParameters={"bucketName": "example-payroll", "Host": "example-payroll.s3.amazonaws.com", "key": "2026/april.csv"},
               additionalEventData={"bytesTransferredOut": 4096}),
        {"event.category": ["file"], "event.type": ["access"], "file.path": "s3://example-payroll/2026/april.csv",
         "file.name": "april.csv", "file.extension": "csv"},
    ),
    _sample(record("s3", "DeleteBucket", requestParameters={"bucketName": "example-logs"}),
            {"event.category": ["file"], "event.type": ["deletion"]}),
    _sample(
        record("s3", "PutBucketVersioning", requestParameters={"bucketName": "example", "versioning": [""],
               "VersioningConfiguration": {"Status": "Suspended"}}),
        {"event.category": ["configuration"], "event.type": ["change"],
         "aws.cloudtrail.request_parameters": "{bucketName=example, versioning=[], VersioningConfiguration={Status=Suspended}}"},
    ),
    _sample(
        record("ec2", "RunInstances", ADMIN, responseElements={"instancesSet": {"items": [{"instanceId": "i-0example"}]}}),
        {"event.category": ["host"], "event.type": ["start"], "related.hosts": ["i-0example"]},
    ),
    _sample(record("ec2", "AuthorizeSecurityGroupIngress", requestParameters={"groupId": "sg-1"}),
            {"event.category": ["configuration"], "event.type": ["change"], "group.id": None}),
    _sample(record("ec2", "ModifySnapshotAttribute"), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("ec2", "DescribeSubnets"), {"event.category": ["api"], "event.type": ["info"]}),
    _sample(
        record("ec2", "GetPasswordData", ADMIN, requestParameters={"instanceId": "i-0example"},
               errorCode="Client.UnauthorizedOperation", errorMessage="You are not authorized to perform this operation."),
        {"event.category": ["host"], "event.type": ["access"], "event.outcome": "failure", "related.hosts": ["i-0example"]},
    ),
    _sample(record("cloudtrail", "StopLogging", requestParameters={"name": "main"}),
            {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("guardduty", "DeleteDetector"), {"event.category": ["configuration"], "event.type": ["deletion"]}),
    _sample(record("guardduty", "UpdateDetector", requestParameters={"enable": False}),
            {"event.type": ["change"], "vendor.requestParameters.enable": False}),
    _sample(record("organizations", "LeaveOrganization", errorCode="AccessDenied"),
            {"event.category": ["configuration"], "event.outcome": "failure"}),
    _sample(record("secretsmanager", "GetSecretValue", requestParameters={"secretId": "prod/db"}),
            {"event.category": ["iam"], "event.type": ["access"]}),
    _sample(record("kms", "Decrypt", readOnly=True), {"event.category": ["iam"], "event.type": ["access"]}),
    _sample(record("kms", "ScheduleKeyDeletion"), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("lambda", "UpdateFunctionCode20150331v2"), {"event.category": ["configuration"], "event.type": ["change"]}),
    _sample(record("ssm", "SendCommand", requestParameters={"instanceIds": ["i-0a", "i-0b"], "documentName": "AWS-RunShellScript"}),
            {"event.category": ["process"], "event.type": ["start"], "related.hosts": ["i-0a", "i-0b"]}),
    _sample(record("ssm", "StartSession", requestParameters={"target": "i-0a"}),
            {"event.category": ["session"], "event.type": ["start"], "related.hosts": ["i-0a"]}),
    _sample(record("rds", "ModifyDBSnapshotAttribute"), {"event.category": ["database"], "event.type": ["change"]}),
    _sample(record("ecr", "PutImage"), {"event.category": ["package"], "event.type": ["change"]}),
    _sample(record("eks", "DeleteCluster", requestParameters={"name": "prod"}),
            {"event.category": ["configuration"], "event.type": ["deletion"], "orchestrator.cluster.name": "prod"}),
    _sample(
        record("kms", "Encrypt", eventCategory="NetworkActivity", eventType="AwsVpceEvent", vpcEndpointId="vpce-1",
               errorCode="VpceAccessDenied", errorMessage="The request was denied due to a VPC endpoint policy"),
        {"event.outcome": "failure", "error.code": "VpceAccessDenied", "event.type": ["access"]},
    ),
    _sample(
        {"eventVersion": "1.08", "eventTime": "2026-04-19T10:31:00Z", "awsRegion": "us-east-1", "eventID": "a1",
         "eventType": "AwsCloudTrailInsight", "recipientAccountId": ACCOUNT, "sharedEventID": "b2", "eventCategory": "Insight",
         "insightDetails": {"state": "Start", "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation",
                            "insightType": "ApiCallRateInsight", "insightContext": {"statistics": {"insight": {"average": 8.2}}}}},
        {"event.action": "UpdateInstanceInformation", "event.provider": "ssm.amazonaws.com", "event.category": ["api"],
         "event.type": ["info"], "event.outcome": "unknown", "vendor.insightDetails.state": "Start"},
    ),
    _sample(
        {"awsAccountId": ACCOUNT, "digestStartTime": "2026-04-19T09:00:00Z", "digestEndTime": "2026-04-19T10:00:00Z",
         "digestS3Bucket": "example-trail", "digestS3Object": "AWSLogs/x.json.gz", "newestEventTime": "2026-04-19T09:59:00Z",
         "oldestEventTime": "2026-04-19T09:01:00Z", "previousDigestSignature": None, "logFiles": []},
        {"@timestamp": "2026-04-19T10:00:00.000Z", "event.start": "2026-04-19T09:00:00.000Z", "event.category": ["file"],
         "event.end": "2026-04-19T10:00:00.000Z", "file.path": "AWSLogs/x.json.gz", "cloud.account.id": ACCOUNT},
    ),
    _sample(
        {"version": "0", "id": "e1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "account": ACCOUNT,
         "time": "2026-04-19T10:20:31Z", "region": "eu-central-1", "resources": [], "detail": record("s3", "PutBucketPolicy")},
        {"event.action": "PutBucketPolicy", "cloud.region": "eu-central-1"},
    ),
    _sample(
        {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "trail", "logStream": "s", "subscriptionFilters": ["f"],
         "logEvents": [{"id": "1", "timestamp": 1776594030000, "message": orjson.dumps(record("s3", "ListBuckets")).decode()}]},
        {"event.action": "ListBuckets", "event.type": ["info"]},
    ),
    _sample({"timestamp": 1776594030000, "message": orjson.dumps(record("ec2", "DeleteFlowLogs")).decode(), "eventId": "3"},
            {"event.action": "DeleteFlowLogs", "event.type": ["deletion"]}),
)  # fmt: skip
