// The page: what a person does, and what they see of it.

import { $, el, announce, clock, debounce, milliseconds, setIcon, sheet, spokenTime, store, toast } from "./ui.js";
import { access, post } from "./api.js";
import { Take } from "./take.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";
import { Reader } from "./reader.js";
import { Voices, label } from "./voices.js";
import { Settings } from "./settings.js";
import { Lexicon } from "./lexicon.js";
import { CloneDialog } from "./clone.js";
import { Live } from "./live.js";
import { Takes } from "./takes.js";
import { history } from "./history.js";
import { FORMATS, download } from "./download.js";
import { SAMPLES } from "./samples.js";
import { PACE, sentenceAt } from "./words.js";
import { tabs } from "./tabs.js";
import { askForKey, notice, quiet, themeButton } from "./chrome.js";

const MOST = 100_000; // characters; a book is for the command line
const text = $("text");
const player = new Player();
const timeline = new Timeline(player, () => kick());
const reader = new Reader(player);
const settings = new Settings();
const live = new Live();
const takes = new Takes();
const clone = new CloneDialog((voice) => voices.load(voice));
const voices = new Voices(() => clone.open());
const lexicon = new Lexicon(() => ask(), (word, words) => trial(word, words));

let take = null; // in the player
let listening = false; // the reader is shown, not the editor

// --- What is asked of the server ---

const mode = () => document.querySelector("#modes input:checked").value;

function ask() {
  const voice = voices.chosen;
  return {
    model: mode(),
    ...(voice ? { voice: voice.value, name: label(voice) } : {}),
    ...settings.values,
    lexicon: lexicon.words,
  };
}

function speak() {
  if (!text.value.trim()) {
    notice("info", "Write something first, or take one of the examples.");
    text.focus();
    return;
  }
  if (text.value.length > limit()) return;
  begin(Take.of(text.value, { ...ask(), seed: settings.seed }));
  player.play();
  run();
}

/** A word by itself, as the pronunciation box has it. */
function trial(word, words) {
  begin(Take.of(word, { ...ask(), seed: settings.seed, lexicon: words }), true);
  player.play();
  run();
}

/** Puts a take into the player; the one before is given up. */
function begin(next, passing) {
  take?.stop();
  take = next;
  quiet();
  take.addEventListener("state", () => onState(next));
  take.addEventListener("audio", kick);
  take.addEventListener("words", () => reader.refresh());
  if (!passing) {
    take.kept = async (part, samples) => {
      try {
        await history.saveAudio(next.id, part, samples);
        await history.save(next.record);
        takes.show();
      } catch { /* no room: the take plays all the same */ }
    };
    listen(true);
  } else {
    listen(false);
  }
  player.load(take);
  timeline.load(take);
  reader.load(take);
  takes.current = take.id;
  show();
}

function run() {
  quiet();
  take.make();
}

// --- What is seen ---

function onState(of) {
  if (of !== take) return;
  const { state, error } = take;
  if (state === "making") {
    quiet();
    announce("Speaking.");
  }
  if (state === "done") {
    announce(`Finished: ${spokenTime(take.seconds)} of audio.`);
    if (take.kept) history.save(take.record).then(() => history.tidy()).then(() => takes.show(), () => {});
  }
  if (state === "waiting") waiting();
  if (state === "lost") {
    const why = error.passing ? "The server is busy." : "The server does not answer.";
    notice("error", `${why} ${kept()}`, take.pcm.length ? "Resume" : "Try again", run);
  }
  if (state === "failed") {
    notice("error", error.message, "Try again", run);
    if (!take.pcm.length) listen(false);
  }
  if (state === "stopped") announce("Stopped.");
  show();
}

function kept() {
  const done = take.parts.filter((p) => p.done).length;
  return done ? `${done} of ${take.parts.length} parts are kept.` : "";
}

/** Counts down to the next try. */
function waiting() {
  const seconds = Math.max(0, Math.ceil((take.retryAt - Date.now()) / 1000));
  const why = take.error.passing ? "The server is busy." : "The connection is lost.";
  notice("warn", `${why} ${kept()} Trying again in ${seconds} s.`, "Try now", () => take.hurry());
  const of = take;
  setTimeout(() => of === take && take.state === "waiting" && waiting(), 1000);
}

function listen(on) {
  listening = on;
  text.hidden = on;
  $("reader").hidden = !on;
  $("edit").hidden = !on;
  reader.refresh();
  show();
}

function edit() {
  if (take && take.kept && text.value !== take.text) text.value = take.text;
  listen(false);
  typed();
  text.focus();
}

function phase() {
  if (!take) return text.value ? "editing" : "empty";
  if (take.state === "idle") return "making";
  return take.state;
}

