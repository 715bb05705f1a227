"""Amazon Web Services: what its services log."""

from integrations.aws.cloudtrail import CLOUDTRAIL
from integrations.aws.elb import ELB
from integrations.aws.guardduty import GUARDDUTY
from integrations.aws.route53 import ROUTE53
from integrations.aws.s3access import S3ACCESS
from integrations.aws.securityhub import SECURITYHUB
from integrations.aws.vpcflow import VPCFLOW
from integrations.aws.waf import WAF
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (
    CLOUDTRAIL, ELB, GUARDDUTY, ROUTE53, S3ACCESS, SECURITYHUB, VPCFLOW, WAF,
)  # fmt: skip
