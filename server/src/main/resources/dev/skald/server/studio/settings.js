// The sliders. What is left alone is not sent: the voice's own value counts.

import { $, el, store } from "./ui.js";

const times = (v) => `${v.toFixed(2)}×`;
const seconds = (v) => `${v.toFixed(1)} s`;
const plain = (v) => v.toFixed(2);

/** {key, label, hint, min, max, step, own (where the knob rests), family, show} */
const SLIDERS = [
  { key: "speed", label: "Speed", hint: "Slower and clearer, or faster", min: 0.5, max: 2, step: 0.05, own: 1, show: times },
  { key: "sentence_silence", label: "Pause between sentences", hint: "Beside what the voice leaves itself", min: 0, max: 2, step: 0.1, own: 0, show: seconds },
  { key: "paragraph_silence", label: "Pause between paragraphs", hint: "After headings and list items too", min: 0, max: 3, step: 0.1, own: 0.4, show: seconds },
  { key: "noise_scale", label: "Variation of tone", hint: "Even, or lively", min: 0, max: 1, step: 0.05, own: 0.65, family: "fast", show: plain },
  { key: "noise_width", label: "Variation of rhythm", hint: "Measured, or natural", min: 0, max: 1, step: 0.05, own: 0.8, family: "fast", show: plain },
  { key: "exaggeration", label: "Emotion", hint: "Calm, or dramatic", min: 0.25, max: 1.5, step: 0.05, own: 0.5, family: "cinematic", show: plain },
  { key: "cfg_weight", label: "Closeness to the voice", hint: "Lower lets it speak slower and freer", min: 0, max: 1, step: 0.05, own: 0.5, family: "cinematic", show: plain },
  { key: "temperature", label: "Surprise", hint: "Steady, or varied from take to take", min: 0.1, max: 1.5, step: 0.05, own: 0.8, family: "cinematic", show: plain },
];

/** Events: `change` when a value did. */
export class Settings extends EventTarget {
  #values = store.get("settings", {});

  constructor() {
    super();
    for (const s of SLIDERS) $(`sliders-${s.family ?? "all"}`).append(this.#slider(s));
    $("settings-reset").addEventListener("click", () => this.#reset());
    const seed = $("seed");
    seed.value = store.get("seed", "");
    seed.addEventListener("input", () => store.set("seed", seed.value));
    $("seed-new").addEventListener("click", () => {
      seed.value = "";
      store.set("seed", "");
      seed.focus();
    });
    this.#mark();
  }

  /** What was set, as a request has it. */
  get values() {
    return { speed: 1, sentence_silence: 0, paragraph_silence: 0.4, ...this.#values };
  }

  /** The number that makes a take repeatable: the person's, or a new one. */
  get seed() {
    const own = Number.parseInt($("seed").value, 10);
    return Number.isSafeInteger(own) && own >= 0 ? own : Math.floor(Math.random() * 1e9);
  }

  /** Shows the sliders of the mode that will speak. */
  family(mode) {
    $("sliders-fast").hidden = mode === "cinematic";
    $("sliders-cinematic").hidden = mode !== "cinematic";
  }

  #slider(s) {
    const id = `slider-${s.key}`;
    const value = this.#values[s.key] ?? s.own;
    const output = el("output", { for: id });
    const input = el("input", { type: "range", id, min: s.min, max: s.max, step: s.step, "aria-describedby": `${id}-hint` });
    input.value = value;
    const show = () => {
      const now = Number(input.value);
      output.textContent = this.#values[s.key] === undefined && s.family ? "the voice’s own" : s.show(now);
      input.setAttribute("aria-valuetext", output.textContent);
      input.style.setProperty("--fill", (now - s.min) / (s.max - s.min));
      input.style.setProperty("--own", (s.own - s.min) / (s.max - s.min));
    };
    input.addEventListener("input", () => {
      this.#values[s.key] = Number(input.value);
      show();
      this.#changed();
    });
    input.addEventListener("reset-to-own", () => {
      input.value = s.own;
      show();
    });
    show();
    return el("div", { class: "slider" },
      el("div", { class: "slider-head" }, el("label", { for: id }, s.label), output),
      input,
      el("p", { class: "hint", id: `${id}-hint` }, s.hint));
  }

  #changed() {
    store.set("settings", this.#values);
    this.#mark();
    this.dispatchEvent(new Event("change"));
  }

  #mark() {
    $("settings-reset").disabled = Object.keys(this.#values).length === 0;
  }

  #reset() {
    this.#values = {};
    for (const s of SLIDERS) $(`slider-${s.key}`).dispatchEvent(new Event("reset-to-own"));
    this.#changed();
    $("slider-speed").focus();
  }
}