function show() {
  const now = phase();
  const root = document.documentElement;
  root.dataset.phase = now;
  root.dataset.player = player.state;
  root.dataset.view = listening ? "listen" : "edit";
  const busy = take?.busy ?? false;
  const has = take !== null;
  const silent = has && !busy && take.state !== "idle" && take.pcm.length === 0; // it failed at once
  $("player").hidden = !has || silent;
  $("stop").hidden = !busy;
  $("resume").hidden = !has || !["stopped", "lost", "failed"].includes(take.state);
  $("samples").hidden = listening || text.value !== "";
  $("speak").querySelector("span").textContent = listening ? "Speak again" : "Speak";
  const on = player.state === "playing" || player.state === "hungry";
  setIcon($("play"), on ? "pause" : "play");
  $("play").setAttribute("aria-label", on ? "Pause" : player.state === "ended" ? "Play again" : "Play");
  $("download").disabled = !has || take.state !== "done";
  $("download").title = $("download").disabled ? "Once it is finished" : "";
  const many = has && take.parts.length > 1;
  $("progress").hidden = !busy || !many;
  $("facts").hidden = !has || take.firstAudio === undefined;
  kick();
}

function facts() {
  if (!take) return;
  $("length").textContent = take.busy ? `~${clock(take.expected)}` : clock(take.seconds);
  if (take.busy && take.parts.length > 1) {
    const part = take.parts.findIndex((p) => !p.done) + 1;
    const share = Math.min(0.99, take.seconds / take.expected);
    $("progress-bar").value = share;
    $("progress-text").textContent = `Part ${part || take.parts.length} of ${take.parts.length}, ${Math.round(share * 100)} % made`;
  }
  if (take.firstAudio !== undefined) {
    const pace = take.factor > 0 ? ` · real-time factor ${take.factor.toFixed(2)}` : "";
    const times = take.exact ? "" : " · word times estimated";
    $("facts").textContent = `First audio after ${milliseconds(take.firstAudio)}${pace} · seed ${take.ask.seed}${times}`;
  }
}

let frame = 0;
/** One picture soon, and on as long as something moves. */
function kick() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    timeline.frame();
    reader.frame();
    facts();
    if (player.state === "playing" || player.state === "hungry" || take?.busy) kick();
  });
}

const limit = () => Math.min(MOST, live.state?.max_characters ?? MOST);

function typed() {
  const n = text.value.length;
  const most = limit();
  const about = n ? `, about ${spokenTime(Math.max(1, n / (PACE * settings.values.speed)))}` : "";
  $("count").textContent = n > most * 0.9 ? `${n.toLocaleString("en")} of ${most.toLocaleString("en")} characters` : `${n.toLocaleString("en")} characters${about}`;
  $("count").dataset.over = n > most;
  $("speak").disabled = n > most;
  $("samples").hidden = listening || n > 0;
  if (!take) document.documentElement.dataset.phase = phase();
  keepDraft();
  readSoon();
}

const keepDraft = debounce(300, () => store.set("draft", text.value));

// --- How it would be read ---

const readSoon = debounce(300, read);

/** Who would speak, and the reading of the sentence at the caret. */
async function read() {
  const sentence = sentenceAt(text.value, text.selectionStart ?? 0) || "Hello.";
  const shown = text.value.trim() !== "";
  try {
    const reading = await post("/studio/reading", { ...ask(), input: sentence });
    settings.family(reading.mode);
    $("choice").hidden = !reading.fallback;
    $("choice").textContent = reading.fallback ? `Speaks in mode ${reading.mode}: ${reading.reason}.` : "";
    const first = reading.sentences[0];
    $("reading").hidden = !shown || !first;
    $("reading-read").textContent = first?.read ?? "";
    $("reading-ipa").textContent = first?.phonemes ?? "";
  } catch (e) {
    $("reading").hidden = true;
    $("choice").hidden = !e.status || e.code === "nothing_to_say";
    $("choice").textContent = e.message;
  }
}

// --- What a person does ---

$("speak").addEventListener("click", speak);
$("play").addEventListener("click", () => player.toggle());
$("stop").addEventListener("click", () => { take.stop(); player.pause(); $("play").focus(); });
$("resume").addEventListener("click", () => { run(); $("play").focus(); });
$("edit").addEventListener("click", edit);
$("volume").addEventListener("input", (e) => {
  player.volume = Number(e.target.value) ** 2;
  e.target.style.setProperty("--fill", e.target.value);
  store.set("volume", Number(e.target.value));
});
$("bands-toggle").addEventListener("click", () => bands($("bands-toggle").getAttribute("aria-pressed") !== "true"));

function bands(on) {
  $("bands-toggle").setAttribute("aria-pressed", on);
  $("bands").hidden = !on;
  store.set("bands", on);
  timeline.redraw();
  kick();
}

