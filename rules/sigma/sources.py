"""Log sources: which events a rule is about.

A rule without its log source fires on everything, so the gate is part of its meaning. Each gate is a
list of conditions that must all hold; a condition is a list of alternatives; an alternative asks
ECS fields for values (``*``: any). The tables below are the whole truth: products, then categories
and services of a product (or of any, ``""``). What they don't name is gated by convention: product P
is ``event.module: P``, service S is ``event.dataset: P.S`` or ``event.provider: S``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TypeAlias

from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping

from rules.rule import LogSource
from rules.sigma.values import fold

Alternative: TypeAlias = Mapping[str, frozenset[str]]
Condition: TypeAlias = tuple[Alternative, ...]
Gate: TypeAlias = tuple[Condition, ...]
"""All conditions must hold, of each one alternative, of that all fields; values are folded."""

ANY_VALUE = "*"

FIELDS = (
    "winlog.channel",
    "event.code",
    "event.module",
    "event.dataset",
    "event.provider",
    "event.category",
    "event.type",
    "host.os.type",
    "log.syslog.appname",
    "process.name",
)
"""The fields that gates ask about."""


_SPELLED = {"host_os_type": "host.os.type", "appname": "log.syslog.appname"}


def _is(**fields: object) -> Alternative:
    """Write an alternative: ``event_module="linux"`` asks event.module; several values are a tuple."""
    return {
        _SPELLED.get(name, name.replace("_", ".", 1)): frozenset(
            fold(str(value)) for value in (values if isinstance(values, (tuple, list)) else (values,))
        )
        for name, values in fields.items()
    }


SYSMON = "Microsoft-Windows-Sysmon/Operational"
_POWERSHELL = windows_logsource_mapping["powershell"]
_WEB_MODULES = ("apache", "nginx", "iis", "web", "haproxy", "traefik", "cloudflare")
_PROXY_MODULES = ("squid", "zscaler", "bluecoat", "proxy", "cisco_umbrella", "netskope")
_FIREWALL_MODULES = (
    "panw",
    "fortinet",
    "fortigate",
    "cisco",
    "checkpoint",
    "pfsense",
    "opnsense",
    "juniper",
    "sophos",
    "sonicwall",
    "iptables",
    "ufw",
    "nftables",
)

PRODUCTS: Mapping[str, Condition] = {
    "windows": (_is(winlog_channel=ANY_VALUE),),
    "linux": (
        _is(event_module=("linux", "auditd", "auditbeat", "journald", "sysmon_linux", "system", "osquery")),
        _is(host_os_type="linux"),
        _is(winlog_channel="Linux-Sysmon/Operational"),
        _is(event_dataset="vmware.esxi"),  # rules about esxcli are filed under Linux
    ),
    "macos": (_is(host_os_type="macos"), _is(event_module="macos")),
    "m365": (_is(event_module=("m365", "o365", "microsoft365")),),
    "azure": (_is(event_module=("azure", "entra")),),
    "gcp": (_is(event_module=("gcp", "google_workspace")),),
    "cisco": (_is(event_module=("cisco", "cisco_duo", "duo")),),
    "fortigate": (_is(event_module=("fortinet", "fortigate")),),
    "fortios": (_is(event_module=("fortinet", "fortigate")),),
    "paloalto": (_is(event_module=("panw", "paloalto")),),
    "sql": (_is(event_category="database"),),
}

_ENDPOINT_MODULES = ("crowdstrike", "microsoft", "sentinelone")
_SEEN_BY_ENDPOINTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "process_creation": ("process", ("start",)),
    "network_connection": ("network", ("connection",)),
    "file_event": ("file", ("creation",)),
    "file_delete": ("file", ("deletion",)),
    "registry_event": ("registry", ("creation", "change", "deletion")),
    "registry_set": ("registry", ("change",)),
    "registry_add": ("registry", ("creation",)),
    "registry_delete": ("registry", ("deletion",)),
    "image_load": ("library", ("start",)),
    "driver_load": ("driver", ("start",)),
    "dns_query": ("network", ("protocol",)),
}
"""Categories of Windows whose events other endpoint products see, too: ECS's category and types of those."""


def _by_endpoints(category: str) -> Condition:
    if (seen := _SEEN_BY_ENDPOINTS.get(category)) is None:
        return ()
    kind, types = seen
    return (
        _is(event_module=_ENDPOINT_MODULES, host_os_type="windows", event_category=kind, event_type=types),
    )


