"""The way to an AWS account: an access key of an IAM user, and a role that it takes on where one is named.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. boto3 signs the requests; it is told
everything, so that neither the environment, a profile, a proxy nor a metadata service of the machine counts;
but for `machine_account`, with which logs are fetched where no connection is named. It repeats nothing:
retries are Temporal's, or the collector's.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "aws"
BUSY = re.compile(
    r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|Unavailable|InternalFailure|InternalError|"
    r"ServiceFailure|OptimisticLock|ConcurrentModification|RequestTimeout|EntityTemporarilyUnmodifiable"
)
"""Error codes that a later attempt may not meet."""
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}\Z")


@dataclass(frozen=True)
class Aws:
    """One account, open. `ask` is the only way to it."""

    named: Named

    async def ask(
        self,
        service: str,
        operation: str,
        *,
        expected: Iterable[str] = (),
        region: str | None = None,
        url: str | None = None,
        **arguments: Any,
    ) -> dict[str, Any] | None:
        """Call an operation; returns its answer, None for an error whose code is `expected`. `url`: another
        endpoint than the connection's.

        Raises `ActionUnavailableError` (away, busy, throttled) or `ActionRefusedError` (any other no).
        """
        what = f"{self.named.name}: {service} {operation}"
        try:
            return await asyncio.to_thread(self._call, service, operation, region, url, arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in expected:
                return None
            said = self.named.clean(
                f"{what}: {code}: {error.response.get('Error', {}).get('Message', '')}"[:500]
            )
            if status >= 500 or status == 429 or BUSY.search(code):
                raise ActionUnavailableError(said) from error
            raise ActionRefusedError(said) from error
        except BotoCoreError as error:
            said = self.named.clean(f"{what}: {error}"[:500])
            if type(error).__name__ in {
                "ParamValidationError",
                "MissingParametersError",
                "UnknownEndpointError",
            }:
                raise ActionRefusedError(said) from error
            raise ActionUnavailableError(said) from error

    async def known(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """As `ask`, where no error is expected."""
        answer = await self.ask(service, operation, **arguments)
        assert answer is not None
        return answer

    async def own_user(self) -> str | None:
        """Return the name of the IAM user whose access key this is, None where it is none of this account
        (a role that is taken on may be in another one)."""
        bare = {key: value for key, value in self.named.settings.items() if key != "role_arn"}
        user = await Aws(Named(self.named.name, self.named.kind, bare)).known("sts", "get_caller_identity")
        here = await self.known("sts", "get_caller_identity") if self.named.get("role_arn") else user
        found = re.fullmatch(
            r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):user/(?:.*/)?([^/]+)", str(user.get("Arn"))
        )
        return found[2] if found and found[1] == str(here.get("Account")) else None

    def _call(
        self, service: str, operation: str, region: str | None, url: str | None, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        region = region or self.named.need("region")
        client = _client(self.named, service, region, _credentials(self.named), url)
        return cast(dict[str, Any], getattr(client, operation)(**arguments))


def machine_account(region: str) -> Aws:
    """Return the account of the machine itself: by AWS' own environment variables, its profile or its role."""
    return Aws(Named("the machine's own account", KIND, {"region": region, _MACHINE: True}))


def open_aws(site: Site, name: Any) -> Aws:
    """Return the site's account. Raises `ActionRefusedError` where the connection is not whole."""
    named = choose(site, KIND, name)
    if not _REGION.match(named.need("region")):
        raise ActionRefusedError(f"connection {named.name!r}: {named.need('region')!r:.40} is no region")
    return Aws(named)


_MACHINE = "machine"
_Credentials = tuple[str, str, str | None] | None
"""Key, secret and session token; None: the machine's own."""

_assumed: dict[tuple[str, ...], tuple[float, tuple[str, str, str]]] = {}
"""Of this process: credentials of roles, and until when they are used, seconds since 1970."""


