"""Lines for measuring: auth, web access, CloudTrail and Windows records, the same for the same seed.

Written to the formats' documentation, with the variety of values that real logs have: a few busy users,
hosts and addresses and a long tail of rare ones. Addresses are drawn from the whole public space, since
an enrichment of documentation networks would find nothing and cost nothing.

Formats: RFC 3164 as OpenSSH, sudo and cron write it; Apache's "combined" (mod_log_config); CloudTrail
record contents (docs.aws.amazon.com/awscloudtrail, "record contents"), one record a line; Windows
events as evtx_dump prints them, one JSON object a line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

START = datetime(2025, 3, 3, 8, 0, 0, tzinfo=UTC)
"""Time of the first line; a fixed one, so that ids and sizes are the same in each run."""
_PER_SECOND = 50
_NS = "http://schemas.microsoft.com/win/2004/08/events/event"


class _Dice:
    """Draws values as logs have them."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self._hot = [self._any_address() for _ in range(2000)]

    def skewed(self, count: int) -> int:
        """Return a number below `count`, small ones far more often."""
        return int(count * self.random.random() ** 3)

    def pick(self, values: tuple[Any, ...]) -> Any:
        return values[self.skewed(len(values))]

    def number(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low))

    def _any_address(self) -> str:
        first = self.number(11, 126) if self.random.random() < 0.5 else self.number(128, 191)
        rest = self.random.getrandbits(24)
        return f"{first}.{rest >> 16}.{rest >> 8 & 255}.{rest & 255}"

    def address(self) -> str:
        """Nineteen of twenty are known ones."""
        if self.random.random() < 0.95:
            return self._hot[self.skewed(len(self._hot))]
        return self._any_address()

    def inside(self) -> str:
        number = self.skewed(4000)
        return f"10.20.{number // 250}.{number % 250 + 1}"

    def user(self) -> str:
        number = self.skewed(400)
        return f"{_FIRST[number % len(_FIRST)]}.{_LAST[number // len(_FIRST) % len(_LAST)]}"

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"

    def guid(self) -> str:
        text = self.hex(32)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_FIRST = (
    "alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent "
    "victor walter yusuf"
).split()
_LAST = (
    "adams baker clark davis evans flores green hill iyer jones kim lopez meyer nguyen owens patel quinn "
    "reyes smith tran"
).split()


# --- auth ---------------------------------------------------------------------------------------


def _auth(dice: _Dice, at: datetime) -> bytes:
    host = f"web-{dice.skewed(60) + 1}"
    pid = dice.number(300, 60_000)
    kind = dice.random.random()
    user, peer, port = dice.user(), dice.address(), dice.number(1025, 65_535)
    if kind < 0.30:
        invalid = "invalid user " if dice.random.random() < 0.4 else ""
        text = f"sshd[{pid}]: Failed password for {invalid}{user} from {peer} port {port} ssh2"
    elif kind < 0.45:
        key = f"ED25519 SHA256:{dice.hex(43)}"
        text = f"sshd[{pid}]: Accepted publickey for {user} from {peer} port {port} ssh2: {key}"
    elif kind < 0.55:
        text = f"sshd[{pid}]: pam_unix(sshd:session): session opened for user {user}(uid={pid}) by (uid=0)"
    elif kind < 0.65:
        text = f"sshd[{pid}]: pam_unix(sshd:session): session closed for user {user}"
    elif kind < 0.78:
        text = f"sshd[{pid}]: Disconnected from authenticating user {user} {peer} port {port} [preauth]"
    elif kind < 0.88:
        command = dice.pick(_COMMANDS)
        text = f"sudo: {user} : TTY=pts/{pid % 9} ; PWD=/home/{user} ; USER=root ; COMMAND={command}"
    elif kind < 0.96:
        text = f"CRON[{pid}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
    else:
        text = f"systemd-logind[612]: New session {pid} of user {user}."
    return f"{at:%b} {at.day:2d} {at:%H:%M:%S} {host} {text}".encode()


