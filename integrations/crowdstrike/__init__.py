"""CrowdStrike Falcon: what it finds, and what its sensors see."""

from integrations.contract import Source
from integrations.crowdstrike.alert import ALERT
from integrations.crowdstrike.fdr import FDR

SOURCES: tuple[Source, ...] = (ALERT, FDR)
