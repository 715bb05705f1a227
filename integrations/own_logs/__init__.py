"""The site's own events as a source of knowledge: was this seen here before?"""

from integrations.own_logs.seen_before import SeenBefore

ACTIONS = (SeenBefore(),)
