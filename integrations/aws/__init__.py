"""Amazon Web Services: what its services log, and how users, keys, instances and addresses are stopped there."""

from integrations.aws.cloudtrail import CLOUDTRAIL
from integrations.aws.connection import AWS
from integrations.aws.ec2 import QuarantineInstance, SnapshotInstance
from integrations.aws.elb import ELB
from integrations.aws.guardduty import GUARDDUTY
from integrations.aws.iam import DeactivateKey, DenyUser, LookupKey, LookupUser
from integrations.aws.route53 import ROUTE53
from integrations.aws.route53_public import ROUTE53_PUBLIC
from integrations.aws.s3access import S3ACCESS
from integrations.aws.securityhub import SECURITYHUB
from integrations.aws.vpcflow import VPCFLOW
from integrations.aws.waf import WAF
from integrations.aws.waf_block_ip import WafBlockIp
from integrations.contract import Action, Source

SOURCES: tuple[Source, ...] = (
    CLOUDTRAIL, ELB, GUARDDUTY, ROUTE53, ROUTE53_PUBLIC, S3ACCESS, SECURITYHUB, VPCFLOW, WAF,
)  # fmt: skip
ACTIONS: tuple[Action, ...] = (
    DeactivateKey(), DenyUser(), QuarantineInstance(), WafBlockIp(), SnapshotInstance(), LookupKey(), LookupUser(),
)  # fmt: skip
CONNECTIONS = (AWS,)
