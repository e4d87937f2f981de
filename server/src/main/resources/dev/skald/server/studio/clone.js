// The dialog that makes a voice of a recording.

import { $, el, icon, announce, toast } from "./ui.js";
import { upload } from "./api.js";
import { checks, measure } from "./clip.js";

const LARGEST = 10 * 1024 * 1024;
const ICONS = { good: "check", fair: "warn", bad: "cross" };
const WORDS = { good: "Good", fair: "Fair", bad: "Not usable" };

export class CloneDialog {
  #dialog = $("clone");
  #file = null;
  #buffer = null;
  #usable = false;
  #context = null;
  #sound = null;
  #oncloned;

  constructor(oncloned) {
    this.#oncloned = oncloned;
    $("clone-file").addEventListener("change", (e) => this.#take(e.target.files[0]));
    const drop = $("drop");
    drop.addEventListener("dragover", (e) => { e.preventDefault(); drop.dataset.over = ""; });
    drop.addEventListener("dragleave", () => delete drop.dataset.over);
    drop.addEventListener("drop", (e) => { e.preventDefault(); delete drop.dataset.over; this.#take(e.dataTransfer.files[0]); });
    $("clone-hear").addEventListener("click", () => this.#hear());
    $("clone-name").addEventListener("input", () => this.#ready());
    $("clone-consent").addEventListener("change", () => this.#ready());
    $("clone-form").addEventListener("submit", (e) => { e.preventDefault(); this.#send(); });
    for (const id of ["clone-close", "clone-cancel"]) $(id).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#quiet());
  }

  open(file) {
    this.#reset();
    this.#dialog.showModal();
    if (file) this.#take(file);
  }

  #reset() {
    $("clone-form").reset();
    this.#file = this.#buffer = null;
    this.#usable = false;
    this.#dialog.dataset.state = "empty";
    $("clone-checks").replaceChildren();
    this.#fail("");
    this.#ready();
  }

  async #take(file) {
    if (!file) return;
    this.#fail("");
    this.#usable = false;
    this.#file = file;
    $("clone-file-name").textContent = file.name;
    if (file.size > LARGEST) {
      this.#reject(`${file.name} is larger than 10 MB: cut it to under a minute.`);
      return;
    }
    try {
      this.#context ??= new AudioContext();
      this.#buffer = await this.#context.decodeAudioData(await file.arrayBuffer());
    } catch {
      this.#reject(`${file.name} is no recording that this browser can read: use WAV, MP3 or FLAC.`);
      return;
    }
    const samples = mono(this.#buffer);
    const results = checks(measure(samples, this.#buffer.sampleRate));
    this.#usable = results.every((r) => r.level !== "bad");
    this.#dialog.dataset.state = "checked";
    draw($("clone-wave"), samples);
    $("clone-checks").replaceChildren(
      ...results.map((r) =>
        el("li", { "data-level": r.level }, icon(ICONS[r.level]), el("div", {}, el("strong", {}, `${r.name}: ${WORDS[r.level].toLowerCase()}`), el("span", {}, r.text)))),
    );
    if (!$("clone-name").value) $("clone-name").value = file.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40);
    announce(results.map((r) => `${r.name}: ${WORDS[r.level]}. ${r.text}`).join(" "));
    this.#ready();
  }

  #reject(message) {
    this.#dialog.dataset.state = "empty";
    this.#buffer = null;
    $("clone-checks").replaceChildren();
    this.#fail(message);
    this.#ready();
  }

  #ready() {
    const missing = !this.#buffer
      ? "Choose a recording first."
      : !this.#usable
        ? "This recording cannot be used: see the checks."
        : !$("clone-name").value.trim()
          ? "Give the voice a name."
          : !$("clone-consent").checked
            ? "Confirm the speaker’s consent."
            : "";
    $("clone-missing").textContent = missing;
    $("clone-send").disabled = missing !== "";
  }

  #hear() {
    if (this.#sound) {
      this.#quiet();
      return;
    }
    this.#context.resume();
    this.#sound = new AudioBufferSourceNode(this.#context, { buffer: this.#buffer });
    this.#sound.connect(this.#context.destination);
    this.#sound.onended = () => this.#quiet();
    this.#sound.start();
    $("clone-hear").querySelector("span").textContent = "Stop";
  }

  #quiet() {
    this.#sound?.stop();
    this.#sound = null;
    $("clone-hear").querySelector("span").textContent = "Listen";
  }

  async #send() {
    const name = $("clone-name").value.trim();
    const form = new FormData();
    form.append("name", name);
    form.append("consent", "true");
    form.append("audio_sample", this.#file, this.#file.name);
    this.#fail("");
    $("clone-send").disabled = true;
    this.#dialog.dataset.busy = "";
    try {
      const voice = await upload("/v1/audio/voices", form);
      this.#dialog.close();
      toast(`The voice “${name}” is ready.`);
      announce(`The voice ${name} is ready.`);
      this.#oncloned(voice.id ?? name);
    } catch (e) {
      this.#fail(e.status === 404 || e.status === 405 ? "This server takes no recordings." : e.message);
    } finally {
      delete this.#dialog.dataset.busy;
      this.#ready();
    }
  }

  #fail(message) {
    const box = $("clone-error");
    box.textContent = message.charAt(0).toUpperCase() + message.slice(1);
    box.hidden = !message;
  }
}

function mono(buffer) {
  const sum = new Float32Array(buffer.length);
  for (let c = 0; c < buffer.numberOfChannels; c++) {
    const one = buffer.getChannelData(c);
    for (let i = 0; i < sum.length; i++) sum[i] += one[i] / buffer.numberOfChannels;
  }
  return sum;
}

function draw(canvas, samples) {
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = box.width * scale;
  canvas.height = box.height * scale;
  const g = canvas.getContext("2d");
  g.fillStyle = getComputedStyle(canvas).color;
  const step = 3 * scale;
  for (let x = 0; x < canvas.width; x += step) {
    const from = Math.floor((x / canvas.width) * samples.length);
    const to = Math.floor(((x + step) / canvas.width) * samples.length);
    let peak = 0;
    for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
    const tall = Math.max(2 * scale, peak * canvas.height);
    g.fillRect(x, (canvas.height - tall) / 2, step - scale, tall);
  }
}
