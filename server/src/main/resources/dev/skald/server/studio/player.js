// Plays a take while it is made: keeps the ring filled, knows where the listener is.

import { RATE } from "./take.js";
import { Scheduled } from "./scheduled.js";

const AHEAD = RATE * 8; // samples the ring is kept filled with; it holds 10.9 s
const BLOCK = RATE / 4;
const ENOUGH = RATE * 0.12; // to begin with

/** Events: `state` when `state` did: empty, paused, playing, hungry (waits for audio), ended. */
export class Player extends EventTarget {
  state = "empty";
  take = null;
  #context = null;
  #gain = null;
  #ring = null;
  #opening = null;
  #epoch = 0;
  #fed = 0;
  #report = { position: 0, time: 0 };
  #volume = 1;
  #onaudio = () => this.#feed();

  /** Needs a gesture of the person the first time. */
  #open() {
    this.#opening ??= this.#connect();
    this.#context?.resume();
    return this.#opening;
  }

  async #connect() {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.#context = context;
    context.resume();
    const gain = new GainNode(context, { gain: this.#volume });
    gain.connect(context.destination);
    this.#gain = gain;
    if (context.audioWorklet) {
      await context.audioWorklet.addModule("/studio/ring.js");
      const node = new AudioWorkletNode(context, "skald-ring", { numberOfInputs: 0, outputChannelCount: [1] });
      node.connect(gain);
      node.port.onmessage = ({ data }) => this.#reported(data);
      this.#ring = { post: (message) => node.port.postMessage(message) };
    } else {
      const ring = new Scheduled(context, gain);
      ring.onreport = (report) => this.#reported(report);
      this.#ring = ring;
    }
  }

  set volume(volume) {
    this.#volume = volume;
    if (this.#gain) this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, 0.02);
  }

  get volume() {
    return this.#volume;
  }

  /** Puts a take in, at its beginning. */
  load(take) {
    this.take?.removeEventListener("audio", this.#onaudio);
    this.take?.removeEventListener("state", this.#onaudio);
    this.take = take;
    take?.addEventListener("audio", this.#onaudio);
    take?.addEventListener("state", this.#onaudio);
    this.#set(take ? "paused" : "empty");
    this.#jump(0);
  }

  /** Where the listener is, in seconds of the take. */
  get time() {
    return this.#position() / RATE;
  }

  #position() {
    if (!this.take) return 0;
    let at = this.#report.position;
    if (this.state === "playing" && this.#context) {
      const lag = this.#context.outputLatency || this.#context.baseLatency || 0;
      at += Math.max(-lag, this.#context.currentTime - this.#report.time - lag) * RATE;
    }
    return Math.max(this.#floor, Math.min(at, this.take.pcm.length));
  }

  #floor = 0; // where the last jump went: latency must not show less

  async play() {
    if (!this.take) return;
    if (this.state === "ended") this.#jump(0);
    this.#set("hungry");
    await this.#open();
    if (this.state !== "hungry") return;
    this.#ring.post({ type: "seek", epoch: this.#epoch, position: this.#fed = this.#report.position });
    this.#feed();
  }

  pause() {
    if (this.state !== "playing" && this.state !== "hungry") return;
    const at = Math.round(this.#position());
    this.#ring?.post({ type: "play", on: false }); // what it holds fades out; play() fills it anew
    this.#epoch++;
    this.#floor = at;
    this.#report = { position: at, time: 0 };
    this.#set("paused");
  }

  toggle() {
    if (this.state === "playing" || this.state === "hungry") this.pause();
    else this.play();
  }

  /** Goes on from there; what plays plays on. */
  seek(seconds) {
    if (!this.take) return;
    const wasOn = this.state === "playing" || this.state === "hungry";
    this.#jump(Math.max(0, Math.min(seconds * RATE, this.take.pcm.length)));
    if (this.state === "ended") this.#set("paused");
    if (wasOn) this.play();
    this.dispatchEvent(new Event("seek"));
  }

  #jump(position) {
    this.#epoch++;
    this.#fed = Math.round(position);
    this.#floor = this.#fed;
    this.#report = { position: this.#fed, time: this.#context?.currentTime ?? 0 };
    this.#ring?.post({ type: "play", on: false });
    this.#ring?.post({ type: "seek", epoch: this.#epoch, position: this.#fed });
  }

  #reported({ epoch, position, time }) {
    if (epoch !== this.#epoch || !this.take) return;
    this.#report = { position, time };
    if (this.state === "playing") {
      if (position >= this.take.pcm.length) {
        if (this.take.busy) this.#set("hungry");
        else this.#finish();
        return;
      }
      this.#feed();
    }
  }

  #finish() {
    this.#ring.post({ type: "play", on: false });
    this.#floor = this.take.pcm.length;
    this.#set("ended");
  }

  #feed() {
    if ((this.state !== "playing" && this.state !== "hungry") || !this.#ring || !this.take) return;
    const { pcm, busy } = this.take;
    while (this.#fed < pcm.length && this.#fed - this.#report.position < AHEAD) {
      const view = pcm.view(this.#fed, this.#fed + BLOCK);
      const samples = Float32Array.from(view, (v) => v / 32768);
      this.#ring.post({ type: "push", epoch: this.#epoch, samples });
      this.#fed += samples.length;
    }
    if (this.state === "hungry") {
      const waiting = this.#fed - this.#report.position;
      if (waiting > ENOUGH || (waiting > 0 && !busy)) {
        this.#ring.post({ type: "play", on: true });
        this.#report = { position: this.#report.position, time: this.#context.currentTime };
        this.#set("playing");
      } else if (!busy) {
        this.#finish();
      }
    }
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
