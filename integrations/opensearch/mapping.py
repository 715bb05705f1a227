"""The one explicit mapping of all events: ECS 8 fields by type.

Unknown fields are kept in the document and not indexed, so that a vendor's leftovers neither
explode the mapping nor conflict in it. Keyword fields have a ``.caseless`` twin, since Sigma
compares without case. Reference: https://www.elastic.co/docs/reference/ecs/ecs-field-reference
"""

from __future__ import annotations

from typing import Any

KEYWORDS = """
agent.id agent.name agent.type agent.version
client.address client.domain cloud.account.id cloud.account.name cloud.availability_zone cloud.instance.id
cloud.provider cloud.region cloud.service.name container.id container.image.name container.name
data_stream.dataset data_stream.namespace data_stream.type
database.name database.schema database.table database.statement_class
destination.address destination.as.organization.name destination.domain destination.geo.city_name
destination.geo.country_iso_code destination.geo.country_name destination.mac destination.user.name
device.id dll.name dll.path dll.hash.md5 dll.hash.sha1 dll.hash.sha256 dns.answers.data dns.answers.name
dns.answers.type dns.header_flags dns.id dns.op_code dns.question.class dns.question.name
dns.question.registered_domain dns.question.subdomain dns.question.type dns.response_code dns.type
ecs.version email.from.address email.message_id email.subject email.to.address error.code error.id error.type
event.action event.category event.code event.dataset event.id event.kind event.module event.outcome
event.provider event.reason event.reference event.timezone event.type
file.directory file.extension file.hash.md5 file.hash.sha1 file.hash.sha256 file.hash.imphash file.mime_type
file.mode file.name file.owner file.path file.target_path file.type
group.domain group.id group.name
host.architecture host.domain host.hostname host.id host.mac host.name
host.os.family host.os.full host.os.kernel host.os.name
host.os.platform host.os.type host.os.version host.type
http.request.method http.request.mime_type http.request.referrer http.response.mime_type http.version
log.file.path log.level log.logger log.source.address log.syslog.appname
log.syslog.facility.name log.syslog.hostname
log.syslog.msgid log.syslog.procid log.syslog.severity.name log.syslog.version
network.application network.community_id network.direction network.name network.protocol network.transport
network.type network.vlan.id observer.egress.interface.name observer.egress.zone observer.hostname
observer.ingress.interface.name observer.ingress.zone observer.name observer.product observer.serial_number
observer.type observer.vendor observer.version orchestrator.cluster.name orchestrator.namespace
orchestrator.resource.name orchestrator.resource.type organization.id organization.name package.name
process.args process.entity_id process.executable process.hash.md5 process.hash.sha1 process.hash.sha256
process.name process.parent.args process.parent.entity_id process.parent.executable process.parent.name
process.title process.user.name process.working_directory process.pe.company process.pe.description
process.pe.imphash process.pe.original_file_name process.pe.product registry.data.strings registry.data.type
registry.hive registry.key registry.path registry.value related.hash related.hosts related.user
rule.category rule.id rule.name rule.ruleset rule.uuid rule.version server.address server.domain
service.name service.type service.version session.id source.address source.as.organization.name source.domain
source.geo.city_name source.geo.country_iso_code source.geo.country_name source.mac source.user.name tags
threat.indicator.type threat.tactic.id threat.tactic.name threat.technique.id threat.technique.name
tls.cipher tls.next_protocol tls.client.ja3 tls.client.server_name tls.client.subject tls.client.x509.serial_number
tls.server.hash.sha1 tls.server.ja3s tls.server.issuer tls.server.subject tls.version
url.domain url.extension url.fragment url.query url.registered_domain url.scheme url.top_level_domain
user.changes.name user.domain user.effective.domain user.effective.id user.effective.name user.email
user.full_name user.group.name user.hash user.id user.name user.roles user.target.domain user.target.email
user.target.id user.target.name user_agent.device.name user_agent.name user_agent.os.full
user_agent.os.name user_agent.os.version user_agent.version
vulnerability.id winlog.channel winlog.computer_name winlog.logon.id winlog.logon.type winlog.opcode
winlog.provider_name winlog.record_id winlog.task winlog.level winlog.keywords
event.blocked file.code_signature.signed file.code_signature.status file.pe.company file.pe.description
file.pe.file_version file.pe.original_file_name file.pe.product http.request.cookie process.pe.file_version
client.as.organization.name client.geo.city_name client.geo.country_iso_code client.geo.country_name
client.geo.region_name client.user.domain client.user.email client.user.full_name client.user.id
client.user.name device.serial_number email.attachments.file.extension email.attachments.file.hash.sha256
email.attachments.file.name email.direction email.sender.address service.id source.geo.region_name
source.user.domain source.user.email source.user.full_name source.user.id threat.software.name
transaction.id user.risk.calculated_level user.target.full_name user.target.roles
process.user.id threat.indicator.name threat.indicator.provider threat.indicator.url.domain
file.x509.issuer.common_name file.x509.serial_number file.x509.subject.common_name
http.request.id
powershell.command.invocation_details.name powershell.command.invocation_details.related_command
powershell.command.invocation_details.type powershell.command.invocation_details.value
powershell.command.name powershell.command.path powershell.command.type powershell.command.value
powershell.engine.new_state powershell.engine.previous_state powershell.engine.version
powershell.file.script_block_id powershell.pipeline_id powershell.process.executable_version
powershell.provider.name powershell.provider.new_state powershell.runspace_id
winlog.activity_id winlog.event_id winlog.logon.failure.reason winlog.logon.failure.status
winlog.logon.failure.sub_status winlog.provider_guid winlog.user.identifier sysmon.dns.status
threat.framework threat.technique.subtechnique.id threat.indicator.description rule.description
process.parent.hash.md5 process.parent.hash.sha1 process.parent.hash.sha256 process.parent.user.domain process.parent.user.name
file.code_signature.subject_name file.code_signature.valid dll.code_signature.signed dll.code_signature.status
dll.code_signature.subject_name dll.code_signature.valid network.iana_number service.state
user.target.group.id user.target.group.name vulnerability.severity package.version device.model.name
client.asset.criticality client.asset.name destination.asset.criticality destination.asset.name
destination.asset.network host.asset.criticality host.asset.name host.asset.owner server.asset.criticality
server.asset.name source.asset.criticality source.asset.name source.asset.network user.identity.department
user.identity.id
client.geo.continent_name client.geo.postal_code client.mac cloud.instance.name cloud.machine.type
cloud.project.id container.runtime destination.geo.continent_name destination.geo.postal_code dll.pe.company
dns.answers.class dns.question.top_level_domain event.url file.gid file.inode file.pe.architecture file.uid
file.x509.alternative_names file.x509.issuer.distinguished_name file.x509.public_key_algorithm
file.x509.subject.distinguished_name file.x509.version_number log.flags log.origin.file.name
observer.egress.vlan.id observer.ingress.vlan.id orchestrator.api_version orchestrator.cluster.id
orchestrator.type process.code_signature.exists process.code_signature.subject_name process.thread.name
rule.reference server.mac server.user.name service.address source.geo.continent_name source.geo.postal_code
source.user.group.name threat.indicator.domain tls.curve tls.established tls.resumed tls.server.hash.sha256
tls.server.x509.issuer.common_name tls.server.x509.issuer.distinguished_name
tls.server.x509.issuer.organization tls.server.x509.serial_number tls.server.x509.subject.common_name
tls.server.x509.subject.country tls.server.x509.subject.distinguished_name
tls.server.x509.subject.organization tls.version_protocol trace.id url.subdomain user.audit.id
user.audit.name user.effective.group.id user.filesystem.group.id user.filesystem.id user.group.id
user.saved.group.id user.saved.id user.target.group.domain user.terminal
""".split()

