"""What the messages of ASA and FTD mean, by their number, and where their fields stand.

Reference: Cisco, "Cisco Secure Firewall ASA Series Syslog Messages". A pattern's groups are named after what
they hold: ``s`` and ``d`` are the ends (``sif``, ``sport``, ``snat``, ``snatport``, ``suser`` with them),
the others are read in `asa`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    """ECS's categorisation of a message."""

    category: tuple[str, ...]
    type: tuple[str, ...]
    action: str
    outcome: str | None = None
    blocked: bool | None = None
    kind: str = "event"


DENY = Meaning(("network",), ("info", "denied"), "firewall-rule", "failure", True)
DROP = Meaning(("network",), ("info", "denied"), "firewall-rule", "success", True)
PERMIT = Meaning(("network",), ("info", "allowed"), "firewall-rule", "success", False)
BUILT = Meaning(("network",), ("connection", "start", "allowed"), "firewall-rule", "success", False)
TEARDOWN = Meaning(("network",), ("connection", "end"), "flow-expiration")
INFO = Meaning(("network",), ("info",), "firewall-rule")
WEB = Meaning(("network", "web"), ("access", "allowed"), "firewall-rule", "success", False)
WEB_DENIED = Meaning(("network", "web"), ("access", "denied"), "firewall-rule", "failure", True)
FILE = Meaning(("network", "file"), ("access",), "firewall-rule", "success")
ATTACK = Meaning(("network", "intrusion_detection"), ("info",), "intrusion-detected", None, None, "alert")
SHUNNED = Meaning(
    ("network", "intrusion_detection"), ("info", "denied"), "host-shunned", "success", True, "alert"
)
BOTNET = Meaning(
    ("network", "intrusion_detection"), ("info",), "botnet-traffic-detected", None, None, "alert"
)
BOTNET_DROPPED = Meaning(
    ("network", "intrusion_detection"),
    ("info", "denied"),
    "botnet-traffic-detected",
    "success",
    True,
    "alert",
)
LOGGED_IN = Meaning(("authentication",), ("start",), "logged-in", "success")
LOGIN_FAILED = Meaning(("authentication",), ("start",), "logon-failed", "failure")
LOGGED_OUT = Meaning(("authentication",), ("end",), "logged-out", "success")
LOCKED = Meaning(("authentication", "iam"), ("user", "change"), "user-locked-out", "success")
AUTHORISED = Meaning(("authentication",), ("info",), "authorization", "success")
NOT_AUTHORISED = Meaning(("authentication",), ("info",), "authorization", "failure")
AAA = Meaning(("authentication",), ("info",), "aaa")
COMMAND = Meaning(("configuration",), ("change",), "command-executed", "success")
LOOK = Meaning(("configuration",), ("access",), "command-executed", "success")
CONFIGURATION = Meaning(("configuration",), ("change",), "configuration-changed")
VPN_START = Meaning(("network", "session"), ("connection", "start"), "client-vpn-connected", "success")
VPN_END = Meaning(("network", "session"), ("connection", "end"), "client-vpn-disconnected", "success")
VPN = Meaning(("network",), ("info",), "vpn")
VPN_ERROR = Meaning(("network",), ("error",), "client-vpn-error", "failure")
IDENTITY = Meaning(("iam",), ("user", "info"), "user-mapping")
TLS = Meaning(("network",), ("info",), "tls-handshake")
HOST = Meaning(("host",), ("info",), "system")
PACKAGE = Meaning(("package",), ("change",), "image-updated")

