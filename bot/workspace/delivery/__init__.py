"""How requests reach the app: Socket Mode or signed HTTP."""

from bot.workspace.delivery.outbox import Outbox
from bot.workspace.delivery.request import AppRequest, Delivery
from bot.workspace.delivery.signed_http import SignedHttp
from bot.workspace.delivery.socket_mode import SocketMode

__all__ = ["AppRequest", "Delivery", "Outbox", "SignedHttp", "SocketMode"]
