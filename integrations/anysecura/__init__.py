"""AnySecura: what its agents see and prevent on computers, and computers locked and isolated."""

from integrations.anysecura.computers import IsolateHost, LockComputer
from integrations.anysecura.event import EVENT
from integrations.anysecura.server import ANYSECURA
from integrations.contract import Action, Source

SOURCES: tuple[Source, ...] = (EVENT,)
ACTIONS: tuple[Action, ...] = (LockComputer(), IsolateHost())
CONNECTIONS = (ANYSECURA,)
