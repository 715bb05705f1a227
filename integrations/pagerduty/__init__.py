"""PagerDuty: people are called, and told when it is over."""

from integrations.contract import Action
from integrations.pagerduty.alerts import PAGERDUTY, Resolve, Trigger

ACTIONS: tuple[Action, ...] = (Trigger(), Resolve())
CONNECTIONS = (PAGERDUTY,)
