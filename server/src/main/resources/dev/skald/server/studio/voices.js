// The voices there are, and the sheet to choose one from.

import { $, el, icon, announce, sheet, store, toast } from "./ui.js";
import { get, remove } from "./api.js";
import { sure } from "./chrome.js";

const names = globalThis.Intl?.DisplayNames ? new Intl.DisplayNames(["en"], { type: "language" }) : null;

/** "English (United States)" of "en_US". */
export function language(tag) {
  try {
    return names.of(tag.replace("_", "-"));
  } catch {
    return tag;
  }
}

/** "Joe" of "en_US-joe-medium"; a cloned voice keeps its name. */
export function title(id) {
  const [voice, speaker] = id.split("#");
  const parts = voice.match(/^[a-z]{2,3}_[A-Z]{2}-(.+)-(?:x_low|low|medium|high)$/);
  const name = (parts ? parts[1] : voice).replace(/_/g, " ");
  return name.charAt(0).toUpperCase() + name.slice(1) + (speaker ? `, ${speaker}` : "");
}

export function hue(id) {
  let h = 7;
  for (const c of id) h = (h * 31 + c.codePointAt(0)) % 360;
  return h;
}

/** Whether somebody made it here of a recording. */
const uploaded = (v) => v.type === "audio_sample";

export const label = (v) => (uploaded(v) ? v.name : title(v.value));

/** Events: `change` when another voice was chosen. */
export class Voices extends EventTarget {
  list = [];
  #chosen = store.get("voice", "");

  constructor(clone) {
    super();
    $("voice-find").addEventListener("input", () => this.#filter());
    $("voice-clone").addEventListener("click", () => {
      $("voice-sheet").hidePopover();
      clone();
    });
    sheet($("voice-sheet"), $("voice-button"), () => $("voice-list").querySelector("input:checked") ?? $("voice-find"));
    $("voice-list").addEventListener("change", (e) => this.choose(e.target.value));
    $("voice-list").addEventListener("keydown", (e) => {
      if (e.key === "Enter") $("voice-sheet").hidePopover();
    });
    $("voice-list").addEventListener("click", (e) => {
      // A click on a card closes; arrow keys make clicks too, at no place.
      if (e.detail > 0 && e.target.closest("label")) setTimeout(() => $("voice-sheet").hidePopover(), 120);
    });
  }

  get chosen() {
    return this.list.find((v) => v.value === this.#chosen) ?? this.list[0] ?? null;
  }

  async load(prefer) {
    const { voices } = await get("/v1/audio/voices");
    // Names such as "alloy" mean one of the others: here each voice is called by its own.
    this.list = voices.filter((v) => v.model).flatMap((v) => {
      const speakers = v.speakers?.length > 1 ? v.speakers : [null];
      return speakers.map((s) => ({ ...v, value: s ? `${v.id}#${s}` : v.id }));
    });
    if (prefer) this.#chosen = prefer;
    this.#render();
    this.#show();
    this.dispatchEvent(new Event("change"));
  }

  choose(value) {
    if (!this.list.some((v) => v.value === value)) return;
    this.#chosen = value;
    store.set("voice", value);
    this.#show();
    this.dispatchEvent(new Event("change"));
  }

  #render() {
    const now = this.chosen;
    $("voice-list").replaceChildren(
      ...this.list.map((v) => {
        const card = el("label", { class: "voice-card", "data-find": `${v.value} ${label(v)} ${language(v.language)} ${v.model}`.toLowerCase() },
          el("input", { type: "radio", name: "voice", value: v.value, class: "sr", checked: v === now }),
          avatar(v.value, label(v)),
          el("span", { class: "voice-name" }, el("strong", {}, label(v)), el("small", {}, about(v))),
          el("span", { class: "tag" }, v.model));
        if (!uploaded(v)) return card;
        const bin = el("button", { type: "button", class: "icon-button", "aria-label": `Delete the voice ${label(v)}`, onclick: () => this.#delete(v) }, icon("bin"));
        return el("div", { class: "voice-row" }, card, bin);
      }),
    );
    $("voice-find").closest(".find").hidden = this.list.length < 8;
    $("voice-none").hidden = this.list.length > 0;
  }

  #show() {
    const v = this.chosen;
    const button = $("voice-button");
    button.querySelector(".avatar").replaceWith(avatar(v?.value ?? "?", v ? label(v) : undefined));
    button.querySelector("strong").textContent = v ? label(v) : "No voice";
    button.querySelector("small").textContent = v ? language(v.language) : "none is installed";
  }

  #filter() {
    const wanted = $("voice-find").value.toLowerCase();
    let found = 0;
    for (const card of $("voice-list").querySelectorAll(".voice-card")) {
      const fits = card.dataset.find.includes(wanted);
      (card.closest(".voice-row") ?? card).hidden = !fits;
      if (fits) found++;
    }
    $("voice-none").hidden = found > 0;
    announce(`${found} voices`);
  }

  async #delete(voice) {
    if (!await sure(`Delete the voice “${label(voice)}”?`, "Its recording is deleted from the server. Takes that were made with it stay.")) return;
    try {
      await remove(`/v1/audio/voices/${encodeURIComponent(voice.id)}`);
      toast(`The voice “${label(voice)}” is deleted.`);
      await this.load();
    } catch (e) {
      toast(e.message);
    }
  }
}

function about(v) {
  const licence = v.licence && v.licence !== "unknown" ? ` · ${v.licence}` : "";
  return `${language(v.language)}${licence}`;
}

export function avatar(id, name = title(id)) {
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, name.charAt(0).toUpperCase());
  node.style.setProperty("--hue", hue(id));
  return node;
}
