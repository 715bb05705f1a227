"""VPC flow logs, versions 2 to 5 and more: text as S3 and CloudWatch Logs have it, JSON, and CSV with its header.

References: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html; names of the columns of JSON
and CSV, https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html

The order of fields is what the file's first line says; that line is the state of a stream, and what a
collector that starts again reads on from. Without it the order is told by the number of fields: the default of
version 2, or one of those that the documentation and the console use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from integrations.aws.arn import put_place
from integrations.aws.envelopes import is_log_envelope, log_messages
from integrations.aws.vpcflow_samples import VPCFLOW_SAMPLES
from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from integrations.fields import add, categorise, integer, put, put_ip, text
from integrations.flows import put_flow, put_transport
from integrations.normalisers import load_object
from integrations.notations import read_csv
from integrations.text import address, readable
from integrations.times import Times
from rules.ecs import Document

_TWO = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
_THREE = "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr"
_FOUR = "region az-id sublocation-type sublocation-id"
_FIVE = "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
_MORE = (
    "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id "
    "ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason "
    "resource-id encryption-status"
)
NAMES = frozenset(f"{_TWO} {_THREE} {_FOUR} {_FIVE} {_MORE}".split())
_ORDERS = tuple(
    tuple(order.split())
    for order in (
        _TWO,
        f"{_TWO} {_THREE}",
        f"{_TWO} {_THREE} {_FOUR}",
        f"{_TWO} {_THREE} {_FOUR} {_FIVE}",
        "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport "
        "pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
        "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol "
        "tcp-flags type pkt-srcaddr pkt-dstaddr action log-status",
        "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id "
        "subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags "
        "pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status",
    )
)
"""Orders that may stand without a header; the first that a line fits counts."""
_COLUMNS = {
    "account": "account-id", "interfaceid": "interface-id", "sourceaddress": "srcaddr", "destinationaddress": "dstaddr",
    "sourceport": "srcport", "destinationport": "dstport", "numpackets": "packets", "numbytes": "bytes",
    "starttime": "start", "endtime": "end", "logstatus": "log-status",
}  # fmt: skip
"""Names that columns of tables have, where they are others."""
_STATES = frozenset({"OK", "NODATA", "SKIPDATA"})
_FLAGS = {1: "fin", 2: "syn", 4: "rst", 8: "psh", 16: "ack", 32: "urg"}


def _name(column: str) -> str:
    """Return the field that a column is: ``account_id`` is ``account-id``."""
    name = column.strip().replace("_", "-").lower()
    return _COLUMNS.get(name, name)


def _split(line: str) -> list[str]:
    """Return the values of a line: between spaces or, of a table, between commas."""
    if "," not in line:
        return line.split()
    return [value.strip() or "-" for value in read_csv(line)]


def _header(values: Sequence[str]) -> tuple[str, ...] | None:
    """Return the fields that a header line names, None for a line that is none."""
    if len(values) < 3 or len(values) > 200:
        return None
    names = tuple(map(_name, values))
    return names if NAMES.issuperset(names) else None


def _names(values: Sequence[str]) -> tuple[str, ...] | None:
    """Return the order that a line without header fits."""
    for order in _ORDERS:
        if len(order) != len(values):
            continue
        entry = dict(zip(order, values, strict=True))
        ends = [value for name in ("srcaddr", "dstaddr") if (value := entry[name]) != "-"]
        if entry["log-status"] in _STATES and entry["version"].isdigit() and all(map(address, ends)):
            return order
    return None


def _read(entry: dict[str, str], times: Times, fallback: Any = None) -> Document:
    """`entry` has the fields that are not ``-``; `fallback` is the time of the envelope."""
    begun, ended = times.epoch(entry.get("start")), times.epoch(entry.get("end"))
    time = times.required(ended, begun, times.any(fallback), times.received())
    document: Document = {"@timestamp": time}
    action = entry.get("action")
    types = ["connection"]
    if action == "ACCEPT":
        types.append("allowed")
    elif action == "REJECT":
        types.append("denied")
    outcome = {"ACCEPT": "success", "REJECT": "failure"}.get(action or "")
    categorise(document, ("network",), types, action=action.lower() if action else None, outcome=outcome)
    put(document, "event.start", begun)
    put(document, "event.end", ended)
    put(document, "event.reason", entry.get("reject-reason"))
    for side, name, port in (("source", "srcaddr", "srcport"), ("destination", "dstaddr", "dstport")):
        put(document, f"{side}.address", entry.get(name))
        put_ip(document, f"{side}.ip", entry.get(name))
        put(document, f"{side}.port", integer(entry.get(port)))
    for field, name in (("bytes", "bytes"), ("packets", "packets")):
        put(document, f"source.{field}", integer(entry.get(name)))
        put(document, f"network.{field}", integer(entry.get(name)))
    put_transport(document, entry.get("protocol"))
    put(document, "network.direction", entry.get("flow-direction"))
    if (kind := (entry.get("type") or "").lower()) in ("ipv4", "ipv6"):
        put(document, "network.type", kind)
    put_flow(document)
    put_place(document, region=entry.get("region"), account=entry.get("account-id"))
    put(document, "cloud.availability_zone", entry.get("az-id"))
    put(document, "cloud.instance.id", entry.get("instance-id"))
    put(document, "container.id", entry.get("ecs-container-id"))
    add(document, "related.ip", [address(entry.get(name, "")) for name in ("pkt-srcaddr", "pkt-dstaddr")])
    flags = integer(entry.get("tcp-flags"))
    if flags is not None and 0 < flags < 256:
        put(document, "aws.vpcflow.tcp_flags_array", [name for bit, name in _FLAGS.items() if flags & bit])
    document["vendor"] = entry
    return document


class VpcFlows:
    """Reads one stream. `held` is its header, from which a collector reads on."""

    def __init__(self, origin: Origin) -> None:
        self._times = Times(origin)
        self._order: tuple[str, ...] = ()
        self._header: Record | None = None

    @property
    def held(self) -> Record | None:
        return self._header

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        whole = readable(record.data).strip()
        if whole.startswith("{"):
            return [(record, document) for document in self._objects(load_object(whole.encode()))]
        found = []
        for line in whole.split("\n"):
            words = _split(line)
            if (names := _header(words)) is not None:
                self._order, self._header = names, record
            elif words:
                found.append((record, _read(self._entry(words), self._times)))
        return found

    def _entry(self, words: Sequence[str]) -> dict[str, str]:
        order = self._order if len(self._order) == len(words) else _names(words)
        if order is None:
            raise UnparsedError(
                f"expected a flow log's header line, or a line in a known order, not {len(words)} words: "
                "of custom formats keep the header that each file in S3 begins with"
            )
        return {name: word for name, word in zip(order, words, strict=True) if word != "-"}

    def _objects(self, entry: dict[str, Any]) -> list[Document]:
        if is_log_envelope(entry):
            return [self._message(message, time) for message, time in log_messages(entry)]
        return [_read(_flat(entry), self._times)]

    def _message(self, message: str, time: Any) -> Document:
        if message.lstrip().startswith("{"):
            return _read(_flat(load_object(message)), self._times, time)
        return _read(self._entry(message.split()), self._times, time)

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _flat(entry: dict[str, Any]) -> dict[str, str]:
    """Read a flow that is a JSON object, as Athena and Firehose write them: ``account_id`` for account-id."""
    found: dict[str, str] = {}
    for key, value in list(entry.items())[:100]:
        name = _name(key)
        if name in NAMES and (written := text(value)) is not None:
            found[name] = written
    if not {"srcaddr", "interface-id", "log-status"} & found.keys():
        raise UnparsedError(
            "expected a flow with srcaddr, interface_id or log_status, or CloudWatch's envelope"
        )
    return found


def _open(origin: Origin) -> Normaliser:
    return VpcFlows(origin)


def _guess(records: Sequence[bytes]) -> float:
    hits, headed = 0, False
    for record in records:
        line = readable(record).strip()
        if line.startswith("{"):
            hits += _is_flow(line)
            continue
        try:
            words = _split(line[:4096])
        except UnparsedError:
            continue
        if _header(words) is not None:
            headed = True
            hits += 1
        else:
            hits += headed or _names(words) is not None
    return hits / max(1, len(records))


def _is_flow(line: str) -> bool:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(entry, dict):
        return False
    if is_log_envelope(entry):
        try:
            messages = [message for message, _ in log_messages(entry)]
        except UnparsedError:
            return False
        return any(_names(message.split()) is not None for message in messages[:5])
    names = set(map(_name, entry))
    return {"srcaddr", "dstaddr"} <= names and bool({"interface-id", "log-status"} & names)


VPCFLOW = Source(
    name="aws.vpcflow",
    title="Amazon VPC flow logs",
    documentation="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    open=_open,
    guess=_guess,
    joins=True,
    samples=VPCFLOW_SAMPLES,
)
