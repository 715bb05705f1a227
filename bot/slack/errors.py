"""What Slack's errors mean to whoever has to mend them."""

from __future__ import annotations

from datetime import timedelta

from slack_sdk.errors import SlackApiError
from temporalio.exceptions import ApplicationError

INVITE = "invite the app to the channel: /invite @SIEM"
TOKEN = "set SLACK_BOT_TOKEN to the token under OAuth & Permissions on the app's page, and restart the bot"
SCOPES = "give the app the scopes of `siem slack manifest`, install it again, and restart the bot"

MENDABLE = {
    "channel_not_found": f"name a channel that is there under slack: channel: in siem.yaml, and {INVITE}",
    "not_in_channel": INVITE,
    "is_archived": "unarchive the channel, or name another one in siem.yaml",
    "restricted_action": "let the app post in the channel: its settings restrict who may",
    "invalid_auth": TOKEN,
    "not_authed": TOKEN,
    "token_revoked": TOKEN,
    "token_expired": TOKEN,
    "account_inactive": TOKEN,
    "not_allowed_token_type": TOKEN,
    "missing_scope": SCOPES,
    "no_permission": SCOPES,
}
"""What a person can mend while the message waits: tried again, slowly, until it goes through."""
FINAL = {
    "invalid_blocks": "this message can't be drawn: report it, with the log of the bot",
    "invalid_blocks_format": "this message can't be drawn: report it, with the log of the bot",
    "invalid_arguments": "this message can't be sent: report it, with the log of the bot",
    "msg_too_long": "this message is too long: report it, with the log of the bot",
    "msg_blocks_too_long": "this message is too long: report it, with the log of the bot",
    "no_text": "this message is empty: report it, with the log of the bot",
    "metadata_too_large": "the message's key is too long: report it, with the log of the bot",
    "invalid_metadata_format": "the message's key can't be sent: report it, with the log of the bot",
}
"""What trying again never heals."""
GONE = {
    "message_not_found": "somebody deleted the message",
    "cant_update_message": "the message belongs to another app: did the installation change its app?",
    "edit_window_closed": "the workspace's settings forbid to edit old messages",
}
"""Why a message stays as it is: nothing that a workflow should wait for."""
THREAD_GONE = "thread_not_found"
SLOWLY = timedelta(seconds=30)


class SlackDeliveryError(ApplicationError):
    """A message could not be delivered; its text ends in what to do."""


def explain(error: SlackApiError) -> str:
    """Return Slack's error as a sentence with its remedy."""
    name = str(error.response.get("error", "unknown"))
    needed = error.response.get("needed")
    details = f" (needed: {needed})" if needed else ""
    messages = error.response.get("response_metadata", {}).get("messages", [])
    details += f" ({'; '.join(map(str, messages[:3]))})" if messages else ""
    remedy = MENDABLE.get(name) or FINAL.get(name) or "it is tried again"
    return f"Slack says {name}{details}: {remedy}"


def delivery_error(error: SlackApiError) -> ApplicationError:
    """Return how Temporal should take Slack's error: final, slowly again, after so long, or as usual."""
    name = str(error.response.get("error", "unknown"))
    if error.response.status_code == 429 or name == "ratelimited":
        seconds = retry_after(error)
        return SlackDeliveryError(
            f"Slack asks to wait {seconds:g} s",
            type="ratelimited",
            next_retry_delay=timedelta(seconds=seconds),
        )
    return SlackDeliveryError(
        explain(error),
        type=name,
        non_retryable=name in FINAL,
        next_retry_delay=SLOWLY if name in MENDABLE else None,
    )


def retry_after(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in dict(error.response.headers).items()}
    try:
        return max(0.5, float(headers.get("retry-after", "1")))
    except ValueError:
        return 1.0
