"""Amazon Web Services: what its services log."""

from integrations.aws.cloudtrail import CLOUDTRAIL
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (CLOUDTRAIL,)
