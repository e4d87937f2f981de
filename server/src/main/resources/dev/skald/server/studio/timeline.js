// The take as a picture, and the slider to go anywhere in it.

import { $, clock, spokenTime } from "./ui.js";
import { RATE } from "./take.js";
import { BANDS, Spectrum } from "./spectrum.js";
import { wordAt } from "./words.js";

const HOP = RATE / 100;
const BAR = 3; // CSS pixels of a bar and its gap

export class Timeline {
  #player;
  #take = null;
  #spectrum = null;
  #slider = $("timeline");
  #wave = $("wave");
  #bands = $("bands");
  #head = $("playhead");
  #hover = $("hover");
  #colours = null;
  #span = 1; // seconds across the whole width
  #drawn = 0; // columns in the picture
  #dirty = true;
  #shownTime = -1;
  #shownSeconds = -1;
  #waveTime = -1; // up to where it is drawn as heard

  /** @param onresize asks for a picture */
  constructor(player, onresize) {
    this.#player = player;
    new ResizeObserver(() => {
      this.redraw();
      onresize();
    }).observe(this.#slider);
    this.#slider.addEventListener("pointerdown", (e) => this.#drag(e));
    this.#slider.addEventListener("pointermove", (e) => this.#point(e));
    this.#slider.addEventListener("pointerleave", () => { this.#hover.hidden = true; });
    this.#slider.addEventListener("keydown", (e) => this.#key(e));
  }

  load(take) {
    this.#take = take;
    this.#spectrum = take ? new Spectrum(RATE, HOP) : null;
    this.#shownTime = -1;
    this.redraw();
  }

  /** Everything anew: the size or the colours have changed. */
  redraw() {
    this.#dirty = true;
    this.#colours = null;
  }

  /** Draws what has changed; called for each picture on the screen. */
  frame() {
    const take = this.#take;
    if (take) {
      this.#spectrum.update(take.pcm, !take.busy);
      const expected = Math.max(take.expected, take.seconds, 0.5);
      // The scale moves in steps while a take is made: a picture that breathes is hard to read.
      const outgrown = take.seconds > this.#span;
      const settled = !take.busy && Math.abs(expected - this.#span) > 0.01;
      const off = take.busy && Math.abs(expected / this.#span - 1) > 0.25;
      if (outgrown || settled || off) {
        this.#span = take.busy && outgrown ? Math.max(expected, take.seconds * 1.1) : expected;
        this.#dirty = true;
      }
    }
    if (this.#dirty) this.#resize();
    if (take) this.#draw();
    this.#move();
  }

  #resize() {
    this.#dirty = false;
    this.#drawn = 0;
    const scale = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.#wave, this.#bands]) {
      const box = canvas.getBoundingClientRect();
      canvas.width = Math.max(1, Math.round(box.width * scale));
      canvas.height = Math.max(1, Math.round(box.height * scale));
    }
    this.#colours = colours(this.#slider);
  }

  #draw() {
    const fresh = this.#spectrum.columns;
    const at = this.#player.time;
    if (fresh !== this.#drawn) this.#drawBands(this.#drawn, fresh);
    if (fresh !== this.#drawn || Math.abs(at - this.#waveTime) > this.#span / 600) this.#drawWave(fresh, at);
    this.#drawn = fresh;
  }

  #drawWave(columns, time) {
    this.#waveTime = time;
    const { width, height } = this.#wave;
    const g = this.#wave.getContext("2d");
    const scale = width / Math.max(1, this.#wave.getBoundingClientRect().width);
    const step = BAR * scale;
    const seconds = (x) => (x / width) * this.#span;
    g.clearRect(0, 0, width, height);
    for (let x = 0; x < width; x += step) {
      const from = Math.floor((seconds(x) * RATE) / HOP);
      const to = Math.max(from + 1, Math.floor((seconds(x + step) * RATE) / HOP));
      const made = from < columns;
      const level = made ? this.#spectrum.peak(from, Math.min(to, columns)) ** 0.8 : 0;
      const tall = Math.max(2 * scale, level * (height - 4 * scale));
      g.fillStyle = made ? (seconds(x) <= time ? this.#colours.heard : this.#colours.made) : this.#colours.coming;
      g.beginPath();
      g.roundRect(x, (height - tall) / 2, Math.max(1, step - scale), tall, scale);
      g.fill();
    }
  }

  #drawBands(from, to) {
    const { width, height } = this.#bands;
    if (this.#bands.getClientRects().length === 0) return;
    const g = this.#bands.getContext("2d");
    const perColumn = (width * HOP) / RATE / this.#span;
    const left = Math.floor(from * perColumn);
    const right = Math.min(width, Math.ceil(to * perColumn));
    if (right <= left) return;
    const picture = g.createImageData(right - left, height);
    const { ramp } = this.#colours;
    for (let x = left; x < right; x++) {
      const a = Math.floor(x / perColumn);
      const b = Math.min(to, Math.max(a + 1, Math.floor((x + 1) / perColumn)));
      for (let y = 0; y < height; y++) {
        const level = this.#spectrum.band(a, b, Math.floor((1 - (y + 0.5) / height) * BANDS)) * 4;
        picture.data.set(ramp.subarray(level, level + 4), ((x - left) + y * picture.width) * 4);
      }
    }
    g.putImageData(picture, left, 0);
  }

  #move() {
    const time = this.#player.time;
    const seconds = this.#take?.seconds ?? 0;
    const share = this.#take ? Math.min(1, time / this.#span) : 0;
    this.#head.style.setProperty("--at", share);
    if (time === this.#shownTime && seconds === this.#shownSeconds) return;
    this.#shownTime = time;
    this.#shownSeconds = seconds;
    $("time").textContent = `${clock(time)}`;
    const slider = this.#slider;
    slider.setAttribute("aria-valuemax", seconds.toFixed(1));
    slider.setAttribute("aria-valuenow", time.toFixed(1));
    const words = this.#take?.words ?? [];
    const word = words[wordAt(words, time)];
    const saying = word ? `, at “${this.#take.text.slice(word.offset, word.offset + word.length)}”` : "";
    slider.setAttribute("aria-valuetext", `${spokenTime(time)} of ${spokenTime(seconds)}${saying}`);
  }

  #seconds(event) {
    const box = this.#slider.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.#span;
  }

  #point(event) {
    if (!this.#take) return;
    const seconds = this.#seconds(event);
    this.#hover.hidden = event.pointerType === "touch";
    this.#hover.textContent = seconds <= this.#take.seconds ? clock(seconds) : "not made yet";
    this.#hover.style.setProperty("--at", seconds / this.#span);
  }

  #drag(event) {
    if (!this.#take || event.button !== 0) return;
    this.#slider.setPointerCapture(event.pointerId);
    const go = (e) => this.#player.seek(this.#seconds(e));
    go(event);
    this.#slider.addEventListener("pointermove", go);
    const end = () => {
      this.#slider.removeEventListener("pointermove", go);
      this.#slider.removeEventListener("pointerup", end);
      this.#slider.removeEventListener("pointercancel", end);
    };
    this.#slider.addEventListener("pointerup", end);
    this.#slider.addEventListener("pointercancel", end);
  }

  #key(event) {
    if (!this.#take) return;
    const time = this.#player.time;
    const to = {
      ArrowLeft: time - 2,
      ArrowDown: time - 2,
      ArrowRight: time + 2,
      ArrowUp: time + 2,
      PageUp: time + 15,
      PageDown: time - 15,
      Home: 0,
      End: this.#take.seconds,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#player.seek(to);
  }
}

/** The colours of the moment, and 256 steps from nothing to loud. */
function colours(node) {
  const style = getComputedStyle(node);
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.canvas.width = 256;
  probe.canvas.height = 1;
  const of = (name) => style.getPropertyValue(name).trim();
  const shades = probe.createLinearGradient(0, 0, 256, 0);
  [0, 0.35, 0.7, 1].forEach((at, i) => shades.addColorStop(at, resolved(node, `--heat-${i}`)));
  probe.fillStyle = shades;
  probe.fillRect(0, 0, 256, 1);
  const ramp = probe.getImageData(0, 0, 256, 1).data;
  const named = (name) => resolved(node, name) || of(name);
  return { made: named("--wave"), heard: named("--wave-heard"), coming: named("--wave-coming"), ramp };
}

/** A custom property's colour as the browser computes it: light-dark() and all. */
function resolved(node, name) {
  const old = node.style.color;
  node.style.color = `var(${name})`;
  const colour = getComputedStyle(node).color;
  node.style.color = old;
  return colour;
}