_COMMANDS = (
    "/usr/bin/apt-get update", "/usr/bin/systemctl restart nginx", "/usr/bin/journalctl -u nginx -n 200",
    "/bin/cat /var/log/syslog", "/usr/bin/tail -f /var/log/nginx/error.log", "/usr/sbin/ufw status",
    "/usr/bin/docker ps -a", "/usr/bin/vim /etc/hosts", "/bin/chown -R deploy /srv/app",
    "/usr/bin/rsync -a /srv/app/ /srv/backup/",
)  # fmt: skip


# --- web access ---------------------------------------------------------------------------------


def _access(dice: _Dice, at: datetime) -> bytes:
    path = dice.pick(_PATHS)
    if "{}" in path:
        path = path.format(dice.skewed(50_000))
    if dice.random.random() < 0.2:
        path += f"?page={dice.skewed(90)}&sort={dice.pick(('name', 'date', 'price'))}"
    status = dice.pick((200, 200, 304, 404, 302, 301, 403, 500, 401))
    user = dice.user() if dice.random.random() < 0.05 else "-"
    referrer = f"https://www.example.com{dice.pick(_PATHS[:8])}" if dice.random.random() < 0.6 else "-"
    agent = dice.pick(_AGENTS).format(dice.number(100, 140))
    method = dice.pick(("GET", "GET", "POST", "HEAD", "PUT", "DELETE"))
    return (
        f"{dice.address()} - {user} [{at:%d/%b/%Y:%H:%M:%S} +0000] "
        f'"{method} {path} HTTP/1.1" {status} {dice.skewed(90_000)} "{referrer}" "{agent}"'
    ).encode()


_PATHS = (
    "/", "/index.html", "/products", "/products/{}", "/cart", "/login", "/api/v1/orders/{}", "/search",
    "/static/app.js", "/static/site.css", "/images/{}.jpg", "/api/v1/users/{}", "/robots.txt",
    "/favicon.ico", "/blog/{}", "/admin/", "/wp-login.php", "/.env",
)  # fmt: skip
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.31.0",
)


# --- CloudTrail ---------------------------------------------------------------------------------


def _cloudtrail(dice: _Dice, at: datetime) -> bytes:
    service, name, request = dice.pick(_CALLS)
    account = f"{dice.skewed(6) + 1:012d}"
    user = dice.user()
    principal = f"AIDA{dice.skewed(400):016d}"
    if dice.random.random() < 0.5:
        identity: dict[str, Any] = {
            "type": "IAMUser", "principalId": principal, "arn": f"arn:aws:iam::{account}:user/{user}",
            "accountId": account, "accessKeyId": f"AKIA{dice.skewed(900):016d}", "userName": user,
        }  # fmt: skip
    else:
        role = dice.pick(("deploy", "readonly", "admin", "ci-runner", "backup"))
        issuer = f"AROA{dice.skewed(40):016d}"
        identity = {
            "type": "AssumedRole", "principalId": f"{issuer}:{user}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{user}", "accountId": account,
            "accessKeyId": f"ASIA{dice.hex(16).upper()}",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": issuer, "accountId": account,
                                  "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role},
                "attributes": {"creationDate": f"{at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                               "mfaAuthenticated": "false"},
            },
        }  # fmt: skip
    record: dict[str, Any] = {
        "eventVersion": "1.09", "userIdentity": identity, "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{service}.amazonaws.com", "eventName": name,
        "awsRegion": dice.pick(("us-east-1", "eu-west-1", "eu-central-1", "us-west-2")),
        "sourceIPAddress": dice.address(),
        "userAgent": dice.pick(("aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64", "console.amazonaws.com",
                                "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.15.0 lang/python#3.10.12")),
        "requestParameters": {key: value.format(dice.skewed(3000)) for key, value in request.items()} or None,
        "responseElements": None, "requestID": dice.guid(), "eventID": dice.guid(),
        "readOnly": name.startswith(("Get", "List", "Describe", "Head")), "eventType": "AwsApiCall",
        "managementEvent": True, "recipientAccountId": account, "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                       "clientProvidedHostHeader": f"{service}.eu-west-1.amazonaws.com"},
    }  # fmt: skip
    if dice.random.random() < 0.08:
        record["errorCode"] = "AccessDenied"
        record["errorMessage"] = f"User: {identity['arn']} is not authorized to perform: {service}:{name}"
    return orjson.dumps(record)


