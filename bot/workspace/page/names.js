// Who and what ids stand for, for the modules that draw text.

let state = { users: [], channels: [], groups: [], me: "" };

export const names = {
  learn: (next) => (state = next),
  me: () => state.me,
  user: (id) => state.users.find((each) => each.id === id),
  channel: (id) => state.channels.find((each) => each.id === id)?.name,
  group: (id) => state.groups.find((each) => each.id === id)?.handle,
  people: () => state.users.filter((each) => !each.is_bot),
  bots: () => state.users.filter((each) => each.is_bot),
  channels: () => state.channels.filter((each) => !each.is_im),
};
