"""AWS WAF (version 2) web ACL traffic logs, JSON.

Reference: https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.aws.arn import put_place
from integrations.aws.envelopes import recognising, unwrapping
from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, mapping, objects, pick, put, put_ip, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_url
from rules.ecs import Document

_TYPES = {"ALLOW": "allowed", "BLOCK": "denied", "CAPTCHA": "denied", "CHALLENGE": "denied"}
_HEADERS = {"referer": "http.request.referrer", "content-type": "http.request.mime_type"}


def _read(entry: dict[str, Any], times: Times) -> Document:
    request = mapping(entry.get("httpRequest"))
    action = text(entry.get("action"))
    if action is None or not request:
        raise UnparsedError("expected a WAF record with action and httpRequest")
    document: Document = {"@timestamp": times.required(times.epoch(entry.get("timestamp")))}
    kind = _TYPES.get(action)
    outcome = {"allowed": "success", "denied": "failure"}.get(kind or "")
    categorise(document, ("web",), ["access", kind] if kind else ["access"], action=action, outcome=outcome)
    put(document, "rule.id", text(entry.get("terminatingRuleId")))
    put(document, "rule.ruleset", text(entry.get("terminatingRuleType")))
    client = text(request.get("clientIp"))
    put(document, "source.address", client)
    put_ip(document, "source.ip", client)
    put(document, "http.request.method", text(request.get("httpMethod")))
    put(document, "http.request.id", text(request.get("requestId")))
    put(document, "http.version", (text(request.get("httpVersion")) or "").removeprefix("HTTP/"))
    _put_url(document, request)
    put(document, "network.protocol", (text(request.get("scheme")) or "http").lower())
    put(document, "network.transport", "tcp")
    put(document, "tls.client.ja3", text(entry.get("ja3Fingerprint")))
    put(document, "event.reason", text(pick(entry, "terminatingRuleMatchDetails.0.conditionType")))
    put(document, "cloud.service.name", "wafv2")
    put_place(document, entry.get("webaclId"))
    document["vendor"] = entry
    return document


def _put_url(document: Document, request: dict[str, Any]) -> None:
    path, query = text(request.get("uri")), text(request.get("args"))
    if path:
        put_url(document, f"{path}?{query}" if query else path)
    for header in objects(request.get("headers"))[:200]:
        name, value = (text(header.get("name")) or "").lower(), text(header.get("value"))
        if name == "user-agent":
            put_agent(document, value)
        elif name == "host" and value:
            put_domain(document, "url", value.partition(":")[0] if value.count(":") == 1 else value)
            add(document, "related.hosts", value.partition(":")[0])
        elif name in _HEADERS:
            put(document, _HEADERS[name], value)


def _is_record(entry: dict[str, Any]) -> bool:
    return {"webaclId", "httpRequest", "action"} <= entry.keys()


_ACL = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/main/3c1e5c"


def _sample(expect: dict[str, Any], **more: Any) -> Sample:
    request = {
        "clientIp": "203.0.113.7", "country": "NL", "uri": "/login", "args": "x=%3Cscript%3E", "httpVersion": "HTTP/1.1",
        "httpMethod": "GET", "requestId": "rid-1",
        "headers": [{"name": "Host", "value": "www.example.com"}, {"name": "User-Agent", "value": "curl/8.5.0"},
                    {"name": "Referer", "value": "https://example.org/"}],
    }  # fmt: skip
    entry = {
        "timestamp": 1776594030186, "formatVersion": 1, "webaclId": _ACL, "terminatingRuleId": "XssRule",
        "terminatingRuleType": "REGULAR", "action": "BLOCK", "httpSourceName": "ALB", "httpSourceId": "app/web/1",
        "terminatingRuleMatchDetails": [{"conditionType": "XSS", "location": "QUERY_STRING", "matchedData": ["<", "script"]}],
        "ruleGroupList": [], "rateBasedRuleList": [], "httpRequest": request,
    }  # fmt: skip
    return Sample(orjson.dumps(entry | more).decode(), expect)


_SAMPLES = (
    _sample(
        {"@timestamp": "2026-04-19T10:20:30.186Z", "event.action": "BLOCK", "event.category": ["web"], "event.outcome": "failure",
         "event.type": ["access", "denied"], "rule.id": "XssRule", "rule.ruleset": "REGULAR", "source.ip": "203.0.113.7",
         "http.request.method": "GET", "http.version": "1.1", "http.request.id": "rid-1", "url.path": "/login",
         "url.query": "x=%3Cscript%3E", "url.original": "/login?x=%3Cscript%3E", "url.domain": "www.example.com",
         "user_agent.name": "curl", "http.request.referrer": "https://example.org/", "event.reason": "XSS",
         "cloud.region": "eu-central-1", "cloud.account.id": "111122223333", "related.hosts": ["www.example.com"]},
    ),
    _sample({"event.type": ["access", "allowed"], "event.outcome": "success", "rule.id": "Default_Action"},
            action="ALLOW", terminatingRuleId="Default_Action", terminatingRuleMatchDetails=[]),
    _sample({"event.type": ["access", "denied"], "event.action": "CAPTCHA"}, action="CAPTCHA"),
    _sample({"source.ip": "2001:db8::7", "url.original": None},
            httpRequest={"clientIp": "2001:db8::7", "httpMethod": "POST", "headers": "none"}),
)  # fmt: skip

WAF = json_source(
    "aws.waf",
    "AWS WAF",
    "https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
    unwrapping(_read),
    recognising(_is_record),
    _SAMPLES,
)