_PORT = r"(?:/(?P<{0}port>\w{{1,40}}))?"
_IP = r"(?P<{0}>[^\s/(),:]{{1,255}}|[0-9A-Fa-f:.]{{2,45}}(?:%\w{{1,32}})?)"
_PLAIN = _IP + _PORT
_ENDPOINT = r"(?P<{0}if>NP Identity Ifc|[^\s:]{{1,64}}):(?P<{0}>[^\s/(),]{{1,255}})" + _PORT
_LOOSE = r"(?:(?P<{0}if>[A-Za-z][^\s:]{{0,63}}):)?(?P<{0}>[^\s/(),]{{1,255}})" + _PORT
_USER = r"(?: ?\((?P<{0}user>[^(),]{{1,256}})\))?"
_MAPPED = r"(?: ?\((?P<{0}nat>[^\s/()]{{1,255}})(?:/(?P<{0}natport>\d{{1,5}}))?\))?"
_SHAPES = {
    f"<{shape}{side}>": pattern.format(side)
    for side in ("s", "d")
    for shape, pattern in (
        ("", _PLAIN), ("ip ", _IP), ("on ", _ENDPOINT), ("loose ", _LOOSE), ("user ", _USER), ("mapped ", _MAPPED),
    )
} | {
    "<proto>": r"(?:protocol )?(?P<proto>[\w-]{1,40})",
    "<if>": r"(?P<sif>[\w./-]{1,64})",
    "<user>": r"[\"'<]?(?P<user>[^\s\"'<>,]{1,256})[\"'>]?",
    "<quoted user>": r"(?P<user>[^\s,]{1,256}?)",
    "<length>": r"(?P<length>\d{1,6}:\d\d:\d\d)",
    "<bytes>": r"(?P<bytes>\d{1,19})",
    "<type>": r"(?P<icmp>\d{1,3})",
    "<code>": r"(?P<icmpcode>\d{1,3})",
    "<id>": r"(?P<connection>\d{1,20})",
    "<way>": r"(?P<way>inbound|outbound)",
    "<acl>": r"\"?(?P<acl>[^\s\"]{1,256})\"?",
    "<word>": r"[\w-]{1,40}",
}  # fmt: skip
_SHAPE = re.compile(rf"(?<!\?P)(?:{'|'.join(map(re.escape, _SHAPES))})")
"""Not the name of a group, which looks the same."""
_BUILT = "Built (?:<way> )?<proto>(?: state-bypass)? connection <id> (?:for|from) <on s><mapped s><user s> to <on d><mapped d><user d>"
_TORN = (
    "Teardown <proto>(?: state-bypass)? connection <id> (?:for|from) <on s><user s> to <on d><user d>"
    r" duration <length> bytes <bytes>(?: (?P<reason>[^()]{1,256}?))?(?: \((?P<user>[^()]{1,256})\))?$"
)
_ICMP = (
    r"ICMP connection (?:<id> )?for faddr (?P<f>[^\s/()]{1,64})/\d{1,5}(?:\((?P<fuser>[^()]{1,256})\))? gaddr (?P<g>[^\s/()]{1,64})/\d{1,5} "
    r"laddr (?P<l>[^\s/()]{1,64})/\d{1,5}(?:\((?P<luser>[^()]{1,256})\))?(?: ?\([^()]{1,256}\))?(?: type <type> code <code>)?"
)
_GROUP = r"Group (?:= )?<?(?P<group>[^,>]{0,256}?)>?,? (?:User(?:name)?) (?:= )?<?(?P<user>[^,>]{0,256}?)>?,? IP (?:= )?<?(?P<s>[0-9A-Fa-f.:]{2,45})>?,? "
_BETWEEN = r".{0,400}?\b[Ff]rom <loose s>(?: ?\([^()]{0,256}\))? to <loose d>(?=[\s,;.(]|$)"
_DYNAMIC = (
    r"Dynamic [Ff]ilter \w{1,20} (?:black|grey|white)?listed <proto> traffic from <on s><mapped s> to <on d><mapped d>,? ?.{0,80}?"
    r"resolved from \w{1,20} list: (?P<domain>[^\s,]{1,255})(?:,? threat-level: (?P<level>[\w-]{1,40}))?(?:,? category: (?P<kind>[\w -]{1,80}))?"
)
_IKE = r"Local:(?P<d>[0-9A-Fa-f.:]{2,45}):(?P<dport>\d{1,5}) Remote:(?P<s>[0-9A-Fa-f.:]{2,45}):(?P<sport>\d{1,5}) Username:(?P<user>\S{1,256})"

