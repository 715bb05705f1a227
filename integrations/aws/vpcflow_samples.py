"""Test records of ``aws.vpcflow``, each with the fields that its document must have."""

from __future__ import annotations

import orjson

from integrations.contract import Sample

_LINE = (
    "2 111122223333 eni-0a1b2c3d 203.0.113.7 192.0.2.20 50332 22 6 20 4249 1776594000 1776594060 ACCEPT OK"
)

VPCFLOW_SAMPLES = (
    Sample(
        _LINE,
        {"@timestamp": "2026-04-19T10:21:00.000Z", "event.start": "2026-04-19T10:20:00.000Z", "event.end": "2026-04-19T10:21:00.000Z",
         "event.category": ["network"], "event.type": ["connection", "allowed"], "event.action": "accept", "event.outcome": "success",
         "source.ip": "203.0.113.7", "source.address": "203.0.113.7", "source.port": 50332, "source.bytes": 4249, "source.packets": 20,
         "destination.ip": "192.0.2.20", "destination.port": 22, "network.bytes": 4249, "network.packets": 20,
         "network.transport": "tcp", "network.iana_number": "6", "network.type": "ipv4", "cloud.account.id": "111122223333",
         "cloud.provider": "aws", "vendor.interface-id": "eni-0a1b2c3d", "network.community_id": "1:VRLlgqZcATLtLh1AlrbbLBs5sM4="},
    ),
    Sample(
        "2 111122223333 eni-0a1b2c3d 2001:db8::7 2001:db8::20 49761 3389 6 1 60 1776594000 1776594060 REJECT OK",
        {"event.type": ["connection", "denied"], "event.action": "reject", "event.outcome": "failure", "network.type": "ipv6",
         "source.ip": "2001:db8::7"},
    ),
    Sample(
        "2 111122223333 eni-0a1b2c3d - - - - - - - 1776594000 1776594060 - NODATA",
        {"event.type": ["connection"], "source.ip": None, "vendor.log-status": "NODATA", "event.outcome": None,
         "@timestamp": "2026-04-19T10:21:00.000Z"},
    ),
    Sample(
        "2 111122223333 eni-0a1b2c3d - - - - - - - 1776594000 1776594060 - SKIPDATA",
        {"vendor.log-status": "SKIPDATA", "network.transport": None},
    ),
    Sample(
        "2 111122223333 eni-0a1b2c3d 203.0.113.7 192.0.2.20 0 0 1 4 336 1776594000 1776594060 ACCEPT OK",
        {"network.transport": "icmp", "network.iana_number": "1"},
    ),
    Sample(
        "version srcaddr dstaddr action pkt-srcaddr tcp-flags flow-direction region az-id instance-id\n"
        "5 192.0.2.1 198.51.100.2 REJECT 203.0.113.9 18 ingress eu-central-1 euc1-az1 i-0a",
        {"event.action": "reject", "network.direction": "ingress", "cloud.region": "eu-central-1", "cloud.instance.id": "i-0a",
         "cloud.availability_zone": "euc1-az1", "related.ip": ["203.0.113.9", "192.0.2.1", "198.51.100.2"],
         "aws.vpcflow.tcp_flags_array": ["syn", "ack"], "vendor.pkt-srcaddr": "203.0.113.9"},
    ),
    Sample(
        "3 vpc-1 subnet-1 i-0a eni-1 111122223333 IPv4 192.0.2.1 203.0.113.7 43416 5001 192.0.2.1 203.0.113.7 6 568 8 1776594000 "
        "1776594060 ACCEPT 2 OK",
        {"source.port": 43416, "source.bytes": 568, "source.packets": 8, "cloud.instance.id": "i-0a", "network.type": "ipv4"},
    ),
    Sample(
        "5 192.0.2.1 203.0.113.7 43416 443 6 1776594000 1776594060 IPv4 10 1240 111122223333 vpc-1 subnet-1 i-0a eni-1 eu-central-1 "
        "euc1-az1 - - ACCEPT 19 192.0.2.1 203.0.113.7 - S3 8 egress OK",
        {"destination.port": 443, "network.direction": "egress", "vendor.pkt-dst-aws-service": "S3"},
    ),
    Sample(
        f"{_LINE} vpc-1 subnet-1 - 2 IPv4 203.0.113.7 192.0.2.20 eu-central-1 euc1-az1 - - - - ingress -",
        {"vendor.vpc-id": "vpc-1", "cloud.instance.id": None, "network.direction": "ingress"},
    ),
    Sample(
        orjson.dumps({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "flows", "logStream": "eni-1-all",
                      "logEvents": [{"id": "1", "timestamp": 1776594000000, "message": _LINE}]}).decode(),
        {"source.port": 50332, "event.action": "accept"},
    ),
    Sample(
        '"version","account_id","interface_id","srcaddr","dstaddr","srcport","dstport","protocol","packets","bytes","start","end","action","log_status"\n'
        '"2","111122223333","eni-1","203.0.113.7","192.0.2.20","50332","22","6","20","4249","1776594000","1776594060","REJECT","OK"',
        {"source.ip": "203.0.113.7", "source.port": 50332, "event.action": "reject", "cloud.account.id": "111122223333",
         "network.bytes": 4249, "vendor.interface-id": "eni-1"},
    ),
    Sample(
        "srcaddr,dstaddr,action,flow_direction,pkt_srcaddr,tcp_flags\n192.0.2.1,198.51.100.2,ACCEPT,egress,,2",
        {"network.direction": "egress", "destination.ip": "198.51.100.2", "vendor.pkt-srcaddr": None,
         "aws.vpcflow.tcp_flags_array": ["syn"]},
    ),
    Sample(
        "version,account,interfaceid,sourceaddress,destinationaddress,sourceport,destinationport,protocol,numpackets,numbytes,starttime,endtime,action,"
        "logstatus\n2,111122223333,eni-1,203.0.113.7,192.0.2.20,50332,443,6,2,120,1776594000,1776594060,ACCEPT,OK",
        {"destination.port": 443, "source.packets": 2, "event.start": "2026-04-19T10:20:00.000Z", "vendor.log-status": "OK"},
    ),
    Sample(
        '{"version":2,"account_id":"111122223333","interface_id":"eni-1","srcaddr":"192.0.2.1","dstaddr":"192.0.2.2","srcport":5,'
        '"dstport":53,"protocol":17,"packets":1,"bytes":99,"start":1776594000,"end":1776594060,"action":"ACCEPT","log_status":"OK"}',
        {"destination.port": 53, "network.transport": "udp", "source.bytes": 99},
    ),
)  # fmt: skip