CATEGORIES: Mapping[tuple[str, str], Condition] = {
    **{
        ("windows", category): (_is(winlog_channel=SYSMON, event_code=codes), *_by_endpoints(category))
        for category, codes in sysmon_generic_logsource_eventid_mapping.items()
    },
    ("windows", "process_creation"): (
        _is(winlog_channel=SYSMON, event_code=1),
        _is(winlog_channel="Security", event_code=4688),
        *_by_endpoints("process_creation"),
    ),
    ("windows", "file_access"): (
        _is(winlog_channel="Microsoft-Windows-Kernel-File/Analytic", event_code=(12, 30)),
    ),
    ("windows", "file_rename"): (
        _is(winlog_channel="Microsoft-Windows-Kernel-File/Analytic", event_code=19),
    ),
    ("windows", "file_delete"): (
        _is(winlog_channel=SYSMON, event_code=(23, 26)),
        *_by_endpoints("file_delete"),
    ),
    ("windows", "ps_module"): (_is(winlog_channel=_POWERSHELL, event_code=4103),),
    ("windows", "ps_script"): (_is(winlog_channel=_POWERSHELL, event_code=4104),),
    ("windows", "ps_classic_start"): (_is(winlog_channel="Windows PowerShell", event_code=400),),
    ("windows", "ps_classic_provider_start"): (_is(winlog_channel="Windows PowerShell", event_code=600),),
    ("windows", "ps_classic_script"): (_is(winlog_channel="Windows PowerShell", event_code=800),),
    **{
        (product, category): (
            *(
                [_is(winlog_channel="Linux-Sysmon/Operational", event_code=codes)]
                if product == "linux"
                else []
            ),
            _is(event_category=kind, event_type=types),
        )
        for product in ("linux", "macos")
        for category, codes, kind, types in (
            ("process_creation", 1, "process", ("start", "creation")),
            ("file_event", 11, "file", ("creation", "change")),
            ("file_delete", 23, "file", "deletion"),
            ("network_connection", 3, "network", ("connection", "start")),
        )
    },
    ("", "process_creation"): (_is(event_category="process", event_type=("start", "creation")),),
    ("", "file_event"): (_is(event_category="file", event_type=("creation", "change")),),
    ("", "network_connection"): (_is(event_category="network", event_type=("connection", "start")),),
    ("", "webserver"): (_is(event_module=_WEB_MODULES),),
    ("", "proxy"): (_is(event_module=_PROXY_MODULES), _is(event_category="web", event_type="proxy")),
    ("", "firewall"): (_is(event_module=_FIREWALL_MODULES, event_category="network"),),
    ("", "dns"): (
        _is(event_module=("bind", "dnsmasq", "dns")),
        _is(
            event_dataset=(
                "zeek.dns",
                "suricata.eve",
                "suricata.dns",
                "cloudflare.dns",
                "cloudflare.gateway_dns",
            )
        ),
    ),
    ("", "antivirus"): (_is(event_category="malware"),),
    ("", "database"): (_is(event_category="database"),),
    ("paloalto", "appliance"): (_is(event_module=("panw", "paloalto")),),
    ("paloalto", "file_event"): (_is(event_module=("panw", "paloalto")),),
    ("kubernetes", "application"): (_is(event_module="kubernetes"),),
}

_MORE_CHANNELS: Mapping[str, object] = {
    "dns-server-audit": "Microsoft-Windows-DNSServer/Audit",
    "dns-server-analytic": (
        "Microsoft-Windows-DNS-Server/Analytical",
        "Microsoft-Windows-DNSServer/Analytical",
    ),
    "ldap": "Microsoft-Windows-LDAP-Client/Debug",
    "iis-configuration": "Microsoft-IIS-Configuration/Operational",
    "smbclient-connectivity": "Microsoft-Windows-SmbClient/Connectivity",
    "smbserver-connectivity": "Microsoft-Windows-SMBServer/Connectivity",
    "sense": "Microsoft-Windows-SENSE/Operational",
}