def _credentials(named: Named) -> _Credentials:
    if named.get(_MACHINE) is True:
        return None
    session = named.get("session_token")
    own = (named.need("access_key_id"), named.need("secret_access_key"), str(session) if session else None)
    role = named.get("role_arn")
    if not role:
        return own
    key = (named.name, str(named.get("url")), own[0], str(role))
    known = _assumed.get(key)
    if known is None or known[0] < time.time():
        asked: dict[str, Any] = {"RoleArn": str(role), "RoleSessionName": "siem", "DurationSeconds": 900}
        if named.get("external_id"):
            asked["ExternalId"] = str(named.get("external_id"))
        found = _client(named, "sts", named.need("region"), own).assume_role(**asked)["Credentials"]
        credentials = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        known = _assumed[key] = (found["Expiration"].timestamp() - 60, credentials)
    return known[1]


def _client(
    named: Named, service: str, region: str, credentials: _Credentials, url: str | None = None
) -> Any:
    url = url or (str(named.get("url")) if named.get("url") else None)
    with _making:  # a session makes one client at a time; what it made may be used by all threads
        return _made(url, service, region, credentials)


_making = threading.Lock()


@lru_cache(maxsize=64)
def _made(url: str | None, service: str, region: str, credentials: _Credentials) -> Any:
    """Make a client: a quarter of a second each, so they are kept."""
    key, secret, token = credentials or (None, None, None)
    session = boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )
    config = Config(
        connect_timeout=4,
        read_timeout=8,
        retries={"total_max_attempts": 1, "mode": "standard"},
        proxies={},
        ignore_configured_endpoint_urls=True,
        user_agent_extra="siem",
        # Other stores than AWS seldom have a host name for each bucket.
        s3={"addressing_style": "path"} if url else None,
    )
    return session.client(service, config=config, endpoint_url=url)


async def _test(site: Site, name: str) -> str:
    found = await open_aws(site, name).known("sts", "get_caller_identity")
    return f"AWS answers {found.get('Arn')} of the account {found.get('Account')}"


AWS = ConnectionKind(
    name=KIND,
    title="Amazon Web Services: one account",
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_create.html",
    settings=(
        Setting("region", "where its machines are: eu-central-1"),
        Setting("access_key_id", "the access key of a user of its own", secret=True),
        Setting("secret_access_key", "its secret", secret=True),
        Setting("session_token", "of keys that end", required=False, secret=True),
        Setting("role_arn", "a role to take on, in this or another account", required=False),
        Setting("external_id", "what the role's trust policy asks for", required=False),
        Setting("waf_ip_set", "the ARN of a WAF IP set for IPv4, for waf_block_ip", required=False),
        Setting("waf_ip_set_v6", "the same for IPv6", required=False),
        Setting("url", "another endpoint for all services", required=False),
    ),
    permissions=(
        "iam: ListAccessKeys, UpdateAccessKey (deactivate_key); GetUserPolicy, PutUserPolicy, DeleteUserPolicy "
        "(deny_user); GetUser, ListGroupsForUser, ListMFADevices, GetAccessKeyLastUsed (lookups, guard)",
        "ec2: DescribeInstances, DescribeNetworkInterfaces, DescribeSecurityGroups, CreateSecurityGroup, "
        "RevokeSecurityGroupEgress, ModifyNetworkInterfaceAttribute, CreateTags, DeleteTags (quarantine_instance); "
        "CreateSnapshots, DescribeSnapshots (snapshot_instance)",
        "wafv2: GetIPSet, UpdateIPSet of the named sets (waf_block_ip)",
        "to collect objects, and nothing else: sqs: ReceiveMessage, DeleteMessage, ChangeMessageVisibility, "
        "GetQueueAttributes of the queue; s3: GetObject, and ListBucket, without which what is missing looks "
        "forbidden; kms: Decrypt where the bucket is encrypted with a key of yours",
    ),
    test=_test,
    setup="IAM: a user without console access and one access key; a policy of only those actions above that you "
    "use, for iam limited to the path or names that may be stopped. Keep your own break-glass users out of it by "
    "an explicit Deny. WAF: an IP set that a rule of your web ACL blocks.",
)
