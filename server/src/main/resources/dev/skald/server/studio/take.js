// A take: a text being spoken or spoken, its audio, its words, and how it goes on after a break.

import { speech, Lost } from "./api.js";
import { estimate, PACE } from "./words.js";
import { split } from "./parts.js";

export const RATE = 24_000;
const PATIENCE = [1, 2, 4, 8, 15, 30]; // seconds before each new try

/** Samples that grow. */
class Pcm {
  #samples = new Int16Array(RATE * 30);
  length = 0;

  append(more) {
    if (this.length + more.length > this.#samples.length) {
      const larger = new Int16Array(Math.max(this.#samples.length * 2, this.length + more.length));
      larger.set(this.#samples.subarray(0, this.length));
      this.#samples = larger;
    }
    this.#samples.set(more, this.length);
    this.length += more.length;
  }

  /** A view, good until the next append. */
  view(from, to) {
    return this.#samples.subarray(from, Math.min(to, this.length));
  }
}

/**
 * Events: `audio` when samples came, `words` when times changed, `state` when `state` did:
 * idle, making, waiting (for a new try), lost, failed, stopped, done.
 */
export class Take extends EventTarget {
  pcm = new Pcm();
  state = "idle";
  error = null;
  retryAt = 0;
  #controller = null;
  #words = null;
  #spent = 0;

  /** Of what history keeps. */
  constructor({ id, created, text, ask, parts, firstAudio, factor }) {
    super();
    Object.assign(this, { id, created, text, ask, parts, firstAudio, factor });
  }

  static of(text, ask) {
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    const pause = (part) => (part.paragraph ? Math.max(ask.paragraph_silence, ask.sentence_silence) : ask.sentence_silence);
    const parts = split(text).map((p) => ({ from: p.from, to: p.to, pause: pause(p), done: false }));
    return new Take({ id, created: Date.now(), text, ask, parts });
  }

  /** A take of history; its audio is that of the parts that were whole. */
  static restored(record, audio) {
    const take = new Take(structuredClone(record));
    take.parts.forEach((part, i) => {
      part.done = part.done && audio[i] !== undefined;
    });
    for (const [i, part] of take.parts.entries()) {
      if (!part.done) break;
      take.pcm.append(new Int16Array(audio[i]));
      if (i < take.parts.length - 1) take.#silence(part);
    }
    const whole = take.parts.findIndex((p) => !p.done);
    if (whole >= 0) {
      for (const part of take.parts.slice(whole)) Object.assign(part, { done: false, start: undefined, words: undefined });
    }
    take.state = whole < 0 ? "done" : "stopped";
    return take;
  }

  get record() {
    const { id, created, text, ask, parts, firstAudio, factor } = this;
    return { id, created, text, ask, parts, firstAudio, factor, seconds: this.seconds, whole: this.state === "done" };
  }

  get seconds() {
    return this.pcm.length / RATE;
  }

  get busy() {
    return this.state === "making" || this.state === "waiting";
  }

  /** How long it will be, as far as can be told now. */
  get expected() {
    if (this.state === "done") return this.seconds;
    const done = this.parts.filter((p) => p.done);
    const spoken = done.reduce((n, p) => n + p.to - p.from, 0);
    const made = done.reduce((n, p) => n + p.samples, 0) / RATE;
    const pace = spoken > 200 ? spoken / made : PACE * this.ask.speed;
    const rest = this.parts.filter((p) => !p.done).reduce((n, p) => n + p.to - p.from, 0);
    const left = rest / pace - this.#begun();
    return this.seconds + Math.max(left, 0.4);
  }

  #begun() {
    const open = this.parts.find((p) => !p.done && p.start !== undefined);
    return open ? (this.pcm.length - open.start) / RATE : 0;
  }

  /** Whether times come from the server, not from counting letters. */
  get exact() {
    return this.parts.every((p) => p.exact !== false);
  }

  /** All words whose time is known so far, in order. */
  get words() {
    this.#words ??= this.parts.flatMap((p) => p.words ?? []);
    return this.#words;
  }

  /** Makes what is not made yet. */
  async make() {
    if (this.#controller) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.#set("making");
    try {
      for (const [i, part] of this.parts.entries()) {
        if (!part.done) await this.#part(part, i, controller.signal);
      }
      this.#set("done");
    } catch (e) {
      this.error = e;
      this.#set(controller.signal.aborted ? "stopped" : e instanceof Lost || e.passing ? "lost" : "failed");
    } finally {
      this.#controller = null;
    }
  }

  stop() {
    this.#controller?.abort();
  }

  /** Tries again now instead of later. */
  hurry = () => {};

  async #part(part, i, signal) {
    for (let attempt = 0; ; attempt++) {
      const before = this.pcm.length;
      try {
        await this.#request(part, signal);
        break;
      } catch (e) {
        if (this.pcm.length > before) attempt = 0;
        const again = !signal.aborted && (e instanceof Lost || e.passing) && attempt < PATIENCE.length;
        if (!again) throw e;
        this.error = e;
        const seconds = Math.max(PATIENCE[attempt], e.retryAfter ?? 0);
        this.retryAt = Date.now() + seconds * 1000;
        this.#set("waiting");
        await this.#pause(seconds, signal);
        this.#set("making");
      }
    }
    part.samples = this.pcm.length - part.start;
    if (!part.exact) this.#estimate(part, part.samples / RATE);
    part.done = true;
    await this.kept?.(i, this.pcm.view(part.start, part.start + part.samples));
    if (i < this.parts.length - 1) this.#silence(part);
    this.#changed("audio");
  }

  async #request(part, signal) {
    const begun = performance.now();
    let spent = begun;
    part.start ??= this.pcm.length;
    // The same seed gives the same samples: those that are here already are not wanted again.
    let skip = this.pcm.length - part.start;
    part.exact = false;
    this.#estimate(part, (part.to - part.from) / (PACE * this.ask.speed));
    const input = this.text.slice(part.from, part.to);
    for await (const piece of speech({ ...this.ask, input }, signal)) {
      if (piece.words) {
        if (!part.exact) part.words = [];
        part.exact = true;
        const at = part.start / RATE;
        part.words.push(
          ...piece.words.map((w) => ({ offset: part.from + w.offset, length: w.length, start: at + w.start, end: at + w.end })),
        );
        this.#words = null;
        this.#changed("words");
      } else {
        const now = performance.now();
        this.firstAudio ??= (now - begun) / 1000;
        this.#spent += now - spent;
        spent = now;
        const fresh = piece.audio.subarray(Math.min(skip, piece.audio.length));
        skip -= piece.audio.length - fresh.length;
        if (fresh.length) {
          this.pcm.append(fresh);
          this.factor = this.#spent / 1000 / this.seconds;
          this.#changed("audio");
        }
      }
    }
  }

  #estimate(part, seconds) {
    const start = part.start / RATE;
    part.words = estimate(this.text, part.from, part.to, start, start + seconds);
    this.#words = null;
    this.#changed("words");
  }

  #silence(part) {
    this.pcm.append(new Int16Array(Math.round(part.pause * RATE)));
  }

  #pause(seconds, signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(resolve), seconds * 1000);
      const finish = (then) => {
        clearTimeout(timer);
        removeEventListener("online", this.hurry);
        this.hurry = () => {};
        then();
      };
      this.hurry = () => finish(resolve);
      addEventListener("online", this.hurry);
      signal.addEventListener("abort", () => finish(() => reject(signal.reason)), { once: true });
    });
  }

  #set(state) {
    this.state = state;
    this.#changed("state");
  }

  #changed(name) {
    this.dispatchEvent(new Event(name));
  }
}