SERVICES: Mapping[tuple[str, str], Condition] = {
    **{
        ("windows", service): (_is(winlog_channel=channels),)
        for service, channels in {**windows_logsource_mapping, **_MORE_CHANNELS}.items()
    },
    ("linux", "auth"): (_is(event_dataset=("linux.auth", "system.auth")),),
    **{
        ("linux", service): (
            _is(event_module="linux", appname=programs),
            _is(event_module="linux", process_name=programs),
            _is(event_provider=programs),
        )
        for service, programs in {
            "sshd": ("sshd", "sshd-session", "sshd-auth"),
            "sudo": "sudo",
            "su": "su",
            "cron": ("cron", "crond", "anacron", "crontab"),
            "clamav": ("clamav", "clamd", "freshclam"),
            "vsftpd": "vsftpd",
            "guacamole": ("guacamole", "guacd"),
        }.items()
    },
    ("linux", "syslog"): (
        _is(event_dataset=("linux.syslog", "system.syslog", "linux.auth", "linux.journald", "system.auth")),
    ),
    ("linux", "auditd"): (_is(event_module=("auditd", "auditbeat")), _is(event_dataset="linux.auditd")),
    ("azure", "auditlogs"): (_is(event_dataset=("azure.auditlogs", "entra.audit")),),
    ("azure", "signinlogs"): (_is(event_dataset=("azure.signinlogs", "entra.signin")),),
    ("azure", "pim"): (_is(event_dataset=("azure.identity_protection", "azure.pim", "entra.risk")),),
    ("azure", "riskdetection"): (_is(event_dataset=("azure.identity_protection", "entra.risk")),),
    ("azure", "activitylogs"): (_is(event_dataset=("azure.activitylogs", "azure.activity")),),
    ("gcp", "gcp.audit"): (_is(event_dataset="gcp.audit"),),
    ("gcp", "google_workspace.admin"): (
        _is(event_dataset="google_workspace.admin"),
        _is(event_module="google_workspace", event_provider="admin"),
    ),
    ("gcp", "google_workspace.login"): (
        _is(event_dataset="google_workspace.login"),
        _is(event_module="google_workspace", event_provider="login"),
    ),
    ("okta", "okta"): (_is(event_module="okta"),),
    ("onelogin", "onelogin.events"): (_is(event_module="onelogin"),),
    **{
        ("m365", service): (_is(event_module=("m365", "o365", "microsoft365")),)
        for service in ("audit", "exchange", "threat_detection", "threat_management")
    },
    ("fortigate", "event"): (_is(event_module=("fortinet", "fortigate")),),
    ("fortios", "sslvpnd"): (_is(event_module=("fortinet", "fortigate")),),
    ("paloalto", "globalprotect"): (_is(event_module=("panw", "paloalto")),),
    ("cisco", "duo"): (_is(event_module=("duo", "cisco_duo")), _is(event_dataset="cisco.duo")),
    **{
        (product, service): (_is(event_module=product),)
        for product in ("cisco", "juniper", "huawei")
        for service in ("aaa", "bgp", "ldp", "syslog")
    },
    ("cisco", "aaa"): (_is(event_module="cisco", event_category=("configuration", "authentication")),),
    ("", "apache"): (_is(event_module="apache"),),
    ("", "nginx"): (_is(event_module="nginx"),),
}


@lru_cache(maxsize=4096)
def gate_of(logsource: LogSource) -> Gate:
    """Return the gate of a log source, by the tables and else by convention; never empty."""
    product, category, service = logsource.product, logsource.category, logsource.service
    conditions: list[Condition] = []
    if product and not ((product, category) in CATEGORIES and product == "windows"):
        conditions.append(PRODUCTS.get(product, (_is(event_module=product),)))
    if category == "application" and product and (product, category) not in CATEGORIES:
        pass  # the product says it all
    elif category:
        by_name = CATEGORIES.get((product, category)) or CATEGORIES.get(("", category))
        conditions.append(by_name or (_is(event_category=category),))
    if service and (by_service := SERVICES.get((product, service)) or SERVICES.get(("", service))):
        conditions.append(by_service)
    elif service and product == "windows":
        conditions.append((_is(winlog_channel=service),))
    elif service:
        names = (f"{product}.{service}" if product else service, service)
        conditions.append((_is(event_dataset=names), _is(event_provider=service)))
    return tuple(conditions)


def opens(gate: Gate, values: Mapping[str, frozenset[str]]) -> bool:
    """Whether a gate is open to an event with these folded values in FIELDS."""
    return all(any(_holds(alternative, values) for alternative in condition) for condition in gate)


MANY = frozenset({"zeek.log", "cloudflare.http"})
"""Sources that name the data set of each event themselves."""


def is_collected(
    logsource: LogSource, datasets: Collection[str], categories: Collection[str] | None = None
) -> bool:
    """Whether sources of these names (``linux.auth``) can give events that a rule is about.

    A source's name is its events' ``event.dataset``, what stands before the dot ``event.module``; a source
    of `MANY` gives every data set of its module. Of alternatives, those that ask for one of these or for a
    platform decide. Where a rule asks for a category alone, `categories` are those of the sources' events;
    None: they may have any.
    """
    values = {
        "event.dataset": frozenset(datasets),
        "event.module": frozenset(map(_module_of, datasets)),
        "many": frozenset(_module_of(name) for name in datasets if name in MANY),
    }
    telling = {*values, "winlog.channel", "host.os.type"}
    if categories is not None:
        values["event.category"] = frozenset(categories)
    return all(
        any(
            _can_hold(alternative, values)
            for alternative in [each for each in condition if telling & each.keys()] or condition
        )
        for condition in gate_of(logsource)
    )


def _module_of(dataset: str) -> str:
    return dataset.partition(".")[0]


def _can_hold(alternative: Alternative, values: Mapping[str, frozenset[str]]) -> bool:
    if channels := alternative.get("winlog.channel"):
        needed = "linux" if any(channel.startswith("linux-") for channel in channels) else "windows"
        return needed in values["event.module"]
    if (host := alternative.get("host.os.type")) and "event.module" not in alternative:
        return bool(host & values["event.module"])
    return all(
        wanted & values[field]
        or (field == "event.dataset" and any(_module_of(name) in values["many"] for name in wanted))
        for field, wanted in alternative.items()
        if field in values
    )


def _holds(alternative: Alternative, values: Mapping[str, frozenset[str]]) -> bool:
    for field, wanted in alternative.items():
        present = values.get(field)
        if not present or not (ANY_VALUE in wanted or wanted & present):
            return False
    return True