WILDCARDS = """
process.command_line process.parent.command_line url.full url.original url.path user_agent.original
powershell.file.script_block_text database.statement http.request.body.content
""".split()
"""Long values of which people search a part."""

ADDRESSES = """
client.ip destination.ip destination.nat.ip dns.resolved_ip host.ip network.forwarded_ip observer.ip related.ip
server.ip source.ip source.nat.ip threat.indicator.ip
""".split()

NUMBERS = """
client.as.number client.bytes client.port destination.as.number destination.bytes destination.nat.port destination.packets
destination.port database.rows event.duration event.risk_score event.sequence event.severity file.size
http.request.body.bytes http.request.bytes http.response.body.bytes http.response.bytes
http.response.status_code log.offset log.syslog.facility.code log.syslog.priority log.syslog.severity.code
network.bytes network.packets process.exit_code process.parent.pid process.pid server.bytes server.port
source.as.number source.bytes source.nat.port source.packets source.port url.port
process.args_count process.parent.args_count process.thread.id powershell.sequence
dns.answers.ttl file.x509.public_key_size log.origin.file.line powershell.total winlog.process.pid winlog.process.thread.id winlog.version
""".split()

DATES = [
    "process.start",
    "process.end",
    "@timestamp",
    "email.delivery_timestamp",
    "event.created",
    "event.end",
    "event.ingested",
    "event.start",
    "file.ctime",
    "file.mtime",
    "file.x509.not_after",
    "file.x509.not_before",
    "tls.client.not_after",
    "tls.client.not_before",
    "tls.server.not_after",
    "tls.server.not_before",
]

