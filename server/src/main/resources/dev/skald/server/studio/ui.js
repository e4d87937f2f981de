// Small helpers for the document: elements, icons, messages. Text only, never markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/** An element with attributes (`class`, `aria-label`, ...), listeners (`onclick`) and children. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c != null));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/studio/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function setIcon(button, name) {
  button.querySelector("use").setAttribute("href", `/studio/icons.svg#${name}`);
}

/** Says something to a screen reader. */
export function announce(text) {
  $("announcer").textContent = text;
}

/** A short message at the lower edge, with at most one thing to do about it. */
export function toast(message, label, action) {
  const close = () => note.remove();
  const note = el("div", { class: "toast" }, el("span", {}, message));
  if (label) {
    const act = el("button", { type: "button", class: "link", onclick: () => { close(); action(); } });
    act.textContent = label;
    note.append(act);
  }
  $("toasts").append(note);
  setTimeout(close, label ? 9_000 : 5_000);
  return close;
}

export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const h = Math.floor(s / 3600);
  const tail = `${String(Math.floor(s / 60) % 60).padStart(h ? 2 : 1, "0")}:${String(s % 60).padStart(2, "0")}`;
  return h ? `${h}:${tail}` : tail;
}

/** "12 seconds", "3 minutes 5 seconds": a time as it is said. */
export function spokenTime(seconds) {
  const s = Math.round(seconds);
  const one = (n, unit) => `${n} ${unit}${n === 1 ? "" : "s"}`;
  return s < 60 ? one(s, "second") : `${one(Math.floor(s / 60), "minute")} ${one(s % 60, "second")}`;
}

export function milliseconds(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
}

export function bytes(n) {
  return n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.round(n / 1e6)} MB`;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What is kept between visits; a browser that forbids it forgets, and nothing breaks. */
export const store = {
  get(key, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`skald.${key}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`skald.${key}`, JSON.stringify(value));
    } catch { /* a private window */ }
  },
};

export function debounce(ms, f) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), ms);
  };
}

/**
 * A popover that opens under its button (on a phone the style sheet makes it a sheet at the lower
 * edge). What `focused` finds has the focus as soon as it is open: the event `toggle` comes later,
 * and a key pressed before it would still be the button's.
 */
export function sheet(popover, button, focused, atRight = false) {
  popover.addEventListener("beforetoggle", (e) => {
    if (e.newState !== "open") return;
    popover.querySelector("[autofocus]")?.removeAttribute("autofocus");
    focused()?.setAttribute("autofocus", "");
  });
  popover.addEventListener("toggle", (e) => {
    if (e.newState === "open") place(popover, button, atRight);
  });
}

function place(popover, button, atRight) {
  const box = button.getBoundingClientRect();
  const left = atRight ? box.right - popover.offsetWidth : box.left;
  const room = innerWidth - popover.offsetWidth - 12;
  const below = innerHeight - box.bottom - 20;
  const above = box.top - 20;
  const up = popover.offsetHeight > below && above > below;
  popover.style.left = `${Math.max(12, Math.min(left, room))}px`;
  popover.style.top = up ? "auto" : `${box.bottom + 8}px`;
  popover.style.bottom = up ? `${innerHeight - box.top + 8}px` : "auto";
  popover.style.maxHeight = `${Math.max(160, up ? above : below)}px`;
}
