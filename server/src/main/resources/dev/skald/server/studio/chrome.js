// What stands around the work: notices, the theme, the key.

import { $, announce, setIcon, store } from "./ui.js";

/** A line above the text, with at most one thing to do; stays until it is over. */
export function notice(kind, message, label, action) {
  const box = $("notice");
  const fresh = box.hidden || box.dataset.kind !== kind;
  box.dataset.kind = kind;
  setIcon(box, kind === "info" ? "info" : "warn");
  $("notice-text").textContent = message.charAt(0).toUpperCase() + message.slice(1);
  const button = $("notice-action");
  button.hidden = !label;
  if (label) button.textContent = label;
  button.onclick = action ?? null;
  box.hidden = false;
  if (fresh) announce(message);
}

export function quiet() {
  $("notice").hidden = true;
}

const THEMES = { auto: ["auto", "the system’s"], light: ["sun", "light"], dark: ["moon", "dark"] };

export function themeButton(onchange) {
  const button = $("theme");
  const show = () => {
    const theme = document.documentElement.dataset.theme;
    const [image, name] = THEMES[theme] ?? THEMES.auto;
    setIcon(button, image);
    button.setAttribute("aria-label", `Theme: ${name}. Change it`);
    button.title = `Theme: ${name}`;
  };
  button.addEventListener("click", () => {
    const all = Object.keys(THEMES);
    const next = all[(all.indexOf(document.documentElement.dataset.theme) + 1) % all.length];
    document.documentElement.dataset.theme = next;
    store.set("theme", next);
    show();
    announce(`Theme: ${THEMES[next][1]}`);
    onchange();
  });
  show();
}

/** Asks before something is gone for good. */
export function sure(title, text) {
  const dialog = $("sure");
  $("sure-title").textContent = title;
  $("sure-text").textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

let asking = null;

/** Asks the person for the server's key; false if there is none. */
export function askForKey(wrong) {
  asking ??= new Promise((resolve) => {
    const dialog = $("key-dialog");
    $("key-wrong").hidden = !wrong;
    $("key").value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      asking = null;
      const given = dialog.returnValue === "use" && $("key").value.trim();
      if (given) store.set("key", given);
      resolve(Boolean(given));
    }, { once: true });
    $("key-cancel").onclick = () => dialog.close();
    dialog.showModal();
  });
  return asking;
}