_ROWS: tuple[tuple[str, Meaning, str], ...] = (
    ("106001", DENY, r"Inbound <proto> connection denied from <s> to <d> flags (?P<flags>[A-Z ]{0,40}?) ?on interface <if>"),
    ("106002", DENY, r"<proto> Connection denied by outbound list <acl> src <ip s> (?P<sport>\d{1,5}) dest <ip d> (?P<dport>\d{1,5})"),
    ("106006", DENY, r"Deny <way> <proto> from <s> to <d> on interface <if>"),
    ("106007", DENY, r"Deny <way> <proto> from <s> to <d> due to (?P<reason>DNS \w{1,20})"),
    ("106010", DENY, r"Deny <way> <proto> src <loose s> dst <loose d>"),
    ("106012", DENY, r"Deny (?P<proto>IP) from <ip s> to <ip d>"),
    ("106013", DENY, r"Dropping echo request from <ip s> to PAT address <ip d>"),
    ("106014", DENY, r"Deny <way> <proto> src <on s><user s> dst <on d><user d> \(type <type>, code <code>\)"),
    ("106015", DENY, r"Deny <proto> \((?P<reason>no connection)\) from <s> to <d> flags (?P<flags>[A-Z ]{0,40}?) ?on interface <if>"),
    ("106016", DENY, r"Deny IP (?P<reason>spoof) from \((?P<s>[^()\s]{1,64})\) to <ip d> on interface <if>"),
    ("106017", DENY, r"Deny IP due to (?P<reason>Land Attack) from <ip s> to <ip d>"),
    ("106018", DENY, r"(?P<proto>ICMP) packet type <type> denied by outbound list <acl> src <ip s> dest <ip d>"),
    ("106020", DENY, r"Deny IP (?P<reason>teardrop fragment) \([^()]{0,80}\) from <ip s> to <ip d>"),
    ("106021", DENY, r"Deny <proto> (?P<reason>reverse path check) from <ip s> to <ip d> on interface <if>"),
    ("106022", DENY, r"Deny <proto> (?P<reason>connection spoof) from <ip s> to <ip d> on interface <if>"),
    ("106023", DENY, r"Deny <proto> src <on s><user s> dst <on d><user d>(?: \(type <type>, code <code>\))?(?: by access-group <acl>)?"),
    ("106100 106102 106103", DENY,
     r"access-list <acl> (?P<verdict>permitted|denied|est-allowed) <proto>(?: for user (?P<user>\S{1,256}))? (?P<sif>[^\s/]{1,64})/(?P<s>[^\s(]{1,64})"
     r"(?:\((?P<sport>\d{1,5})\)| (?P<sport2>\d{1,5}))?(?: ?\((?P<suser>[^()]{1,256})\))? -> (?P<dif>[^\s/]{1,64})/(?P<d>[^\s(]{1,64})"
     r"(?:\((?P<dport>\d{1,5})\)| (?P<dport2>\d{1,5}))?(?: ?\((?P<duser>[^()]{1,256})\))?(?: hit-cnt (?P<hits>\d{1,12}))?"),
    ("109005", LOGGED_IN, r"Authentication succeeded for user <user> from <s> to <d> on interface <if>"),
    ("109006", LOGIN_FAILED, r"Authentication failed for user <user> from <s> to <d> on interface <if>"),
    ("109007", AUTHORISED, r"Authorization permitted for user <user> from <s> to <d> on interface <if>"),
    ("109008 109024 109025", NOT_AUTHORISED, r"Authorization denied .{0,80}?user <user> from <s> to <d>(?: on interface <if>)?"),
    ("111001 111007", CONFIGURATION, r"Begin configuration: <loose s> (?:writing to|reading from) (?P<reason>.{1,128})"),
    ("111004", CONFIGURATION, r"<ip s> end configuration: (?P<result>FAILED|OK)"),
    ("111005", CONFIGURATION, r"<ip s> end configuration: (?P<result>FAILED|OK)"),
    ("111008", COMMAND, r"User <user> executed the '(?P<command>.{1,2048}?)' command\.?$"),
    ("111009", LOOK, r"User <user> executed cmd: (?P<command>.{1,2048})"),
    ("111010", COMMAND, r"User <user>, running '(?P<app>[^']{0,128})' from IP (?P<s>[^\s,]{1,64}), executed '(?P<command>.{1,2048}?)'\.?$"),
    ("113003", AAA, r"AAA group policy for user <user> is being set to (?P<reason>\S{1,256})"),
    ("113004", LOGGED_IN, r"AAA user (?P<app>authentication|authorization|accounting) Successful ?: server ?= {1,2}(?P<server>[^\s:]{1,255}) ?:? ?: ?user ?= ?(?P<user>\S{1,256})"),
    ("113005", LOGIN_FAILED,
     r"AAA user (?:authentication|authorization) Rejected ?: reason ?= (?P<reason>[^:]{1,256}?) ?: server ?= ?(?P<server>[^\s:]{1,255}) ?: user ?= ?(?P<user>\S{1,256})(?: ?: user IP ?= ?(?P<s>\S{1,64}))?"),
    ("113006", LOCKED, r"User <user> locked out on exceeding"),
    ("113007", LOCKED, r"User <user> unlocked by"),
    ("113008", LOGGED_IN, r"AAA transaction status ACCEPT ?: user ?= ?(?P<user>\S{1,256})"),
    ("113009", AAA, r"AAA retrieved default group policy (?P<group>\S{1,256}) for user ?= ?(?P<user>\S{1,256})"),
    ("113010 113011", AAA, r".{0,80}?\buser ?(?:= )?(?P<user>\S{1,256})"),
    ("113012", LOGGED_IN, r"AAA user authentication Successful ?: local database ?: user ?= ?(?P<user>\S{1,256})"),
    ("113013", LOGIN_FAILED, r"AAA unable to complete the request Error ?: reason ?= (?P<reason>[^:]{1,256}?) ?: user ?= ?(?P<user>\S{1,256})"),
    ("113014", LOGIN_FAILED, r"AAA authentication server not accessible ?: server ?= ?(?P<server>[^\s:]{1,255}) ?: user ?= ?(?P<user>\S{1,256})"),
    ("113015", LOGIN_FAILED,
     r"AAA user authentication Rejected ?: reason ?= (?P<reason>[^:]{1,256}?) ?: local database ?: user ?= ?(?P<user>[^\s:]{1,256})(?: ?: user IP ?= ?(?P<s>\S{1,64}))?"),
    ("113016 113017", LOGIN_FAILED, r"AAA credentials rejected ?: reason ?= (?P<reason>[^:]{1,256}?) ?: (?:server ?= ?(?P<server>[^\s:]{1,255})|local database) ?: user ?= ?(?P<user>[^\s:]{1,256})(?: ?: user IP ?= ?(?P<s>\S{1,64}))?"),
    ("113019", VPN_END, _GROUP + r"Session disconnected\. Session Type: (?P<session>[^,]{1,80}), Duration: (?P<hms>[^,]{1,40}), Bytes xmt: (?P<sent>\d{1,19}), Bytes rcv: (?P<received>\d{1,19}), Reason: (?P<reason>.{1,256})"),
    ("113021", LOGIN_FAILED, r"Attempted console login failed\.? user <user> did NOT"),
    ("113022 113023", HOST, r"AAA Marking (?P<app>\w{1,20}) server (?P<server>[^\s,]{1,255})"),
    ("113039", VPN_START, _GROUP),
    ("302013 302015 302017 302035 302303 302305", BUILT, _BUILT),
    ("302014 302016 302018 302036 302304 302306", TEARDOWN, _TORN),
    ("302020", BUILT, r"Built <way> " + _ICMP),
    ("302021", TEARDOWN, r"Teardown " + _ICMP),
    ("303002", FILE, r"FTP connection from <on s><user s> to <on d><user d>, user <user> (?P<app>\w{1,20}) file (?P<file>.{1,1024})"),
    ("304001", WEB, r"(?:(?P<user>[^\s@]{1,256})@)?(?P<s>[^\s(]{1,64})(?: ?\([^()]{1,256}\))? Accessed (?:JAVA )?URL (?P<d>[^\s:]{1,64}|[0-9A-Fa-f:]{2,45}?):(?P<url>(?:\w{1,10}:)?/.{0,4096}|\S{1,4096})"),
    ("304002", WEB_DENIED, r"Access denied URL (?P<url>\S{1,4096}) SRC (?P<s>[^\s(]{1,64})(?: ?\([^()]{1,256}\))? DEST (?P<d>[^\s(]{1,64})(?: on interface <if>)?"),
    ("305005", DENY, r"(?P<reason>No translation group found) for <proto> src <on s><user s> dst <on d>"),
    ("305006", DENY, r"(?P<reason>.{1,80}?translation creation failed) for <proto> src <loose s><user s> dst <loose d>(?:<user d>)?(?: \(type <type>, code <code>\))?"),
    ("305009 305010 305011 305012", INFO, r"(?:Built|Teardown) \w{1,20} (?:<proto> )?translation from <on s><user s> to <on d>(?: duration <length>)?"),
    ("305013", DENY, r"(?P<reason>Asymmetric NAT rules matched for forward and reverse flows); Connection(?: for)? <proto> src <on s><user s> dst <on d>(?:<user d>)? denied"),
    ("313001", DENY, r"Denied (?P<proto>ICMP) type=<type>, code=<code> from <ip s> on interface <if>"),
    ("313004", DENY, r"Denied (?P<proto>ICMP) type=<type>, from (?:laddr )?<ip s> on interface <if> to <ip d>: (?P<reason>no matching session)"),
    ("313005", DENY, r"(?P<reason>No matching connection for ICMP error message): <proto> src <on s> dst <on d> \(type <type>, code <code>\)"),
    ("313008", DENY, r"Denied (?P<proto>IPv6-ICMP) type=<type>, code=<code> from (?P<s>[^\s,]{1,64}) on interface <if>"),
    ("313009", DENY, r"Denied invalid (?P<proto>ICMP) code <code>, for <on s>(?:/\d{1,5})? \(.{0,80}?\) to <on d>"),
    ("322001", DENY, r"Deny MAC address (?P<smac>[0-9A-Fa-f.:]{12,17}), possible spoof attempt on interface <if>"),
    ("338001 338002 338003 338004 338201 338202", BOTNET, _DYNAMIC),
    ("338005 338006 338007 338008 338203 338204", BOTNET_DROPPED, _DYNAMIC),
    ("401004", SHUNNED, r"Shunned packet: <ip s> (?:==?>?|to) <ip d> on interface <if>"),
    ("402114 402115 402116 402117", DROP, r"IPSEC: Received an? .{0,80}?\(.{0,80}?\) from <ip s>(?: \(user= ?(?P<user>[^()]{1,256})\))? to <ip d>"),
    ("410001", DROP, r"Dropped (?P<proto>UDP) DNS .{0,40}?from <on s> to <on d>; (?P<reason>.{1,200})"),
    ("419002", DROP, r"(?P<reason>Duplicate (?P<proto>TCP) SYN) from <on s> to <on d>"),
    ("411001 411002 411003 411004", HOST, r"(?:Line protocol on )?[Ii]nterface <if>,? changed (?:state to|to) (?P<reason>[\w -]{1,40})"),
    ("434002", DROP, r"SFR requested to drop <proto> packet from <on s> to <on d>"),
    ("500004", DROP, r"(?P<reason>Invalid transport field) for protocol=(?P<proto>\w{1,20}), from <s> to <d>"),
    ("602303 602304", VPN, r"IPSEC: An? <way> .{0,40}?SA \(SPI= ?(?P<spi>[^()]{1,20})\) between <ip s> and <ip d> \(user= ?(?P<user>[^()]{1,256})\) has been (?P<app>created|deleted)"),
    ("605004", LOGIN_FAILED, r"Login denied from <s> to <loose d> for user <user>"),
    ("605005", LOGGED_IN, r"Login permitted from <s> to <loose d> for user <user>"),
    ("607001", INFO, r"Pre-allocate SIP .{0,40}?secondary channel for <on d> to <loose s> from"),
    ("609001", Meaning(("network",), ("start",), "firewall-rule"), r"Built local-host <on s>"),
    ("609002", Meaning(("network",), ("end",), "flow-expiration"), r"Teardown local-host <on s> duration <length>"),
    ("611101", LOGGED_IN, r"User authentication succeeded:(?: IP address: (?P<s>[^\s,]{1,64}),?)? Uname: <user>"),
    ("611102", LOGIN_FAILED, r"User authentication failed:(?: IP address: (?P<s>[^\s,]{1,64}),?)? Uname: <user>"),
    ("611103", LOGGED_OUT, r"User logged out: Uname: <user>"),
    ("710001", INFO, r"<proto> access requested from <s> to <on d>"),
    ("710002", PERMIT, r"<proto> access permitted from <s> to <on d>"),
    ("710003", DENY, r"<proto> access denied by ACL from <s> to <on d>"),
    ("710004", DROP, r"(?P<proto>\w{1,10}) connection limit exceeded from <s> to <on d>"),
    ("710005 710006", DROP, r"<proto> request discarded from <s> to <on d>"),
    ("716001", VPN_START, _GROUP + "WebVPN session started"),
    ("716002", VPN_END, _GROUP + r"WebVPN session terminated: (?P<reason>.{1,200}?)\.?$"),
    ("716038", LOGGED_IN, _GROUP + "Authentication: successful"),
    ("716039", LOGIN_FAILED, _GROUP + "Authentication: rejected"),
    ("716039", LOGIN_FAILED, r"Authentication: rejected, group = (?P<group>\S{0,256}) user = (?P<user>[^\s,]{0,256})"),
    ("722022 722033 722034 722055", VPN_START, _GROUP),
    ("722051", VPN_START, _GROUP + r"IPv4 Address <(?P<assigned>[0-9.]{7,15})> IPv6 address <(?P<assigned6>[0-9A-Fa-f:]{2,45})> assigned to session"),
    ("722011 722012 722023 722037", VPN_END, _GROUP + r"(?P<reason>.{0,400})"),
    ("722020 722021 722006 722007 722008 722009", VPN_ERROR, _GROUP),
    ("725001 725002 725003 725006 725007", TLS, r".{0,60}?(?:client|server|peer|session with client) <loose s> to <loose d>(?: for (?P<tls>(?:TLS|SSL|DTLS)v[\d.]{1,5}) session)?"),
    ("733100", ATTACK, r"\[ ?(?P<object>[^\]]{1,128}?) ?\] drop rate-\d exceeded"),
    ("733101", ATTACK, r"(?:Object|Subnet|Host|Interface|\[) ?(?P<object>[^\]]{1,128}?) ?\]? \(.{0,80}?\)? ?is (?P<reason>\w{1,40})"),
    ("733102", SHUNNED, r"Threat-detection adds host <ip s> to shun list"),
    ("733103", Meaning(("network", "intrusion_detection"), ("info", "allowed"), "host-unshunned", "success"), r"Threat-detection removes host <ip s> from shun list"),
    ("733104 733105", ATTACK, r".{0,200}"),
    ("734001", VPN, r"DAP: User (?P<user>[^,]{1,256}), Addr (?P<s>[^,\s]{1,64}), Connection (?P<session>[^:]{1,80}): The following DAP records were selected for this connection: (?P<acl>.{1,256})"),
    ("746012 746013", IDENTITY, r"user-identity: (?P<app>Add|Delete) IP-User mapping (?P<s>[^\s]{1,64}) - (?P<user>\S{1,256}) (?P<result>Succeeded|Failed)(?: - (?P<reason>.{1,200}))?"),
    ("746014 746015 746016", HOST, r"user-identity: .{0,200}"),
    ("750006", VPN_START, _IKE), ("750007", VPN_END, _IKE + r" IKEv2 SA DOWN\. Reason: (?P<reason>.{1,200})"),
    ("750003", VPN_ERROR, _IKE + r" .{0,80}?(?:ERROR|failed)[: ] ?(?P<reason>.{0,200})"),
    ("751001 751002 751003 751011 751012 751019 751020", VPN_ERROR, _IKE + r" (?P<reason>.{0,200})"),
    ("769001 769002 769003 769004 769005 769006 769007 769009", PACKAGE, r"UPDATE: (?P<reason>.{1,400})"),
    ("772002", LOGIN_FAILED, r"PASSWORD: console login warning, user (?P<user>[^,]{1,256})(?:, cause: (?P<reason>.{1,200}))?"),
    ("772003 772004", LOGIN_FAILED, r"PASSWORD: (?P<app>session|\w{1,20}) login (?:failed|warning), user (?P<user>[^,]{1,256}), IP (?P<s>[^,\s]{1,64})(?:, cause: (?P<reason>.{1,200}))?"),
    ("772005 772006", LOGGED_IN, r"REAUTH: user (?P<user>\S{1,256}) (?:passed|failed) authentication"),
)  # fmt: skip


