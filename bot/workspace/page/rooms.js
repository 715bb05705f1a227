// What the page knows of each channel's messages.

import { get } from "./api.js";

export class Rooms {
  #rooms = new Map();
  #since;

  constructor(since) {
    this.#since = since;
  }

  room(id) {
    if (!this.#rooms.has(id)) this.#rooms.set(id, { all: new Map(), own: new Map(), loaded: false, more: false });
    return this.#rooms.get(id);
  }

  async load(user, id, before = "") {
    const found = await get(`channel/${id}`, { user, since: this.#since, before });
    const room = this.room(id);
    if (!before) {
      room.all = new Map();
      room.own = new Map([...room.own].filter(([, message]) => message.local));
    }
    for (const message of found.messages) room.all.set(message.ts, message);
    for (const message of found.ephemerals) room.own.set(message.ts, message);
    room.more = found.more;
    room.loaded = true;
  }

  async loadThread(user, id, ts) {
    const found = await get(`thread/${id}/${ts}`, { user });
    const room = this.room(id);
    for (const message of found.messages) room.all.set(message.ts, message);
  }

  // Shown only to this person, on this page: what the workspace itself has to say.
  tell(id, text, thread) {
    const ts = (Date.now() / 1000).toFixed(6);
    this.room(id).own.set(ts, { ts, text, user: "workspace", local: true, is_ephemeral: true, thread_ts: thread });
  }

  dismiss(id, ts) {
    this.room(id).own.delete(ts);
  }

  take(event) {
    const room = this.room(event.channel);
    if (event.type === "message_deleted") {
      room.all.delete(event.ts);
      room.own.delete(event.ts);
    } else (event.type === "ephemeral" ? room.own : room.all).set(event.message.ts, event.message);
  }

  inChannel(id) {
    const room = this.room(id);
    const shown = [...room.all.values()].filter((each) => !each.thread_ts || each.thread_ts === each.ts || each.subtype === "thread_broadcast");
    return sorted([...shown, ...[...room.own.values()].filter((each) => !each.thread_ts)]);
  }

  inThread(id, ts) {
    const room = this.room(id);
    return sorted([...room.all.values(), ...room.own.values()].filter((each) => each.ts === ts || each.thread_ts === ts));
  }
}

const sorted = (list) => list.sort((one, other) => (one.ts < other.ts ? -1 : 1));
