// How the server does, every two seconds while somebody looks.

import { $, bytes, milliseconds, store } from "./ui.js";
import { get } from "./api.js";

const EVERY = 2_000;

/** Events: `state` with the server's numbers; `up` when it answers again after it did not. */
export class Live extends EventTarget {
  state = null;
  #up = null;
  #timer = 0;

  start() {
    document.addEventListener("visibilitychange", () => this.#soon());
    return this.#ask();
  }

  #soon() {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    let up = true;
    try {
      this.state = await get("/studio/state");
      this.#show(this.state);
      this.dispatchEvent(new Event("state"));
    } catch {
      up = false;
    }
    $("health").dataset.up = up;
    const speaking = this.state?.speaking ?? 0;
    const text = !up ? "No answer" : speaking > 0 ? `Speaking ${speaking}` : "Ready";
    const shown = $("health").querySelector("span");
    if (shown.textContent !== text) shown.textContent = text;
    if (up && this.#up === false) this.dispatchEvent(new Event("up"));
    this.#up = up;
    if (!document.hidden) this.#timer = setTimeout(() => this.#ask(), EVERY);
  }

  #show(state) {
    const factor = state.real_time_factor;
    const first = state.first_audio;
    $("live-factor").textContent = factor.median === undefined ? "–" : factor.median.toFixed(2);
    $("live-first").textContent = first.median === undefined ? "–" : milliseconds(first.median);
    $("live-queue").textContent = `${state.speaking} + ${state.waiting}`;
    $("live-memory").textContent = bytes(state.memory.resident ?? state.memory.heap);
    spark($("spark-factor"), factor.last);
    spark($("spark-first"), first.last);
  }
}

/** A line of the last values, from nothing to the largest. */
function spark(svg, values) {
  const line = svg.querySelector("path");
  if (values.length < 2) {
    line.setAttribute("d", "");
    return;
  }
  const most = Math.max(...values) || 1;
  const points = values.map((v, i) => `${((i / (values.length - 1)) * 100).toFixed(1)},${(22 - (v / most) * 20).toFixed(1)}`);
  line.setAttribute("d", `M${points.join("L")}`);
}
