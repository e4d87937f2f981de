// Files of the samples that were heard; what the page cannot write, the server makes of them.

import { encoded } from "./api.js";
import { RATE } from "./take.js";

export const FORMATS = {
  mp3: "MP3, plays everywhere",
  wav: "WAV, exactly what you heard",
  flac: "FLAC, without loss, smaller",
  opus: "Opus, smallest",
  m4a: "AAC, for Apple devices",
  pcm: "PCM, raw 24 kHz, 16 bit",
};

/** What a file of this take is called: voice, first words, day and time. */
export function fileName(take, format) {
  const plain = (text) =>
    text
      .normalize("NFKD")
      .replace(/[\u0300-\u036f]/g, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "");
  const words = plain(take.text.slice(0, 80)).split("-").slice(0, 6).join("-").slice(0, 48) || "speech";
  const at = new Date(take.created);
  const two = (n) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const voice = plain(take.ask.name ?? take.ask.voice ?? "voice");
  return `skald-${voice}-${words}-${day}-${two(at.getHours())}${two(at.getMinutes())}.${format}`;
}

export function wav(pcm) {
  const head = new DataView(new ArrayBuffer(44));
  const text = (at, s) => [...s].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  head.setUint32(4, 36 + pcm.length * 2, true);
  text(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, RATE, true);
  head.setUint32(28, RATE * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  text(36, "data");
  head.setUint32(40, pcm.length * 2, true);
  return new Blob([head, pcm.view(0, pcm.length).slice()], { type: "audio/wav" });
}

export async function download(take, format) {
  let blob;
  if (format === "wav") blob = wav(take.pcm);
  else {
    blob = new Blob([take.pcm.view(0, take.pcm.length).slice()]);
    if (format !== "pcm") blob = await encoded(format, blob);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName(take, format);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return link.download;
}
