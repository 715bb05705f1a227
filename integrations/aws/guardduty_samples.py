"""Test records of ``aws.guardduty``, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

_REMOTE = {"ipAddressV4": "203.0.113.7", "organization": {"asn": "64500", "asnOrg": "Example", "isp": "Example", "org": "Example"},
           "country": {"countryName": "Netherlands"}, "city": {"cityName": "Amsterdam"}}  # fmt: skip
_INSTANCE = {"instanceId": "i-0a", "instanceType": "m5.large", "availabilityZone": "eu-central-1a",
             "tags": [{"key": "Name", "value": "web-1"}]}  # fmt: skip


def _finding(kind: str, resource: dict[str, Any], service: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-central-1", "partition": "aws", "id": "f1",
        "arn": "arn:aws:guardduty:eu-central-1:111122223333:detector/d1/finding/f1", "type": kind, "resource": resource,
        "service": {"serviceName": "guardduty", "detectorId": "d1", "eventFirstSeen": "2026-04-19T10:00:00Z",
                    "eventLastSeen": "2026-04-19T10:20:00Z", "count": 3, "archived": False} | service,
        "severity": 5, "createdAt": "2026-04-19T10:05:00.000Z", "updatedAt": "2026-04-19T10:20:30.123Z",
        "title": "A title.", "description": "A description.",
    } | more  # fmt: skip


def _sample(entry: dict[str, Any], expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(entry).decode(), {"event.kind": "alert"} | expect)


GUARDDUTY_SAMPLES = (
    _sample(
        _finding("UnauthorizedAccess:EC2/SSHBruteForce", {"resourceType": "Instance", "instanceDetails": _INSTANCE},
                 {"action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                     "connectionDirection": "INBOUND", "protocol": "TCP", "blocked": False, "remoteIpDetails": _REMOTE,
                     "remotePortDetails": {"port": 32794}, "localPortDetails": {"port": 22, "portName": "SSH"},
                     "localIpDetails": {"ipAddressV4": "192.0.2.20"}}}}),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.category": ["intrusion_detection"], "event.type": ["info"],
         "event.action": "NETWORK_CONNECTION", "event.severity": 5, "event.start": "2026-04-19T10:00:00.000Z",
         "event.end": "2026-04-19T10:20:00.000Z", "message": "A description.", "rule.name": "A title.",
         "rule.category": "UnauthorizedAccess:EC2/SSHBruteForce", "source.ip": "203.0.113.7", "source.port": 32794,
         "source.as.number": 64500, "destination.ip": "192.0.2.20", "destination.port": 22, "network.transport": "tcp",
         "network.direction": "inbound", "cloud.instance.id": "i-0a", "cloud.instance.name": "web-1",
         "cloud.machine.type": "m5.large", "cloud.account.id": "111122223333", "cloud.region": "eu-central-1",
         "event.blocked": "false", "vendor.id": "f1"},
    ),
    _sample(
        _finding("Backdoor:EC2/C&CActivity.B!DNS", {"resourceType": "Instance", "instanceDetails": _INSTANCE},
                 {"action": {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "c2.example.org", "protocol": "UDP", "blocked": True}}},
                 severity=8),
        {"dns.question.name": "c2.example.org", "network.transport": "udp", "threat.tactic.id": ["TA0011"], "event.severity": 8,
         "event.blocked": "true"},
    ),
    _sample(
        _finding("Recon:EC2/PortProbeUnprotectedPort", {"resourceType": "Instance", "instanceDetails": _INSTANCE},
                 {"action": {"actionType": "PORT_PROBE", "portProbeAction": {"blocked": False, "portProbeDetails": [
                     {"localPortDetails": {"port": 443}, "remoteIpDetails": _REMOTE, "localIpDetails": {"ipAddressV4": "192.0.2.20"}}]}}}),
        {"source.ip": "203.0.113.7", "destination.port": 443, "source.geo.country_name": "Netherlands"},
    ),
    _sample(
        _finding("CryptoCurrency:EC2/BitcoinTool.B", {"resourceType": "Instance", "instanceDetails": _INSTANCE},
                 {"action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                     "connectionDirection": "OUTBOUND", "protocol": "TCP", "remoteIpDetails": _REMOTE,
                     "remotePortDetails": {"port": 8333}, "localPortDetails": {"port": 39501},
                     "localIpDetails": {"ipAddressV4": "192.0.2.20"}}}}),
        {"destination.ip": "203.0.113.7", "source.ip": "192.0.2.20", "source.port": 39501, "network.direction": "outbound"},
    ),
    _sample(
        _finding("UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B",
                 {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": "AKIAEXAMPLE", "principalId": "AIDAEXAMPLE",
                                                                    "userType": "IAMUser", "userName": "alice"}},
                 {"action": {"actionType": "AWS_API_CALL", "awsApiCallAction": {
                     "api": "ConsoleLogin", "serviceName": "signin.amazonaws.com", "callerType": "Remote IP", "remoteIpDetails": _REMOTE,
                     "userAgent": "curl/8.5.0", "errorCode": "AccessDenied"}}}),
        {"user.name": "alice", "user.id": "AIDAEXAMPLE", "source.ip": "203.0.113.7", "event.action": "AWS_API_CALL",
         "error.code": "AccessDenied", "user_agent.name": "curl", "related.user": ["alice"]},
    ),
    _sample(
        _finding("Policy:S3/BucketAnonymousAccessGranted",
                 {"resourceType": "S3Bucket", "s3BucketDetails": [{"name": "example-bucket", "arn": "arn:aws:s3:::example-bucket"}],
                  "accessKeyDetails": {"userName": "deploy", "userType": "AssumedRole"}},
                 {"action": {"actionType": "AWS_API_CALL", "awsApiCallAction": {"api": "PutBucketAcl", "remoteIpDetails": _REMOTE}}}),
        {"event.category": ["configuration"], "related.hosts": ["example-bucket"], "user.name": "deploy"},
    ),
    _sample(
        _finding("Discovery:Kubernetes/SuccessfulAnonymousAccess",
                 {"resourceType": "EKSCluster", "eksClusterDetails": {"name": "prod", "arn": "arn:aws:eks:eu-central-1:1:cluster/prod"},
                  "kubernetesDetails": {"kubernetesUserDetails": {"username": "system:anonymous", "groups": ["system:unauthenticated"]},
                                        "kubernetesWorkloadDetails": {"name": "web", "type": "pods", "namespace": "shop"}}},
                 {"action": {"actionType": "KUBERNETES_API_CALL", "kubernetesApiCallAction": {
                     "requestUri": "/api/v1/namespaces/shop/pods", "verb": "list", "sourceIps": ["203.0.113.7"], "userAgent": "kubectl",
                     "remoteIpDetails": _REMOTE, "statusCode": 200}}}),
        {"orchestrator.cluster.name": "prod", "orchestrator.type": "kubernetes", "user.name": "system:anonymous",
         "orchestrator.namespace": "shop", "http.response.status_code": 200, "source.ip": "203.0.113.7",
         "url.path": "/api/v1/namespaces/shop/pods"},
    ),
    _sample(
        _finding("Execution:Runtime/NewBinaryExecuted", {"resourceType": "EKSCluster", "instanceDetails": _INSTANCE,
                 "containerDetails": {"id": "c1", "name": "web", "image": "example/web:1"}},
                 {"featureName": "RuntimeMonitoring", "action": None, "runtimeDetails": {"process": {
                     "name": "xmrig", "executablePath": "/tmp/xmrig", "executableSha256": "ab" * 32, "pid": 77, "pwd": "/tmp", "user": "root",
                     "lineage": [{"pid": 7, "executablePath": "/bin/bash"}]}, "context": {"commandLineExample": "/tmp/xmrig -o x"}}}),
        {"process.name": "xmrig", "process.executable": "/tmp/xmrig", "process.pid": 77, "process.parent.executable": "/bin/bash",
         "process.command_line": "/tmp/xmrig -o x", "container.id": "c1", "container.image.name": "example/web:1",
         "process.hash.sha256": "ab" * 32, "event.category": ["malware"]},
    ),
    _sample(
        _finding("Execution:EC2/MaliciousFile", {"resourceType": "Instance", "instanceDetails": _INSTANCE},
                 {"featureName": "EbsVolumeScan", "ebsVolumeScanDetails": {"scanDetections": {"threatDetectedByName": {"threatNames": [
                     {"name": "EICAR-Test-File", "severity": "HIGH", "filePaths": [{"filePath": "/tmp/eicar.com", "hash": "cd" * 32}]}]}}}}),
        {"event.category": ["malware"], "threat.indicator.name": "EICAR-Test-File", "file.path": "/tmp/eicar.com",
         "file.hash.sha256": "cd" * 32},
    ),
    _sample(
        {"AccountId": "111122223333", "Arn": "arn:aws:guardduty:eu-central-1:111122223333:detector/d1/finding/f2", "Region": "eu-central-1",
         "Type": "Persistence:IAMUser/AnomalousBehavior", "Severity": 4.5, "Title": "T", "Description": "D",
         "CreatedAt": "2026-04-19T10:05:00Z", "UpdatedAt": "2026-04-19T10:20:30Z",
         "Resource": {"ResourceType": "AccessKey", "AccessKeyDetails": {"UserName": "bob"}},
         "Service": {"ServiceName": "guardduty", "Action": {"ActionType": "AWS_API_CALL", "AwsApiCallAction": {
             "RemoteIpDetails": {"IpAddressV4": "203.0.113.7"}}}}},
        {"user.name": "bob", "source.ip": "203.0.113.7", "event.risk_score": 4.5, "threat.tactic.name": ["Persistence"]},
    ),
    _sample(
        {"version": "0", "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "account": "111122223333",
         "detail": _finding("Impact:EC2/PortSweep", {"resourceType": "Instance"}, {})},
        {"rule.category": "Impact:EC2/PortSweep", "event.category": ["intrusion_detection"]},
    ),
)  # fmt: skip
