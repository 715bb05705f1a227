"""The fields of PAN-OS's CSV logs by position, named as its custom log formats name them (``$natsrc``).

Reference: PAN-OS Administrator's Guide, "Syslog Field Descriptions", releases 9.1 to 11.1. Each release
appends fields at the end, so one list serves all; ``_`` is a field reserved for future use.
"""

from __future__ import annotations

from collections.abc import Mapping

HEAD = tuple("_ receive_time serial type subtype config_ver time_generated".split())

_DEVICE_GROUPS = "dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name "
_FLOW = (
    "src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset _ sessionid "
    "repeatcnt sport dport natsport natdport flags proto action "
)
_DEVICES = " ".join(
    f"{side}_{part}"
    for side in ("src", "dst")
    for part in "category profile model vendor osfamily osversion host mac".split()
)
_APPS = (
    " subcategory_of_app category_of_app technology_of_app risk_of_app characteristic_of_app container_of_app "
    "tunneled_app is_saas_of_app sanctioned_state_of_app "
)
_PODS = " container_id pod_namespace pod_name src_edl dst_edl "

_TRAFFIC = (
    _FLOW
    + "bytes bytes_sent bytes_received packets start elapsed category _ seqno actionflags srcloc dstloc _ "
    + "pkts_sent pkts_received session_end_reason "
    + _DEVICE_GROUPS
    + "action_source src_uuid dst_uuid tunnelid monitortag parent_session_id parent_start_time tunnel assoc_id "
    + "chunks chunks_sent chunks_received rule_uuid http2_connection link_change_count policy_id link_switches "
    + "sdwan_cluster sdwan_device_type sdwan_cluster_type sdwan_site dynusergroup_name xff_ip "
    + _DEVICES
    + _PODS
    + "hostid serialnumber src_dag dst_dag session_owner high_res_timestamp nssai_sst nssai_sd"
    + _APPS
    + "offloaded flow_type cluster_name"
)
_THREAT = (
    _FLOW
    + "misc threatid category severity direction seqno actionflags srcloc dstloc _ contenttype pcap_id "
    + "filedigest cloud url_idx user_agent filetype xff referer sender subject recipient reportid "
    + _DEVICE_GROUPS
    + "_ src_uuid dst_uuid http_method tunnelid monitortag parent_session_id parent_start_time tunnel "
    + "thr_category contentver _ assoc_id ppid http_headers url_category_list rule_uuid http2_connection "
    + "dynusergroup_name xff_ip "
    + _DEVICES
    + _PODS
    + "hostid serialnumber domain_edl src_dag dst_dag partial_hash high_res_timestamp reason justification "
    + "nssai_sst"
    + _APPS
    + "cloud_reportid cluster_name flow_type"
)
_SYSTEM = (
    "vsys eventid object _ _ module severity opaque seqno actionflags "
    + _DEVICE_GROUPS
    + "_ _ high_res_timestamp"
)
_CONFIG = (
    "host vsys cmd admin client result path before_change_detail after_change_detail seqno actionflags "
    + _DEVICE_GROUPS
    + "dg_id comment _ high_res_timestamp"
)
_HIPMATCH = (
    "srcuser vsys machinename os src matchname repeatcnt matchtype _ _ seqno actionflags "
    + _DEVICE_GROUPS
    + "vsys_id srcipv6 hostid serialnumber mac high_res_timestamp cluster_name"
)
_GLOBALPROTECT = (
    "vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6 private_ip "
    "private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque status "
    "location login_duration connect_method error_code portal seqno actionflags high_res_timestamp "
    "selection_type response_time priority attempted_gateways gateway "
    + _DEVICE_GROUPS
    + "vsys_id cluster_name"
)
_USERID = (
    "vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno "
    "actionflags "
    + _DEVICE_GROUPS
    + "vsys_id factortype factorcompletiontime factorno ugflags userbysource tag_name high_res_timestamp "
    + "origindatasource cluster_name"
)
_DECRYPTION = (
    _FLOW.replace(" _ ", " time_received ")
    + "tunnel _ _ src_uuid dst_uuid rule_uuid hs_stage_c2f hs_stage_f2s tls_version tls_keyxchg tls_enc tls_auth "
    + "policy_name ec_curve err_index root_status chain_status proxy_type cert_serial fingerprint notbefore "
    + "notafter cert_ver cert_size cn_len issuer_len rootcn_len sni_len cert_flags cn issuer_cn root_cn sni error"
    + _PODS
    + "src_dag dst_dag high_res_timestamp "
    + _DEVICES
    + " seqno actionflags "
    + _DEVICE_GROUPS
    + "vsys_id"
    + _APPS
    + "cluster_name"
)
_AUTHENTICATION = (
    "vsys ip user normalize_user object authpolicy repeatcnt authid vendor logset serverprofile desc clienttype "
    "event factorno seqno actionflags "
    + _DEVICE_GROUPS
    + "vsys_id authproto rule_uuid high_res_timestamp src_category src_profile src_model src_vendor src_osfamily "
    + "src_osversion src_host src_mac region _ user_agent sessionid cluster_name"
)
_TUNNEL = (
    _FLOW
    + "severity seqno actionflags srcloc dstloc "
    + _DEVICE_GROUPS
    + "tunnelid monitortag parent_session_id parent_start_time tunnel bytes bytes_sent bytes_received packets "
    + "pkts_sent pkts_received max_encap unknown_proto strict_check tunnel_fragment sessions_created "
    + "sessions_closed session_end_reason action_source start elapsed tunnel_insp_rule remote_user_ip "
    + "remote_user_id rule_uuid pcap_id dynusergroup_name src_edl dst_edl high_res_timestamp nssai_sd nssai_sst "
    + "pdu_session_id"
    + _APPS
    + "cluster_name"
)
_GTP = (
    "src dst _ _ rule _ _ app vsys from to inbound_if outbound_if logset _ sessionid _ sport dport _ _ _ proto "
    "action event_type msisdn apn rat msg_type end_ip_addr teid1 teid2 gtp_interface cause_code severity mcc mnc "
    "area_code cell_id event_code _ _ srcloc dstloc _ _ _ _ _ _ _ imsi imei _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ "
    "start elapsed tunnel_insp_rule remote_user_ip remote_user_id rule_uuid pcap_id high_res_timestamp nssai_sst "
    "nssai_sd" + _APPS
)
_SCTP = (
    "src dst _ _ rule _ _ _ vsys from to inbound_if outbound_if logset _ sessionid repeatcnt sport dport _ _ _ _ "
    "proto action "
    + _DEVICE_GROUPS
    + "seqno _ assoc_id ppid severity sctp_chunk_type _ verif_tag_1 verif_tag_2 sctp_cause_code diam_app_id "
    + "diam_cmd_code diam_avp_code stream_id assoc_end_reason op_code sccp_calling_ssn sccp_calling_gt sctp_filter "
    + "chunks chunks_sent chunks_received packets pkts_sent pkts_received rule_uuid high_res_timestamp"
)
_AUDIT = "eventid object cmd severity"
_CORRELATION = (
    "src srcuser vsys category severity " + _DEVICE_GROUPS + "vsys_id objectname object_id evidence"
)
_IPTAG = (
    "vsys ip tag_name eventid repeatcnt timeout datasourcename datasource_type datasource_subtype seqno "
    "actionflags " + _DEVICE_GROUPS + "vsys_id high_res_timestamp cluster_name"
)

LAYOUTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(fields.split())
    for name, fields in {
        "TRAFFIC": _TRAFFIC,
        "THREAT": _THREAT,
        "SYSTEM": _SYSTEM,
        "CONFIG": _CONFIG,
        "HIPMATCH": _HIPMATCH,
        "HIP-MATCH": _HIPMATCH,
        "GLOBALPROTECT": _GLOBALPROTECT,
        "USERID": _USERID,
        "DECRYPTION": _DECRYPTION,
        "AUTHENTICATION": _AUTHENTICATION,
        "AUTH": _AUTHENTICATION,
        "TUNNEL": _TUNNEL,
        "START": _TUNNEL,
        "END": _TUNNEL,
        "GTP": _GTP,
        "SCTP": _SCTP,
        "AUDIT": _AUDIT,
        "CORRELATION": _CORRELATION,
        "IPTAG": _IPTAG,
    }.items()
}
"""By the type that stands fourth. Tunnel inspection writes START and END in its place in some releases."""


def named(values: list[str]) -> dict[str, str]:
    """Return the fields of a CSV log that have a value, by name."""
    layout = LAYOUTS.get(values[3].upper(), ())
    if values[3].upper() == "CONFIG" and len(values) > 15 and values[15][:2] == "0x" and values[14].isdigit():
        # The default format of older releases has no change details.
        layout = tuple(name for name in layout if "change_detail" not in name)
    pairs = zip(HEAD + layout, values, strict=False)
    return {name: value for name, value in pairs if name != "_" and value not in ("", "-")}