class Row(NamedTuple):
    meaning: Meaning
    pattern: re.Pattern[str]


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_SHAPE.sub(lambda match: _SHAPES[match[0]], pattern), re.ASCII | re.DOTALL)


def _rows() -> Mapping[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for numbers, meaning, pattern in _ROWS:
        row = Row(meaning, _compiled(pattern))
        for number in numbers.split():
            found[number] = (*found.get(number, ()), row)
    return found


ROWS = _rows()
GROUP = _compiled(_GROUP)
"""How messages about a VPN user begin, whatever their number."""
IKE = _compiled(_IKE)
BETWEEN = _compiled(_BETWEEN)
"""Any message that names two ends."""
FAMILIES: tuple[tuple[str, Meaning], ...] = (
    ("106", DENY), ("109", AAA), ("111", CONFIGURATION), ("112", CONFIGURATION), ("113", AAA), ("201", DROP),
    ("202", INFO), ("302", INFO), ("305", INFO), ("313", DENY), ("316", VPN), ("317", INFO), ("4000", ATTACK),
    ("400", ATTACK), ("401", SHUNNED), ("402", VPN), ("404", VPN), ("410", DROP), ("414", HOST), ("415", INFO),
    ("419", DROP), ("500", DROP), ("602", VPN), ("605", AAA), ("611", AAA), ("702", VPN), ("709", HOST),
    ("710", INFO), ("713", VPN), ("715", VPN), ("716", VPN), ("717", HOST), ("718", VPN), ("720", VPN), ("721", VPN),
    ("722", VPN), ("725", TLS), ("733", ATTACK), ("734", VPN), ("746", IDENTITY), ("750", VPN), ("751", VPN),
    ("752", VPN), ("769", PACKAGE), ("772", AAA), ("108", INFO), ("209", DENY), ("303", INFO), ("304", WEB), ("314", INFO),
    ("318", INFO), ("322", DENY), ("324", INFO), ("335", INFO), ("336", INFO), ("338", BOTNET), ("405", DROP), ("406", DROP),
    ("407", DROP), ("408", INFO), ("409", INFO), ("416", DROP), ("418", DENY), ("420", DROP), ("421", INFO), ("431", DROP),
    ("434", INFO), ("503", INFO), ("507", DROP), ("508", DROP), ("604", INFO), ("607", INFO), ("608", DROP), ("609", INFO),
    ("617", INFO), ("620", INFO), ("719", INFO), ("723", VPN), ("737", VPN), ("776", INFO), ("778", INFO),
)  # fmt: skip
"""By the first digits, for the numbers that have no row, the first that fits."""


def meaning_of(number: str) -> Meaning:
    """Return what a message without a row of its own is about, by its class."""
    return next((meaning for prefix, meaning in FAMILIES if number.startswith(prefix)), HOST)
