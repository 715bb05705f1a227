// Talks to the workspace. The key is in a cookie that scripts can't read.

export class ActError extends Error {
  constructor(body) {
    super(body.text || body.error);
    this.code = body.error;
    this.faults = body.faults || {};
  }
}

async function read(response) {
  let body;
  try {
    body = await response.json();
  } catch {
    throw new ActError({ error: "unreadable", text: `The workspace answered ${response.status}.` });
  }
  if (!response.ok) throw new ActError(body);
  return body;
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new ActError({ error: "unreachable", text: "The workspace can’t be reached." });
  }
}

export async function get(path, query) {
  return read(await reach(`/page/${path}?${new URLSearchParams(query)}`));
}

export async function act(body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await read(await reach("/page/act", { method: "POST", headers, body: JSON.stringify(body) }));
  return answer.done;
}

// Calls `onEvent` with each change; `onLine(true)` after each (re)connection, since a gap may have lost some.
export function listen(user, onEvent, onLine) {
  let source;
  let closed = false;
  let pause = 300;
  const connect = () => {
    source = new EventSource(`/page/events?${new URLSearchParams({ user })}`);
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      pause = 300;
      if (event.type === "ready" || event.type === "reload") onLine(true);
      else onEvent(event);
    };
    source.onerror = () => {
      source.close();
      if (closed) return;
      onLine(false);
      setTimeout(() => closed || connect(), pause);
      pause = Math.min(pause * 2, 5000);
    };
  };
  connect();
  return () => {
    closed = true;
    source.close();
  };
}
