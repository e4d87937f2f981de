// Calls to the server. A failure is an ApiError with the server's own words, or Lost.

import { store } from "./ui.js";
import { events } from "./events.js";

const PATIENCE = 15_000; // ms until a small answer counts as none

export class ApiError extends Error {
  constructor(status, error, retryAfter) {
    super(error?.message ?? `the server answered ${status}`);
    this.status = status;
    this.code = error?.code ?? null;
    this.param = error?.param ?? null;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed a moment later. */
  get passing() {
    return this.status === 429 || this.status === 503;
  }
}

/** The connection broke, or could not be made. */
export class Lost extends Error {
  constructor() {
    super("the connection to the server is lost");
  }
}

/** Is called when the server asks for a key; resolves once there is one. */
export const access = { ask: null };

async function send(path, options = {}) {
  const key = store.get("key", "");
  const headers = { ...options.headers };
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Lost();
  }
  if (response.status === 401 && access.ask && await access.ask(Boolean(key))) return send(path, options);
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response) {
  const retry = Number(response.headers.get("retry-after")) || 1;
  try {
    return new ApiError(response.status, (await response.json()).error, retry);
  } catch {
    return new ApiError(response.status, null, retry);
  }
}

export async function get(path) {
  return (await send(path, { signal: AbortSignal.timeout(PATIENCE) })).json();
}

const posted = (body, signal) => ({
  method: "POST",
  signal,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

export async function post(path, body, signal) {
  return (await send(path, posted(body, signal))).json();
}

export async function upload(path, form) {
  return (await send(path, { method: "POST", body: form })).json();
}

export const remove = (path) => send(path, { method: "DELETE" });

/** Samples (16 bits, 24 kHz) as a file of that format. */
export async function encoded(format, pcm) {
  const response = await send(`/studio/encode?format=${format}`, { method: "POST", body: pcm });
  try {
    return await response.blob();
  } catch {
    throw new Lost();
  }
}

/**
 * Speech as it is made: {words} and {audio: Int16Array at 24 kHz}. Ends only when the server says
 * that it is whole.
 */
export async function* speech(body, signal) {
  const response = await send(
    "/v1/audio/speech",
    posted({ ...body, response_format: "pcm", stream_format: "sse", timestamps: "word" }, signal),
  );
  let odd = new Uint8Array(0); // half a sample waits for its other half
  try {
    for await (const event of events(chunks(response))) {
      if (event.type === "speech.audio.alignment") {
        yield { words: event.words };
      } else if (event.type === "speech.audio.delta") {
        const raw = decoded(event.audio);
        const all = new Uint8Array(odd.length + raw.length);
        all.set(odd);
        all.set(raw, odd.length);
        const whole = all.length & ~1;
        odd = all.slice(whole);
        yield { audio: new Int16Array(all.buffer, 0, whole / 2) };
      } else if (event.type === "speech.audio.done") {
        return;
      } else if (event.type === "error") {
        throw new ApiError(500, event.error, 1);
      }
    }
  } catch (e) {
    if (e instanceof ApiError || e.name === "AbortError") throw e;
  }
  throw new Lost();
}

function decoded(base64) {
  const text = atob(base64);
  const raw = new Uint8Array(text.length);
  for (let i = 0; i < raw.length; i++) raw[i] = text.charCodeAt(i);
  return raw;
}

/** The body piece by piece: Safari's streams are not iterable. */
async function* chunks(response) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
