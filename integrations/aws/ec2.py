"""``aws.quarantine_instance`` and ``aws.snapshot_instance``: a machine is cut off, and kept for forensics.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html: every network
interface gets one security group that allows nothing, ``siem-quarantine`` of its VPC, made where there is
none. What an interface had is remembered, and stands in its tag ``siem-groups`` too, for people and for
interfaces that come later. Connections that a security group tracks already may live until they are idle
(.../UserGuide/security-group-connection-tracking.html); new ones don't begin.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.aws.connection import KIND, Aws, open_aws
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.footprint import footprint_of
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen, TargetGoneError, stored
from integrations.tickets import mark_of
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType

_INSTANCE = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})\Z")
QUARANTINE = "siem-quarantine"
TAG = "siem-groups"
LONGEST = 256
"""Characters of a tag's value (EC2's limit): 12 groups; of more, only our own memory knows."""
HOST = Parameter(name="host", type=ValueType.HOST, description="The instance's id: i-0123456789abcdef0.")


class QuarantineInstance(Reversible):
    spec = ActionSpec(
        name="aws.quarantine_instance",
        kind=ActionKind.CONTAINMENT,
        summary="Put an EC2 instance into a security group that allows nothing.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="quarantine",
        timeout=45.0,
        connection=KIND,
        permission="ec2:DescribeInstances, ec2:DescribeNetworkInterfaces, ec2:DescribeSecurityGroups, "
        "ec2:CreateSecurityGroup, ec2:RevokeSecurityGroupEgress, ec2:ModifyNetworkInterfaceAttribute, "
        "ec2:CreateTags, ec2:DeleteTags",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        aws = open_aws(site, call.params.get("connection"))
        instance = await _instance(aws, call.params["host"])
        found = await _interfaces(aws, instance["InstanceId"])
        group = await _quarantine(aws, str(instance.get("VpcId")))
        closed = group is not None and not _lets_through(group)
        inside = [one for one in found if group and _groups(one) == [group["GroupId"]]]
        said = f"{len(inside)} of {len(found)} network interfaces of {instance['InstanceId']} are in {QUARANTINE}"
        if group and not closed:
            said += ", which lets something through"
        before = {"groups": {one["NetworkInterfaceId"]: _groups(one) for one in found if one not in inside}}
        contained = closed and bool(found) and len(inside) == len(found)
        touched = bool(inside) or any(TAG in _tags(one) for one in found)
        return Seen(contained, said, before, partly=touched and not contained)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        aws = open_aws(site, call.params.get("connection"))
        instance = await _instance(aws, call.params["host"])
        quarantine = await _make_quarantine(aws, str(instance.get("VpcId")))
        for one in await _interfaces(aws, instance["InstanceId"]):
            if _groups(one) != [quarantine]:
                groups = " ".join(_groups(one))
                tag = {"Key": TAG, "Value": groups if len(groups) <= LONGEST else ""}
                await aws.ask("ec2", "create_tags", Resources=[one["NetworkInterfaceId"]], Tags=[tag])
                await _move(aws, one["NetworkInterfaceId"], [quarantine])

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        """Give every interface its groups back; one that somebody moved elsewhere meanwhile stays there."""
        aws = open_aws(site, call.params.get("connection"))
        instance = await _instance(aws, call.params["host"])
        group = await _quarantine(aws, str(instance.get("VpcId")))
        for one in await _interfaces(aws, instance["InstanceId"]):
            name, tags = one["NetworkInterfaceId"], _tags(one)
            groups = before.get("groups", {}).get(name) or tags.get(TAG, "").split()
            if groups and group and _groups(one) == [group["GroupId"]]:
                await _move(aws, name, groups)
            if TAG in tags:
                await aws.ask("ec2", "delete_tags", Resources=[name], Tags=[{"Key": TAG}])

    async def aliases_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the instance's name (its tag ``Name``), its DNS names and all its addresses."""
        aws = open_aws(site, call.params.get("connection"))
        instance = await _instance(aws, call.params["host"])
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in instance.get("Tags", [])}
        keys = ("PrivateDnsName", "PublicDnsName", "PrivateIpAddress", "PublicIpAddress", "Ipv6Address")
        found = [tags.get("Name"), *(instance.get(key) for key in keys)]
        for interface in await _interfaces(aws, instance["InstanceId"]):
            found += [one.get("PrivateIpAddress") for one in interface.get("PrivateIpAddresses", [])]
            found += [one.get("Ipv6Address") for one in interface.get("Ipv6Addresses", [])]
        return list(dict.fromkeys(str(one).strip() for one in found if one))

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Events know an instance by its names and addresses rather than by its id: of these the one that
        is in most of them speaks for it."""
        names = [call.params["host"], *await self.aliases_of(call, site)]
        with stored():
            asked = (footprint_of(_about(self.spec, name), {"host": name}, site) for name in names[:8])
            found = await asyncio.gather(*asked)
        most = max(found, key=lambda blast: blast.events or 0)
        others = ", ".join(names[1:6])
        said = f"{names[0]} is {others}. " if others else ""
        return most.model_copy(update={"summary": f"{said}{most.summary}"})


class SnapshotInstance:
    spec = ActionSpec(
        name="aws.snapshot_instance",
        kind=ActionKind.CHANGE,
        summary="Snapshot all volumes of an EC2 instance at one moment, once for each request.",
        parameters=(HOST, CONNECTION),
        returns={"snapshots": ValueType.LIST},
        timeout=45.0,
        connection=KIND,
        permission="ec2:DescribeInstances, ec2:CreateSnapshots, ec2:DescribeSnapshots, ec2:CreateTags",
        per_minute=30,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        aws = open_aws(site, call.params.get("connection"))
        instance = await _instance(aws, call.params["host"])
        mark = mark_of(call, self.spec.name)
        filters = [{"Name": "tag:siem-mark", "Values": [mark]}]
        found = (await aws.known("ec2", "describe_snapshots", OwnerIds=["self"], Filters=filters))[
            "Snapshots"
        ]
        if not found:
            tags = {
                "siem-mark": mark,
                "siem-incident": (call.incident or "")[:256],
                "Name": f"forensic copy of {instance['InstanceId']}",
            }
            answer = await aws.known(
                "ec2", "create_snapshots",
                InstanceSpecification={"InstanceId": instance["InstanceId"], "ExcludeBootVolume": False},
                Description=f"Forensic copy of {instance['InstanceId']}",
                TagSpecifications=[
                    {"ResourceType": "snapshot", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
                ],
            )  # fmt: skip
            found = answer["Snapshots"]
        return {"snapshots": sorted(f"{one['SnapshotId']} of {one['VolumeId']}" for one in found)}


def _about(spec: ActionSpec, name: str) -> ActionSpec:
    """Return the spec of an action about this host, by its name or by its address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return spec
    return spec.model_copy(update={"parameters": (HOST.model_copy(update={"type": ValueType.IP}),)})


