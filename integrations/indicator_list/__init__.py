"""Lists of indicators behind an address: plain text, CSV, STIX bundles, exports of MISP."""

from integrations.indicator_list.download import INDICATOR_LIST, fetch_list

CONNECTIONS = (INDICATOR_LIST,)

__all__ = ["CONNECTIONS", "fetch_list"]