_CALLS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("ec2", "DescribeInstances", {"instancesSet": "i-{:017d}", "filterSet": "state"}),
    ("s3", "GetObject", {"bucketName": "logs-{}", "key": "2025/03/03/part-{}.gz", "Host": "s3.amazonaws.com"}),
    ("sts", "AssumeRole", {"roleArn": "arn:aws:iam::000000000001:role/deploy", "roleSessionName": "session-{}"}),
    ("s3", "ListBuckets", {}),
    ("iam", "ListUsers", {"maxItems": "100"}),
    ("iam", "GetUser", {"userName": "service-{}"}),
    ("ec2", "RunInstances", {"instanceType": "t3.micro", "imageId": "ami-{:017d}", "subnetId": "subnet-{:08d}"}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"groupId": "sg-{:08d}", "cidrIp": "10.0.0.0/8", "toPort": "22"}),
    ("kms", "Decrypt", {"keyId": "arn:aws:kms:eu-west-1:000000000001:key/{:032d}"}),
    ("iam", "CreateAccessKey", {"userName": "service-{}"}),
    ("cloudtrail", "StopLogging", {"name": "trail-{}"}),
)  # fmt: skip


# --- Windows ------------------------------------------------------------------------------------


def _windows(dice: _Dice, at: datetime) -> bytes:
    kind = dice.random.random()
    host = f"ws-{dice.skewed(300):03d}.corp.example.com"
    user, logon = dice.user(), f"0x{dice.skewed(1 << 22):x}"
    sid = f"S-1-5-21-1004336348-1177238915-682003330-{1000 + dice.skewed(400)}"
    image = dice.pick(_IMAGES)
    pid, ppid = dice.number(400, 20_000), dice.number(400, 20_000)
    started = f'"{image}" {dice.pick(_ARGUMENTS).format(dice.skewed(4000))}'
    if kind < 0.40:
        data = {
            "SubjectUserSid": "S-1-5-18", "SubjectUserName": f"{host[:6].upper()}$", "SubjectDomainName": "CORP",
            "SubjectLogonId": "0x3e7", "TargetUserSid": sid, "TargetUserName": user, "TargetDomainName": "CORP",
            "TargetLogonId": logon, "LogonType": dice.pick((3, 2, 5, 10, 7)), "LogonProcessName": "NtLmSsp ",
            "AuthenticationPackageName": "NTLM", "WorkstationName": host[:6].upper(),
            "LogonGuid": "00000000-0000-0000-0000-000000000000", "LmPackageName": "NTLM V2", "KeyLength": 128,
            "ProcessId": f"0x{pid:x}", "ProcessName": "-", "IpAddress": dice.inside(),
            "IpPort": str(dice.number(1025, 65_535)),
        }  # fmt: skip
        return _record(dice, at, host, "Security", "Microsoft-Windows-Security-Auditing", 4624, data)
    if kind < 0.55:
        data = {
            "SubjectUserSid": sid, "SubjectUserName": user, "SubjectDomainName": "CORP", "SubjectLogonId": logon,
            "NewProcessId": f"0x{pid:x}", "NewProcessName": image, "TokenElevationType": "%%1938",
            "ProcessId": f"0x{ppid:x}", "CommandLine": started, "TargetUserSid": "S-1-0-0",
            "TargetUserName": "-", "TargetDomainName": "-", "TargetLogonId": "0x0",
            "ParentProcessName": dice.pick(_IMAGES), "MandatoryLabel": "S-1-16-8192",
        }  # fmt: skip
        return _record(dice, at, host, "Security", "Microsoft-Windows-Security-Auditing", 4688, data)
    moment = f"{at:%Y-%m-%d %H:%M:%S}.{dice.number(0, 999):03d}"
    guid = dice.guid().upper()
    if kind < 0.80:
        data = {
            "RuleName": "-", "UtcTime": moment, "ProcessGuid": guid, "ProcessId": pid, "Image": image,
            "FileVersion": "10.0.19041.1 (WinBuild.160101.0800)", "Description": "Windows Process",
            "Product": "Microsoft® Windows® Operating System", "Company": "Microsoft Corporation",
            "OriginalFileName": image.rsplit("\\", 1)[1], "CommandLine": started,
            "CurrentDirectory": f"C:\\Users\\{user}\\", "User": f"CORP\\{user}", "LogonGuid": dice.guid().upper(),
            "LogonId": logon, "TerminalSessionId": 1, "IntegrityLevel": "Medium",
            "Hashes": f"MD5={dice.hex(32).upper()},SHA256={dice.hex(64).upper()},IMPHASH={dice.hex(32).upper()}",
            "ParentProcessGuid": dice.guid().upper(), "ParentProcessId": ppid,
            "ParentImage": "C:\\Windows\\explorer.exe", "ParentCommandLine": "C:\\Windows\\Explorer.EXE",
            "ParentUser": f"CORP\\{user}",
        }  # fmt: skip
        return _record(dice, at, host, _SYSMON, "Microsoft-Windows-Sysmon", 1, data)
    data = {
        "RuleName": "-", "UtcTime": moment, "ProcessGuid": guid, "ProcessId": pid, "Image": image,
        "User": f"CORP\\{user}", "Protocol": "tcp", "Initiated": True, "SourceIsIpv6": False,
        "SourceIp": dice.inside(), "SourceHostname": host, "SourcePort": dice.number(49_152, 65_535),
        "SourcePortName": "-", "DestinationIsIpv6": False, "DestinationIp": dice.address(),
        "DestinationHostname": "-", "DestinationPort": dice.pick((443, 80, 53, 445, 3389, 8080)),
        "DestinationPortName": "https",
    }  # fmt: skip
    return _record(dice, at, host, _SYSMON, "Microsoft-Windows-Sysmon", 3, data)