text.addEventListener("input", () => {
  quiet();
  typed();
});
text.addEventListener("select", () => {
  const marked = text.value.slice(text.selectionStart, text.selectionEnd).trim();
  if (marked && marked.length <= 40 && !marked.includes("\n")) lexicon.offer(marked);
});
for (const name of ["keyup", "click"]) text.addEventListener(name, readSoon);
$("modes").addEventListener("change", () => { store.set("mode", mode()); read(); });
settings.addEventListener("change", typed);
voices.addEventListener("change", read);
lexicon.addEventListener("change", read);

player.addEventListener("state", show);
player.addEventListener("seek", () => { reader.refresh(); kick(); });
takes.addEventListener("open", ({ detail: { record, audio } }) => {
  const old = Take.restored(record, audio);
  begin(old);
  text.value = old.text;
  announce(`Opened: ${old.text.slice(0, 60)}`);
  if (old.state !== "done") notice("info", `This take is not finished. ${kept()}`, "Resume", run);
  $("play").focus();
});
live.addEventListener("up", () => {
  if (take?.state === "waiting") take.hurry();
  voices.load().catch(() => {});
});
live.addEventListener("state", () => formats(live.state.formats));

document.addEventListener("keydown", (e) => {
  if (document.querySelector("dialog[open]")) return;
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
    e.preventDefault();
    if (listening) edit();
    speak();
    $("play").focus();
  } else if (e.key === " " && (e.target === document.body || e.target === $("reader") || e.target === $("timeline"))) {
    e.preventDefault();
    player.toggle();
  } else if (e.key === "Escape" && listening && !document.querySelector(":popover-open")) {
    edit();
  }
});

// A dropped recording is a voice, a dropped text is a text.
document.addEventListener("dragover", (e) => e.preventDefault());
document.addEventListener("drop", async (e) => {
  if (e.defaultPrevented) return;
  e.preventDefault();
  const file = e.dataTransfer.files[0];
  if (!file) return;
  if (file.type.startsWith("text/")) {
    text.value = (await file.text()).slice(0, limit());
    listen(false);
    typed();
  } else {
    clone.open(file);
  }
});

function formats(names) {
  const known = Object.keys(FORMATS).filter((f) => names.includes(f));
  if ($("formats").dataset.known === known.join()) return;
  $("formats").dataset.known = known.join();
  $("formats").replaceChildren(
    ...known.map((f) =>
      el("button", { type: "button", onclick: () => save(f) }, el("strong", {}, f.toUpperCase()), el("small", {}, FORMATS[f].replace(/^[^,]*, /, "")))),
  );
}

async function save(format) {
  $("format-sheet").hidePopover();
  const of = take;
  const close = format === "wav" || format === "pcm" ? () => {} : toast(`Encoding ${format.toUpperCase()}…`);
  try {
    const name = await download(of, format);
    close();
    toast(`Saved ${name}`);
    announce(`Saved ${name}`);
  } catch (e) {
    close();
    toast(`Not saved: ${e.message}`, "Try again", () => save(format));
  }
}
sheet($("format-sheet"), $("download"), () => $("formats").querySelector("button"), true);

// --- The beginning ---

access.ask = askForKey;
themeButton(() => { timeline.redraw(); kick(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { timeline.redraw(); kick(); });
tabs($("rail-tabs"), store.get("tab", "tab-tune"), (id) => { store.set("tab", id); readSoon(); });
for (const sample of SAMPLES) {
  $("sample-list").append(el("button", { type: "button", class: "sample", onclick: () => { text.value = sample.text; typed(); text.focus(); } }, el("strong", {}, sample.name), el("span", {}, `${sample.text.slice(0, 88)}…`)));
}
text.value = store.get("draft", "");
const level = store.get("volume", 1);
$("volume").value = level;
$("volume").style.setProperty("--fill", level);
player.volume = level ** 2;
document.querySelector(`#modes input[value="${store.get("mode", "auto")}"]`)?.click();
bands(store.get("bands", true));
typed();
show();
takes.show();
try {
  await live.start();
  await voices.load();
  typed();
} catch (e) {
  notice("error", e.status ? e.message : "The server does not answer. Is “skald serve” running?", "Try again", () => location.reload());
}
const open = (await history.list().catch(() => [])).find((t) => !t.whole && t.parts.some((p) => p.done));
if (open && Date.now() - open.created < 86_400_000) {
  notice("info", `“${open.text.trim().slice(0, 40)}…” is not finished.`, "Open it", async () => {
    const { record, audio } = await history.load(open.id);
    takes.dispatchEvent(new CustomEvent("open", { detail: { record, audio } }));
  });
}
document.documentElement.dataset.ready = "";
