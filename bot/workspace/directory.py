"""People, channels, groups and the app, as Slack's objects."""

from __future__ import annotations

from collections.abc import Sequence

from bot.workspace.errors import SlackError
from bot.workspace.settings import Person, WorkspaceSettings
from bot.workspace.store import Json, Store


class Directory:
    """Who and what there is. The settings are written to the store at the start."""

    def __init__(self, settings: WorkspaceSettings, store: Store) -> None:
        self.settings = settings
        self.app = settings.app
        self._store = store
        self._people = {person.id: person for person in settings.people}
        for channel in settings.channels:
            store.put_channel(channel.id, channel.name, channel.topic)
            members = channel.members if channel.members is not None else tuple(self._people)
            for user in (*members, *([self.app.user_id] if channel.has_app else [])):
                store.join(channel.id, user)
        for person in settings.people:
            self.direct_message(person.id)

    # --- people ---------------------------------------------------------------------------------

    def person(self, user: str) -> Person:
        """Raises SlackError ``user_not_found``."""
        if user not in self._people:
            raise SlackError("user_not_found")
        return self._people[user]

    def people(self) -> Sequence[Person]:
        return tuple(self._people.values())

    def user(self, user: str) -> Json:
        """The user object of a person or of the app. Raises SlackError ``user_not_found``."""
        if user == self.app.user_id:
            return self._user(user, self.app.name.lower(), self.app.name, "", "", is_bot=True)
        person = self.person(user)
        return self._user(user, person.name, person.real_name, person.title, person.email, is_bot=False)

    def users(self) -> list[Json]:
        return [self.user(user) for user in (*self._people, self.app.user_id)]

    def _user(self, user: str, name: str, real_name: str, title: str, email: str, *, is_bot: bool) -> Json:
        profile = {
            "real_name": real_name,
            "display_name": name,
            "title": title,
            "team": self.settings.team_id,
        }
        if email and "users:read.email" in self.app.scopes:
            profile["email"] = email
        if is_bot:
            profile |= {"api_app_id": self.app.id, "bot_id": self.app.bot_id}
        return {
            "id": user,
            "team_id": self.settings.team_id,
            "name": name,
            "real_name": real_name,
            "deleted": False,
            "is_bot": is_bot,
            "is_app_user": False,
            "tz": "Etc/UTC",
            "tz_label": "Coordinated Universal Time",
            "tz_offset": 0,
            "profile": profile,
        }

    def groups(self) -> list[Json]:
        return [
            {
                "id": group.id,
                "team_id": self.settings.team_id,
                "is_usergroup": True,
                "name": group.name,
                "handle": group.handle,
                "users": list(group.users),
                "user_count": len(group.users),
                "date_delete": 0,
            }
            for group in self.settings.groups
        ]

    # --- channels -------------------------------------------------------------------------------

    def direct_message(self, user: str) -> str:
        """Return the id of the app's direct message with a person. Raises SlackError ``user_not_found``."""
        person = self.person(user)
        channel = f"D{user[1:]}"
        if self._store.channel(channel) is None:
            self._store.put_channel(channel, person.name, "", person.id)
            self._store.join(channel, user)
            self._store.join(channel, self.app.user_id)
        return channel

    def find_channel(self, channel: str, *, joined: bool = True) -> str:
        """Return the id of a channel given by id, by ``#name``, or by a user's id.

        Raises SlackError ``channel_not_found``, or ``not_in_channel`` where the app must have joined.
        """
        if channel in self._people:
            return self.direct_message(channel)
        known = self._store.channels()
        for each in known:
            if channel == each["id"] or (not each["person"] and channel == f"#{each['name']}"):
                if joined and not self.sees(self.app.user_id, each["id"]):
                    raise SlackError("not_in_channel")
                return str(each["id"])
        raise SlackError("channel_not_found")

    def sees(self, user: str, channel: str) -> bool:
        return user in self._store.members(channel)

    def channel(self, channel: str) -> Json:
        """The conversation object. Raises SlackError ``channel_not_found``."""
        found = self._store.channel(channel)
        if found is None:
            raise SlackError("channel_not_found")
        if found["person"]:
            return {
                "id": channel,
                "created": found["created"],
                "is_im": True,
                "is_archived": False,
                "is_org_shared": False,
                "is_user_deleted": False,
                "user": found["person"],
            }
        members = self._store.members(channel)
        return {
            "id": channel,
            "name": found["name"],
            "name_normalized": found["name"],
            "created": found["created"],
            "creator": self.settings.people[0].id,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": False,
            "is_archived": False,
            "is_general": found["name"] == "general",
            "is_member": self.app.user_id in members,
            "num_members": len(members),
            "topic": {"value": found["topic"], "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }

    def bot(self) -> Json:
        return {
            "id": self.app.bot_id,
            "app_id": self.app.id,
            "user_id": self.app.user_id,
            "name": self.app.name,
            "deleted": False,
            "updated": 0,
            "icons": {},
            "team_id": self.settings.team_id,
        }