def _record(
    dice: _Dice, at: datetime, host: str, channel: str, provider: str, code: int, data: Mapping[str, Any]
) -> bytes:
    system = {
        "Provider": {"#attributes": {"Name": provider, "Guid": "54849625-5478-4994-A5BA-3E3B0328C30D"}},
        "EventID": code, "Version": 2, "Level": 0, "Task": code % 100, "Opcode": 0,
        "Keywords": "0x8020000000000000",
        "TimeCreated": {"#attributes": {"SystemTime": f"{at:%Y-%m-%dT%H:%M:%S}.{dice.number(0, 999_999):06d}Z"}},
        "EventRecordID": dice.number(1, 90_000_000), "Correlation": None,
        "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": dice.number(100, 9000)}},
        "Channel": channel, "Computer": host, "Security": None,
    }  # fmt: skip
    event = {"#attributes": {"xmlns": _NS}, "System": system, "EventData": data}
    return orjson.dumps({"Event": event})


_SYSMON = "Microsoft-Windows-Sysmon/Operational"
_IMAGES = (
    "C:\\Windows\\System32\\svchost.exe", "C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\explorer.exe",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", "C:\\Windows\\System32\\conhost.exe",
    "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "C:\\Windows\\System32\\taskhostw.exe",
    "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE", "C:\\Windows\\System32\\rundll32.exe",
    "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe",
)  # fmt: skip
_ARGUMENTS = (
    "-k netsvcs -p -s Schedule", "/c dir C:\\Users\\{}", "--type=renderer --field-trial-handle={}",
    "-NoProfile -ExecutionPolicy Bypass -File C:\\Scripts\\job{}.ps1", "0xffffffff -ForceV1",
    "shell32.dll,Control_RunDLL desk{}.cpl",
)  # fmt: skip

MAKERS: Mapping[str, Callable[[_Dice, datetime], bytes]] = {
    "linux.auth": _auth,
    "apache.access": _access,
    "aws.cloudtrail": _cloudtrail,
    "windows.evtx": _windows,
}
"""Source to what makes one line of it, without its end."""


def lines(source: str, count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield `count` lines of a source, each with its end, in the order of their times."""
    dice, make = _Dice(f"{source}/{seed}"), MAKERS[source]
    begin = START + timedelta(days=seed % 300)
    for number in range(count):
        yield make(dice, begin + timedelta(seconds=number // _PER_SECOND)) + b"\n"
