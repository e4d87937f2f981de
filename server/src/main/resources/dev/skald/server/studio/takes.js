// The list of earlier takes.

import { $, el, icon, clock, announce, toast } from "./ui.js";
import { sure } from "./chrome.js";
import { history } from "./history.js";
import { avatar, title } from "./voices.js";

const ago = globalThis.Intl?.RelativeTimeFormat ? new Intl.RelativeTimeFormat("en", { numeric: "auto" }) : null;

function when(time) {
  const minutes = Math.round((time - Date.now()) / 60_000);
  if (!ago || minutes > -1) return "just now";
  if (minutes > -60) return ago.format(minutes, "minute");
  if (minutes > -60 * 24) return ago.format(Math.round(minutes / 60), "hour");
  return ago.format(Math.round(minutes / 60 / 24), "day");
}

/** Events: `open` with `detail` {record, audio}. */
export class Takes extends EventTarget {
  #current = null;
  #hidden = new Set(); // deleted, but for the moment in which that may be undone

  constructor() {
    super();
    $("history-clear").addEventListener("click", () => this.#clear());
  }

  set current(id) {
    this.#current = id;
    this.show();
  }

  async show() {
    let all = [];
    try {
      all = (await history.list()).filter((t) => !this.#hidden.has(t.id));
    } catch { /* no database: the list stays empty */ }
    $("history-empty").hidden = all.length > 0;
    $("history-clear").hidden = all.length === 0;
    $("history-count").textContent = all.length || "";
    $("history-list").replaceChildren(...all.map((t) => this.#row(t)));
  }

  #row(t) {
    const first = t.text.trim().slice(0, 90);
    const state = t.whole ? clock(t.seconds) : `${t.parts.filter((p) => p.done).length} of ${t.parts.length} parts`;
    const open = el("button", { type: "button", class: "take", "aria-current": t.id === this.#current ? "true" : null, onclick: () => this.#open(t.id) },
      avatar(t.ask.voice ?? "?", t.ask.name),
      el("span", { class: "take-text" }, el("span", { class: "take-first" }, first), el("small", {}, `${t.ask.name ?? title(t.ask.voice ?? "voice")} · ${state} · ${when(t.created)}`)));
    return el("li", { "data-whole": t.whole ? "true" : "false" }, open,
      el("button", { type: "button", class: "icon-button", "aria-label": `Delete: ${first.slice(0, 40)}`, onclick: () => this.#delete(t) }, icon("bin")));
  }

  async #open(id) {
    const { record, audio } = await history.load(id);
    if (record) this.dispatchEvent(new CustomEvent("open", { detail: { record, audio } }));
  }

  async #delete(take) {
    this.#hidden.add(take.id);
    await this.show();
    ($("history-list").querySelector("button") ?? $("tab-history")).focus();
    const timer = setTimeout(() => history.remove(take.id), 9_000);
    addEventListener("pagehide", () => this.#hidden.has(take.id) && history.remove(take.id), { once: true });
    toast("Deleted.", "Undo", () => {
      clearTimeout(timer);
      this.#hidden.delete(take.id);
      this.show();
    });
  }

  async #clear() {
    if (!await sure("Clear the history?", "All takes and their audio are deleted from this browser.")) return;
    for (const t of await history.list()) await history.remove(t.id);
    announce("The history is empty.");
    await this.show();
    $("tab-history").focus();
  }
}
