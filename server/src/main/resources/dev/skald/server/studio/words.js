// Where words lie in a text and, if the server does not tell, about when they are spoken.

/** Characters a second of a voice at its own speed, for want of anything better. */
export const PACE = 15;

const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’_-]*/gu;

/** {offset, length} of each word of text[from, to), offsets into the whole text. */
export function words(text, from, to) {
  const piece = text.slice(from, to);
  const found = [];
  if (segmenter) {
    for (const s of segmenter.segment(piece)) {
      if (s.isWordLike) found.push({ offset: from + s.index, length: s.segment.length });
    }
  } else {
    for (const m of piece.matchAll(WORD)) found.push({ offset: from + m.index, length: m[0].length });
  }
  return found;
}

/** What a stretch of text weighs in time: its letters, and the pauses of its marks. */
function weight(text) {
  let sum = 0;
  for (const c of text) {
    if (/[.!?…。！？]/u.test(c)) sum += 6;
    else if (/[,;:，；：—–\n]/u.test(c)) sum += 3;
    else if (/\p{N}/u.test(c)) sum += 3;
    else if (/\s/u.test(c)) sum += 0.5;
    else sum += 1;
  }
  return sum;
}

/** The words of text[from, to) spread over [start, end) seconds by what they weigh. */
export function estimate(text, from, to, start, end) {
  const found = words(text, from, to);
  const total = weight(text.slice(from, to)) || 1;
  const each = (end - start) / total;
  let time = start;
  let at = from;
  return found.map(({ offset, length }) => {
    time += weight(text.slice(at, offset)) * each;
    at = offset + length;
    const begin = time;
    time += weight(text.slice(offset, at)) * each;
    return { offset, length, start: begin, end: time };
  });
}

const NEAR = 0.02; // seconds; rounding to samples must not leave a listener before the word they went to

/** The index of the last word that begins at, before or just behind a time; -1 before the first. */
export function wordAt(list, seconds) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].start <= seconds + NEAR) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The index of the word at an offset of the text, or of the next one; -1 if there is none. */
export function wordOf(list, offset) {
  return list.findIndex((w) => offset < w.offset + w.length);
}

/** The sentence at an offset, or the last one before it in which something is said; or "". */
export function sentenceAt(text, offset) {
  const from = Math.max(0, offset - 600);
  const piece = text.slice(from, offset + 600);
  const sentences = globalThis.Intl?.Segmenter
    ? [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(piece)].map((s) => s.segment)
    : piece.split(/(?<=[.!?]\s|\n)/);
  let at = from;
  let found = "";
  for (const sentence of sentences) {
    if (found && at >= offset) break;
    if (/[\p{L}\p{N}]/u.test(sentence)) found = sentence;
    at += sentence.length;
  }
  return found.trim();
}
