"""What DNS questions and answers are in ECS, from names or from the protocol's numbers.

Registry: https://www.iana.org/assignments/dns-parameters
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.fields import add, integer, put, put_new, text
from integrations.text import address
from integrations.web import domain_parts
from rules.ecs import Document

TYPES: Mapping[int, str] = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 17: "RP",
    18: "AFSDB", 24: "SIG", 25: "KEY", 28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 37: "CERT", 39: "DNAME",
    41: "OPT", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3",
    51: "NSEC3PARAM", 52: "TLSA", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 64: "SVCB", 65: "HTTPS",
    99: "SPF", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA",
}  # fmt: skip
CLASSES: Mapping[int, str] = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}
_ZEEK_CLASSES = {"C_INTERNET": "IN", "C_CHAOS": "CH", "C_HESIOD": "HS", "C_ANY": "ANY"}
CODES: Mapping[int, str] = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
    7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME",
}  # fmt: skip
MOST_ANSWERS = 200


def type_name(value: Any) -> str | None:
    """Return a record type's name, upper case, from its number or its name."""
    if (number := integer(value)) is not None:
        return TYPES.get(number) or (f"TYPE{number}" if 0 <= number < 65_536 else None)
    name = text(value)
    return name.upper() if name and len(name) <= 32 else None


def class_name(value: Any) -> str | None:
    """Return a class's name: ``IN`` for 1, ``IN`` and Zeek's ``C_INTERNET``."""
    if (number := integer(value)) is not None:
        return CLASSES.get(number)
    name = text(value)
    if name is None or len(name) > 32:
        return None
    return {"C_INTERNET": "IN", "C_CHAOS": "CH", "C_HESIOD": "HS", "C_ANY": "ANY"}.get(
        name.upper(), name.upper()
    )


def code_name(value: Any) -> str | None:
    """Return a response code's name, upper case, from its number or its name."""
    if (number := integer(value)) is not None:
        return CODES.get(number) or (f"RCODE{number}" if 0 <= number < 4096 else None)
    name = text(value)
    return name.upper() if name and len(name) <= 32 else None


def put_question(document: Document, name: Any, kind: Any = None, klass: Any = None) -> None:
    """Set ``dns.question.*``. The name is kept as it was asked, without a dot at its end."""
    asked = text(name)
    if asked is not None and len(asked) <= 1024:
        asked = asked.rstrip(".") or "."
        put(document, "dns.question.name", asked)
        for part, value in domain_parts(asked).items():
            put(document, f"dns.question.{part}", value)
    put(document, "dns.question.type", type_name(kind))
    put(document, "dns.question.class", class_name(klass))


def put_answers(document: Document, answers: Iterable[Mapping[str, Any]]) -> None:
    """Set ``dns.answers`` and ``dns.resolved_ip`` from objects with ``name``, ``type``, ``data`` and ``ttl``,
    any of which may be missing."""
    found: list[dict[str, Any]] = []
    for answer in answers:
        one: dict[str, Any] = {}
        put(one, "name", text(answer.get("name")))
        put(one, "type", type_name(answer.get("type")))
        put(one, "class", class_name(answer.get("class")))
        put(one, "data", text(answer.get("data")))
        put(one, "ttl", integer(answer.get("ttl")))
        if one:
            found.append(one)
        if len(found) >= MOST_ANSWERS:
            break
    put(document, "dns.answers", found)
    add(document, "dns.resolved_ip", [ip for one in found if (ip := address(str(one.get("data", ""))))])


def put_code(document: Document, value: Any) -> None:
    """Set ``dns.response_code``, and the outcome: only NOERROR is a success."""
    code = code_name(value)
    if code is None:
        return
    put(document, "dns.response_code", code)
    put_new(document, "event.outcome", "success" if code == "NOERROR" else "failure")
