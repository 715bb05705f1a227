"""``opnsense.log``: the system log of an OPNsense firewall.

Reference: OPNsense documentation, "Logging" and "Firewall logs"; filterlog's fields are pfSense's, with the
rule's label in place of its tracking number.
"""

from __future__ import annotations

from integrations.opnsense.log_samples import SAMPLES
from integrations.pfsense.log import filter_source, is_opnsense, make_read

OPNSENSE = filter_source(
    "opnsense.log",
    "OPNsense (packet filter, resolver, DHCP, VPN, web interface, Suricata)",
    "OPNsense documentation, Logging; Netgate's Raw Filter Log Format",
    make_read("OPNsense", "OPNsense"),
    is_opnsense,
    SAMPLES,
)