TEXTS = ["message", "error.message", "error.stack_trace"]

FLAT = """
apache auditd aws azure bitbucket cef checkpoint cisco crowdstrike cyberark fortinet gcp github
google_workspace haproxy iis juniper kubernetes labels linux log.syslog.structured_data m365 microsoft microsoft_sqlserver mongodb mysql
nginx o365 okta onelogin oracle osquery panw pfsense postgresql sentinel_one snort sonicwall sophos squid
suricata system vendor vmware wazuh winlog.event_data winlog.user_data zeek
""".split()
"""One field each for whatever a source has beyond ECS: a vendor's name is the root of what is its own."""

_CASELESS_PARTS = {"type": "wildcard", "normalizer": "lowercase", "ignore_above": 32_766}
"""For fields of which rules and people ask for a part. The engine refuses a document for a longer value;
one of so many characters but more bytes is cut (`integrations.opensearch.refused`)."""
_CASELESS = {"caseless": {"type": "keyword", "normalizer": "lowercase", "ignore_above": 2048}}

SETTINGS: dict[str, Any] = {
    "index": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "codec": "best_compression",
        "refresh_interval": "1s",
        "mapping": {"ignore_malformed": True, "total_fields": {"limit": 2000}},
        "query": {"default_field": ["message"]},
    }
}
"""One primary shard: the sweep reads by sequence number, which is a shard's own."""


def properties() -> dict[str, Any]:
    """Return the nested ``properties`` of the mapping."""
    kinds: dict[str, dict[str, Any]] = {}
    kinds |= {name: {"type": "keyword", "ignore_above": 2048, "fields": _CASELESS} for name in KEYWORDS}
    kinds |= {
        name: {
            "type": "keyword",
            "ignore_above": 8191,
            "fields": {"caseless": _CASELESS_PARTS},
        }
        for name in WILDCARDS
    }
    kinds |= {name: {"type": "ip"} for name in ADDRESSES}
    kinds |= {name: {"type": "long"} for name in NUMBERS}
    kinds |= {name: {"type": "date"} for name in DATES}
    kinds |= {name: {"type": "match_only_text"} for name in TEXTS}
    kinds["message"] = kinds["message"] | {"fields": {"caseless": _CASELESS_PARTS}}
    kinds |= {name: {"type": "flat_object"} for name in FLAT}
    kinds["siem.batch"] = {"type": "keyword"}
    kinds["event.original"] = {"type": "keyword", "index": False, "doc_values": False}
    kinds |= {f"{side}.geo.location": {"type": "geo_point"} for side in ("client", "destination", "source")}
    tree: dict[str, Any] = {}
    for name, kind in kinds.items():
        *parents, leaf = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {"properties": {}})["properties"]
        place[leaf] = kind
    return tree


def template(pattern: str, replicas: int = 0) -> dict[str, Any]:
    """Return the index template of the data streams whose names match `pattern`."""
    settings = {"index": SETTINGS["index"] | {"number_of_replicas": replicas}}
    return {
        "index_patterns": [pattern],
        "data_stream": {},
        "priority": 500,
        "template": {"settings": settings, "mappings": {"dynamic": False, "properties": properties()}},
    }
