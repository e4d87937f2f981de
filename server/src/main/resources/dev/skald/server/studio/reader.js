// The text while it is spoken: the word of the moment is marked, a click goes there.

import { $, calm } from "./ui.js";
import { wordAt, wordOf } from "./words.js";

const PATIENCE = 4_000; // ms that the text does not follow after it was scrolled by hand

export class Reader {
  #player;
  #node = $("reader");
  #text = document.createTextNode("");
  #pill = $("pill");
  #take = null;
  #shown = -2;
  #scrolled = 0;
  #said = globalThis.Highlight ? new Highlight() : null;
  #now = globalThis.Highlight ? new Highlight() : null;
  #block = globalThis.Highlight ? new Highlight() : null; // what runs over a line's end: a sentence

  constructor(player) {
    this.#player = player;
    this.#node.append(this.#text);
    globalThis.CSS?.highlights?.set("said", this.#said);
    globalThis.CSS?.highlights?.set("now", this.#now);
    globalThis.CSS?.highlights?.set("block", this.#block);
    this.#node.addEventListener("click", (e) => this.#click(e));
    this.#node.addEventListener("keydown", (e) => this.#key(e));
    const byHand = () => { this.#scrolled = performance.now(); };
    for (const name of ["wheel", "touchmove", "pointerdown"]) this.#node.addEventListener(name, byHand, { passive: true });
    new ResizeObserver(() => { this.#shown = -2; }).observe(this.#node);
  }

  load(take) {
    this.#take = take;
    this.#text.data = take?.text ?? "";
    this.#node.scrollTop = 0;
    this.#shown = -2;
    this.#scrolled = 0;
  }

  /** Marks the word of the moment; called for each picture on the screen. */
  frame() {
    if (!this.#take || this.#node.hidden) return;
    const list = this.#take.words;
    const time = this.#player.time;
    const begun = time > 0 || this.#player.state === "playing" || this.#player.state === "ended";
    const index = begun ? wordAt(list, time) : -1;
    const word = list[index];
    const key = word ? word.offset : -1;
    if (key === this.#shown) return;
    this.#shown = key;
    const over = this.#player.state === "ended";
    this.#mark(this.#said, 0, over ? this.#text.length : word ? word.offset + word.length : 0);
    this.#mark(this.#now, word?.offset ?? 0, word && !over ? word.offset + word.length : (word?.offset ?? 0));
    const lines = word && !over ? this.#place(word) : 0;
    this.#pill.hidden = lines !== 1;
    this.#mark(this.#block, word?.offset ?? 0, lines > 1 ? word.offset + word.length : 0);
  }

  /** The mark is set anew at the next picture. */
  refresh() {
    this.#shown = -2;
  }

  #range(from, to) {
    const range = document.createRange();
    range.setStart(this.#text, Math.min(from, this.#text.length));
    range.setEnd(this.#text, Math.min(to, this.#text.length));
    return range;
  }

  #mark(highlight, from, to) {
    if (!highlight) return;
    highlight.clear();
    if (to > from) highlight.add(this.#range(from, to));
  }

  /** Moves the mark to a word and the text so that it is seen; tells how many lines it is on. */
  #place(word) {
    const boxes = this.#range(word.offset, word.offset + word.length).getClientRects();
    const box = boxes[0];
    if (!box) return 0;
    const frame = this.#node.getBoundingClientRect();
    const top = box.top - frame.top + this.#node.scrollTop;
    const style = this.#pill.style;
    const line = `${top - 1}px`;
    // Along a line it glides; to another line, or from nowhere, it jumps.
    this.#pill.classList.toggle("jump", this.#pill.hidden || style.getPropertyValue("--y") !== line);
    style.setProperty("--x", `${box.left - frame.left - 5}px`);
    style.setProperty("--y", line);
    style.setProperty("--w", `${box.width + 10}px`);
    style.setProperty("--h", `${box.height + 2}px`);
    if (performance.now() - this.#scrolled < PATIENCE) return boxes.length;
    const seen = box.top > frame.top + 40 && box.bottom < frame.bottom - 90;
    if (!seen) this.#node.scrollTo({ top: top - this.#node.clientHeight / 3, behavior: calm() ? "auto" : "smooth" });
    return boxes.length;
  }

  #click(event) {
    if (!this.#take || !getSelection().isCollapsed) return; // text is being selected
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const range = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
    const offset = caret?.offset ?? range?.startOffset;
    if (offset === undefined) return;
    const word = this.#take.words[wordOf(this.#take.words, offset)];
    if (!word || word.start > this.#take.seconds) return;
    this.#scrolled = 0;
    this.#player.seek(word.start);
    if (this.#player.state !== "playing") this.#player.play();
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !this.#take || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const list = this.#take.words;
    const index = wordAt(list, this.#player.time) + step;
    const word = list[Math.max(0, Math.min(index, list.length - 1))];
    if (word && word.start <= this.#take.seconds) this.#player.seek(word.start);
  }
}