async def _instance(aws: Aws, host: str) -> dict[str, Any]:
    if not _INSTANCE.match(host):
        raise ActionRefusedError(f"{host!r:.80} is no id of an instance, like i-0123456789abcdef0")
    gone = ("InvalidInstanceID.NotFound",)
    answer = await aws.ask("ec2", "describe_instances", expected=gone, InstanceIds=[host])
    found = [instance for one in (answer or {}).get("Reservations", ()) for instance in one["Instances"]]
    if not found or found[0].get("State", {}).get("Name") == "terminated":
        raise TargetGoneError(f"{aws.named.name} has no instance {host} in {aws.named.need('region')}")
    return dict(found[0])


async def _interfaces(aws: Aws, instance: str) -> list[dict[str, Any]]:
    filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
    found = (await aws.known("ec2", "describe_network_interfaces", Filters=filters))["NetworkInterfaces"]
    return sorted(found, key=lambda one: str(one["NetworkInterfaceId"]))


def _groups(interface: Mapping[str, Any]) -> list[str]:
    return sorted(str(group["GroupId"]) for group in interface["Groups"])


def _tags(interface: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag["Key"]): str(tag["Value"]) for tag in interface.get("TagSet", [])}


async def _move(aws: Aws, interface: str, groups: list[str]) -> None:
    await aws.ask("ec2", "modify_network_interface_attribute", NetworkInterfaceId=interface, Groups=groups)


async def _quarantine(aws: Aws, vpc: str) -> dict[str, Any] | None:
    """Return the VPC's group for quarantine, None where there is none."""
    filters = [{"Name": "group-name", "Values": [QUARANTINE]}, {"Name": "vpc-id", "Values": [vpc]}]
    found = (await aws.known("ec2", "describe_security_groups", Filters=filters))["SecurityGroups"]
    return dict(found[0]) if found else None


def _lets_through(group: Mapping[str, Any]) -> bool:
    return bool(group["IpPermissions"] or group["IpPermissionsEgress"])


async def _make_quarantine(aws: Aws, vpc: str) -> str:
    """Return the id of the VPC's group that allows nothing, made where there is none.

    A new group allows everything out, and may have been left so by an attempt that died here: that is taken
    away. Raises `ActionRefusedError` where somebody let something in.
    """
    group = await _quarantine(aws, vpc)
    if group is None:
        await aws.ask(
            "ec2", "create_security_group", expected=("InvalidGroup.Duplicate",), GroupName=QUARANTINE, VpcId=vpc,
            Description="Allows nothing: instances that are quarantined in response to an incident",
        )  # fmt: skip
        group = await _quarantine(aws, vpc)
    if group is None:
        raise ActionUnavailableError(
            f"{aws.named.name}: the new security group {QUARANTINE} is not there yet"
        )
    name = str(group["GroupId"])
    if group["IpPermissions"]:
        raise ActionRefusedError(f"the security group {name} ({QUARANTINE}) lets something through: empty it")
    if group["IpPermissionsEgress"]:
        await aws.ask(
            "ec2", "revoke_security_group_egress", GroupId=name, IpPermissions=group["IpPermissionsEgress"]
        )
    return name
