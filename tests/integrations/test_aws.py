"""AWS actions against moto's server: its own state is asked, with a client of the test's, what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from integrations.aws import ACTIONS, CONNECTIONS
from integrations.aws.connection import open_aws
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from tests.integrations.vendor_server import HOSTILE, Events, call, prove_containment, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
OWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
REGION = "eu-central-1"
GROUP = "siem-quarantine"
BEFORE = [["ssh", "web"], ["web"]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture(autouse=True)
def _fresh(server: str) -> None:
    httpx.post(f"{server}/moto-api/reset").raise_for_status()


@pytest.fixture(scope="module")
def client(server: str) -> Any:
    @cache
    def make(service: str) -> Any:
        return boto3.client(
            service, region_name=REGION, endpoint_url=server, aws_access_key_id="testing", aws_secret_access_key="testing"
        )  # fmt: skip

    return make


@pytest.fixture
def site(server: str) -> Site:
    return site_of(account=settings(server))


def settings(url: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "aws", "url": url, "region": REGION, "access_key_id": "AKIATESTTESTTEST", "secret_access_key": "s3cret-value",
        **more,
    }  # fmt: skip


@pytest.fixture
def alice(client: Any) -> str:
    iam = client("iam")
    iam.create_user(UserName="alice")
    iam.create_group(GroupName="admins")
    iam.add_user_to_group(GroupName="admins", UserName="alice")
    return str(iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"])


@pytest.fixture
def machine(client: Any) -> dict[str, Any]:
    ec2 = client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("web", "ssh")
    ]
    made = [ec2.create_network_interface(SubnetId=subnet, Groups=some) for some in (groups, groups[:1])]
    cards = [
        {"DeviceIndex": at, "NetworkInterfaceId": one["NetworkInterface"]["NetworkInterfaceId"]}
        for at, one in enumerate(made)
    ]
    return dict(
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=cards)["Instances"][0]
    )


def groups_of(client: Any, machine: dict[str, Any]) -> list[list[str]]:
    filters = [{"Name": "attachment.instance-id", "Values": [machine["InstanceId"]]}]
    found = client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return sorted(sorted(group["GroupName"] for group in one["Groups"]) for one in found)


async def test_a_key_is_deactivated_and_comes_back(site: Site, client: Any, alice: str) -> None:
    action = BY_NAME["aws.deactivate_key"]
    await prove_containment(action, site, call(access_key=alice, user="alice"))
    status = client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"]
    assert status == "Active"
    assert await action.groups_of(call(access_key=alice, user="alice"), site) == ["admins"]
    await action.run(call(access_key=alice, user="alice"), site)
    assert client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"] == "Inactive"


async def test_a_key_that_was_inactive_before_stays_so(site: Site, client: Any, alice: str) -> None:
    client("iam").update_access_key(UserName="alice", AccessKeyId=alice, Status="Inactive")
    action, what = BY_NAME["aws.deactivate_key"], call(access_key=alice, user="alice")
    await action.run(what, site)
    await action.undo(what, site)
    assert client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"] == "Inactive"


async def test_a_key_is_not_touched_in_another_users_name(site: Site, client: Any, alice: str) -> None:
    client("iam").create_user(UserName="bob")
    with pytest.raises(ActionRefusedError, match="bob has no access key"):
        await BY_NAME["aws.deactivate_key"].run(call(access_key=alice, user="bob"), site)


async def test_a_key_is_known_in_the_events_by_its_user(server: str, alice: str) -> None:
    events = Events({"host": {"name": "web-1"}, "user": {"name": "alice"}})
    site = site_of(events, account=settings(server))
    blast = await BY_NAME["aws.deactivate_key"].blast_radius(call(access_key=alice, user="alice"), site)
    assert blast.summary.startswith("alice is in 1 event of the last 7 days, on web-1.")


async def test_a_user_is_denied_everything_and_let_go(site: Site, client: Any, alice: str) -> None:
    del alice
    action, iam = BY_NAME["aws.deny_user"], client("iam")
    iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=json.dumps(OWN))
    await prove_containment(action, site, call(user="alice"))
    await action.run(call(user="alice"), site)
    ours = next(name for name in iam.list_user_policies(UserName="alice")["PolicyNames"] if name != "own")
    document = iam.get_user_policy(UserName="alice", PolicyName=ours)["PolicyDocument"]
    assert document["Statement"] == [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    weak = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'
    iam.put_user_policy(UserName="alice", PolicyName=ours, PolicyDocument=weak)
    seen = await action.verify(call(user="alice"), site)
    assert (seen.in_force, "was altered" in seen.detail) == (False, True)
    await action.undo(call(user="alice"), site)
    assert iam.list_user_policies(UserName="alice")["PolicyNames"] == ["own"]
    with pytest.raises(ActionRefusedError, match="NoSuchEntity"):
        await action.run(call(user="nobody"), site)


async def test_two_denials_of_one_user_do_not_lift_each_other(site: Site, client: Any, alice: str) -> None:
    del alice
    action = BY_NAME["aws.deny_user"]
    for key in ("one", "two"):
        await action.run(call(key, user="alice"), site)
    await action.undo(call("one", user="alice"), site)
    assert (await action.verify(call("two", user="alice"), site)).in_force
    assert len(client("iam").list_user_policies(UserName="alice")["PolicyNames"]) == 1


async def test_who_is_gone_has_nothing_to_be_given_back(
    site: Site, client: Any, machine: Any, alice: str
) -> None:
    iam, host = client("iam"), machine["InstanceId"]
    made = (
        (BY_NAME["aws.deactivate_key"], call("one", access_key=alice, user="alice")),
        (BY_NAME["aws.deny_user"], call("two", user="alice")),
        (BY_NAME["aws.quarantine_instance"], call("three", host=host)),
    )
    for action, what in made:
        await action.run(what, site)
        assert (await action.verify(what, site)).in_force
    (policy,) = iam.list_user_policies(UserName="alice")["PolicyNames"]
    iam.delete_user_policy(UserName="alice", PolicyName=policy)
    iam.remove_user_from_group(GroupName="admins", UserName="alice")
    iam.delete_access_key(UserName="alice", AccessKeyId=alice)
    iam.delete_user(UserName="alice")
    client("ec2").terminate_instances(InstanceIds=[host])
    for action, what in made:
        assert "nothing to give back" in (await action.undo(what, site))["state"]
        assert not (await action.verify(what, site)).in_force
    assert await site.state.keys("undo/") == []


async def test_the_connections_own_user_and_key_are_not_stopped(server: str, client: Any, alice: str) -> None:
    own = settings(server, access_key_id=alice)
    for role in ({}, {"role_arn": "arn:aws:iam::123456789012:role/responder"}):
        site = site_of(account={**own, **role})
        for name, params in (("aws.deny_user", {}), ("aws.deactivate_key", {"access_key": alice})):
            with pytest.raises(ActionRefusedError, match="the connection's own"):
                await BY_NAME[name].run(call(user="alice", **params), site)
            await BY_NAME[name].undo(call(user="alice", **params), site)
    elsewhere = site_of(account={**own, "role_arn": "arn:aws:iam::210987654321:role/responder"})
    assert await open_aws(elsewhere, "account").own_user() is None
    assert client("iam").list_user_policies(UserName="alice")["PolicyNames"] == []


async def test_an_instance_is_quarantined_and_gets_its_groups_back(
    site: Site, client: Any, machine: Any
) -> None:
    assert groups_of(client, machine) == BEFORE
    action, what = BY_NAME["aws.quarantine_instance"], call(host=machine["InstanceId"])
    await prove_containment(action, site, what)
    assert groups_of(client, machine) == BEFORE
    await action.run(what, site)
    assert groups_of(client, machine) == [[GROUP], [GROUP]]
    (group,) = client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [GROUP]}])[
        "SecurityGroups"
    ]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    await action.undo(what, site)
    tags = client("ec2").describe_tags(Filters=[{"Name": "key", "Values": ["siem-groups"]}])["Tags"]
    assert (groups_of(client, machine), tags) == (BEFORE, [])


async def test_an_instance_is_known_by_its_names_and_addresses(
    server: str, client: Any, machine: Any
) -> None:
    """The guard and the one who decides know machines by these, not by ids."""
    client("ec2").create_tags(Resources=[machine["InstanceId"]], Tags=[{"Key": "Name", "Value": "dc-1"}])
    events = Events({"host": {"name": "dc-1"}, "user": {"name": "alice"}})
    site, what = site_of(events, account=settings(server)), call(host=machine["InstanceId"])
    action = BY_NAME["aws.quarantine_instance"]
    aliases = await action.aliases_of(what, site)
    assert aliases[0] == "dc-1"
    cards = client("ec2").describe_network_interfaces(
        Filters=[{"Name": "attachment.instance-id", "Values": [machine["InstanceId"]]}]
    )["NetworkInterfaces"]
    assert {card["PrivateIpAddress"] for card in cards} <= set(aliases)
    blast = await action.blast_radius(what, site)
    assert blast.summary.startswith(f"{machine['InstanceId']} is dc-1, ")
    assert {'related.hosts:"dc-1"', f'related.ip:"{cards[0]["PrivateIpAddress"]}"'} <= set(events.queries)


async def test_an_instance_that_somebody_moved_meanwhile_stays_there(
    site: Site, client: Any, machine: Any
) -> None:
    action, what, ec2 = BY_NAME["aws.quarantine_instance"], call(host=machine["InstanceId"]), client("ec2")
    await action.run(what, site)
    web = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["web"]}])["SecurityGroups"][
        0
    ]["GroupId"]
    for one in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=one["NetworkInterfaceId"], Groups=[web])
    assert not (await action.verify(what, site)).in_force
    await action.undo(what, site)
    assert groups_of(client, machine) == [["web"], ["web"]]
    assert not ec2.describe_tags(Filters=[{"Name": "key", "Values": ["siem-groups"]}])["Tags"]


async def test_a_quarantine_that_failed_half_way_is_undone_whole(
    site: Site, client: Any, machine: Any
) -> None:
    action, what, ec2 = BY_NAME["aws.quarantine_instance"], call(host=machine["InstanceId"]), client("ec2")
    await action.run(what, site)
    web = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["web"]}])["SecurityGroups"][
        0
    ]["GroupId"]
    first = ec2.describe_network_interfaces()["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=first, Groups=[web])
    seen = await action.verify(what, site)
    assert (seen.in_force, seen.detail.startswith("1 of 2 network interfaces")) == (False, True)
    await action.undo(what, site)
    assert [GROUP] not in groups_of(client, machine)


async def test_a_quarantine_that_lets_something_through_is_not_believed(
    site: Site, client: Any, machine: Any
) -> None:
    action, what, ec2 = BY_NAME["aws.quarantine_instance"], call(host=machine["InstanceId"]), client("ec2")
    await action.run(what, site)
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [GROUP]}])[
        "SecurityGroups"
    ]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )  # fmt: skip
    assert not (await action.verify(what, site)).in_force
    with pytest.raises(ActionRefusedError, match="lets something through"):
        await action.run(what, site)
    await action.undo(what, site)
    assert groups_of(client, machine) == BEFORE


async def test_all_volumes_are_snapshotted_once(site: Site, client: Any, machine: Any) -> None:
    action = BY_NAME["aws.snapshot_instance"]
    first = await action.run(call(host=machine["InstanceId"]), site)
    assert len(first["snapshots"]) == len(machine["BlockDeviceMappings"]) == 1
    assert await action.run(call(host=machine["InstanceId"]), site) == first
    mine = client("ec2").describe_snapshots(Filters=[{"Name": "tag:siem-incident", "Values": ["inc-1"]}])[
        "Snapshots"
    ]
    assert len(mine) == len(first["snapshots"])
    await action.run(call("other", host=machine["InstanceId"]), site)
    mine = client("ec2").describe_snapshots(Filters=[{"Name": "tag:siem-incident", "Values": ["inc-1"]}])[
        "Snapshots"
    ]
    assert len(mine) == 2 * len(first["snapshots"])


@pytest.mark.parametrize("address", ["203.0.113.7", "203.0.113.0/28", "2001:db8::7"])
async def test_an_address_is_in_the_waf_set_and_out_again(server: str, client: Any, address: str) -> None:
    waf, sets = client("wafv2"), {}
    for key, version, other in (
        ("waf_ip_set", "IPV4", "198.51.100.1/32"),
        ("waf_ip_set_v6", "IPV6", "2001:db8:1::1/128"),
    ):
        made = waf.create_ip_set(
            Name=key, Scope="REGIONAL", IPAddressVersion=version, Addresses=[other], Description="ours"
        )
        sets[key] = made["Summary"]["ARN"]
    site = site_of(account=settings(server, **sets))
    action = BY_NAME["aws.waf_block_ip"]
    await prove_containment(action, site, call(ip=address))
    await action.run(call(ip=address), site)
    found = {}
    for key, arn in sets.items():
        found[key] = waf.get_ip_set(Name=key, Scope="REGIONAL", Id=arn.rsplit("/", 1)[1])["IPSet"]
    assert sum(len(one["Addresses"]) for one in found.values()) == 3
    assert {one["Description"] for one in found.values()} == {"ours"}
    await action.undo(call(ip=address), site)
    for key, arn in sets.items():
        assert (
            len(waf.get_ip_set(Name=key, Scope="REGIONAL", Id=arn.rsplit("/", 1)[1])["IPSet"]["Addresses"])
            == 1
        )


async def test_an_ipv6_address_is_known_in_the_long_form_that_waf_gives_back(
    server: str, client: Any
) -> None:
    waf = client("wafv2")
    long = "2001:0db8:0000:0000:0000:0000:0000:0007/128"
    arn = waf.create_ip_set(Name="six", Scope="REGIONAL", IPAddressVersion="IPV6", Addresses=[])["Summary"][
        "ARN"
    ]
    site, action = site_of(account=settings(server, waf_ip_set_v6=arn)), BY_NAME["aws.waf_block_ip"]
    await action.run(call(ip="2001:db8::7"), site)
    place = {"Name": "six", "Scope": "REGIONAL", "Id": arn.rsplit("/", 1)[1]}
    waf.update_ip_set(**place, Addresses=[long], LockToken=waf.get_ip_set(**place)["LockToken"])
    assert (await action.verify(call(ip="2001:db8::7"), site)).in_force
    await action.undo(call(ip="2001:db8::7"), site)
    assert waf.get_ip_set(**place)["IPSet"]["Addresses"] == []


async def test_a_waf_set_must_be_named_and_take_it(server: str, site: Site, client: Any) -> None:
    action = BY_NAME["aws.waf_block_ip"]
    with pytest.raises(ActionRefusedError, match="has no waf_ip_set"):
        await action.run(call(ip="203.0.113.7"), site)
    six = client("wafv2").create_ip_set(Name="six", Scope="REGIONAL", IPAddressVersion="IPV6", Addresses=[])[
        "Summary"
    ]["ARN"]
    for arn, said in (
        (six, "other IP version"),
        ("arn:aws:iam::1:user/x", "no ARN"),
        (six[:-4] + "0000", "WAFNonexistentItem"),
    ):
        with pytest.raises(ActionRefusedError, match=said):
            await action.run(call(ip="203.0.113.7"), site_of(account=settings(server, waf_ip_set=arn)))
    for address in ("0.0.0.0/0", "::/0", "x"):
        with pytest.raises(ActionRefusedError):
            await action.run(call(ip=address), site)


async def test_lookups_say_whose_a_key_is(site: Site, alice: str) -> None:
    user = await BY_NAME["aws.lookup_user"].run(call(user="alice"), site)
    assert set(user) == set(BY_NAME["aws.lookup_user"].spec.returns)
    assert (user["groups"], user["mfa"], user["active_keys"]) == (["admins"], False, 1)
    assert user["keys"][0].startswith(f"{alice} is Active")
    key = await BY_NAME["aws.lookup_key"].run(call(access_key=alice), site)
    assert (key["known"], key["user"]) == (True, "alice")


@pytest.mark.parametrize(
    ("name", "parameter", "others"),
    [
        ("aws.deactivate_key", "access_key", {"user": "alice"}), ("aws.deny_user", "user", {}), ("aws.lookup_user", "user", {}),
        ("aws.quarantine_instance", "host", {}), ("aws.snapshot_instance", "host", {}), ("aws.waf_block_ip", "ip", {}),
    ],
)  # fmt: skip
async def test_hostile_values_reach_nobody(
    site: Site, name: str, parameter: str, others: dict[str, str]
) -> None:
    for value in HOSTILE:
        with pytest.raises(ActionError):
            await BY_NAME[name].run(call(**{parameter: value}, **others), site)


async def test_a_role_is_taken_on_and_a_connection_says_who_it_is(server: str) -> None:
    (kind,) = CONNECTIONS
    assert kind.test is not None
    role = settings(server, role_arn="arn:aws:iam::123456789012:role/responder", external_id="x-1")
    said = await kind.test(site_of(account=role), "account")
    assert "assumed-role/responder/siem" in said
    assert kind.faults({"region": REGION}) == [
        "access_key_id_env is missing: the access key of a user of its own", "secret_access_key_env is missing: its secret",
    ]  # fmt: skip
    with pytest.raises(ActionRefusedError, match="no region"):
        await kind.test(site_of(account=settings(server, region="../evil")), "account")


async def test_who_is_away_is_worth_a_retry_and_no_secret_is_shown() -> None:
    site = site_of(account=settings("http://127.0.0.1:9"))
    with pytest.raises(ActionUnavailableError) as caught:
        await BY_NAME["aws.deny_user"].run(call(user="alice"), site)
    assert "s3cret-value" not in str(caught.value)
