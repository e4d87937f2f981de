// How words are said: kept in this browser, sent along with each request.

import { $, el, icon, announce, debounce, store, toast } from "./ui.js";
import { post } from "./api.js";

/** Events: `change` when the words did. */
export class Lexicon extends EventTarget {
  #words = store.get("lexicon", {});
  #ask;

  /** @param ask the body of a request as the page would send it now */
  constructor(ask, hear) {
    super();
    this.#ask = ask;
    $("say-form").addEventListener("submit", (e) => { e.preventDefault(); this.#add(); });
    const live = debounce(250, () => this.#live());
    $("say-word").addEventListener("input", live);
    $("say-as").addEventListener("input", live);
    $("say-hear").addEventListener("click", () => {
      const word = $("say-word").value.trim();
      if (word) hear(word, this.#tried());
      else $("say-word").focus();
    });
    this.#render();
  }

  /** An object of words and how to say them. */
  get words() {
    return this.#words;
  }

  /** The word that was marked in the text, ready to be given a reading. */
  offer(word) {
    $("say-word").value = word;
    $("say-as").value = this.#words[word] ?? "";
    this.#live();
  }

  #tried() {
    const word = $("say-word").value.trim();
    const as = $("say-as").value.trim();
    return as ? { ...this.#words, [word]: as } : this.#words;
  }

  #add() {
    const word = $("say-word").value.trim();
    const as = $("say-as").value.trim();
    if (!word || !as) {
      $(word ? "say-as" : "say-word").focus();
      return;
    }
    this.#words = { ...this.#words, [word]: as };
    this.#save();
    $("say-form").reset();
    $("say-live").textContent = "";
    $("say-word").focus();
    announce(`${word} is now said ${as}.`);
  }

  #remove(word) {
    const before = this.#words;
    const { [word]: gone, ...rest } = before;
    this.#words = rest;
    this.#save();
    $("say-word").focus();
    toast(`“${word}” is said as usual again.`, "Undo", () => {
      this.#words = { ...this.#words, [word]: gone };
      this.#save();
    });
  }

  #save() {
    store.set("lexicon", this.#words);
    this.#render();
    this.dispatchEvent(new Event("change"));
  }

  async #live() {
    const word = $("say-word").value.trim();
    const box = $("say-live");
    if (!word) {
      box.textContent = "";
      return;
    }
    try {
      const { sentences } = await post("/studio/reading", { ...this.#ask(), input: word, lexicon: this.#tried() });
      const reading = sentences[0];
      box.replaceChildren(
        ...(reading
          ? [el("span", {}, reading.read.replaceAll("[[", "").replaceAll("]]", "")), reading.phonemes ? el("span", { class: "ipa", lang: "und-fonipa" }, reading.phonemes) : null].filter(Boolean)
          : ["This voice reads words as they are."]),
      );
    } catch (e) {
      box.textContent = e.message;
    }
  }

  #render() {
    const words = Object.entries(this.#words).sort(([a], [b]) => a.localeCompare(b));
    $("say-empty").hidden = words.length > 0;
    $("say-list").replaceChildren(
      ...words.map(([word, as]) =>
        el("li", {},
          el("span", { class: "said" }, el("strong", {}, word), el("span", {}, as)),
          el("button", { type: "button", class: "icon-button", "aria-label": `Forget how to say ${word}`, onclick: () => this.#remove(word) }, icon("bin")))),
    );
  }
}
