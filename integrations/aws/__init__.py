"""Amazon Web Services: what its services log."""

from integrations.aws.cloudtrail import CLOUDTRAIL
from integrations.aws.elb import ELB
from integrations.aws.s3access import S3ACCESS
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (CLOUDTRAIL, ELB, S3ACCESS)
