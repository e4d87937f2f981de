// A long text is asked for in parts, so that what was made stays when a connection breaks.

const AIM = 900;
const FIRST_AIM = 1_200; // a text of this length is one request
const LATEST = 1_800;

/** An end of a sentence behind a word that is no abbreviation, as far as letters tell. */
const SENTENCE = /(?:\p{Ll}{3}|[\p{N})])[.!?…]+["'”’»)\]]*\s+(?=["'“‘«(\[]?[\p{Lu}\p{N}])|[。！？]+[」』”’]*/gu;
const PARAGRAPH = /\n[^\S\n]*\n\s*/gu;

/**
 * Parts {from, to, paragraph} that follow one another and cover the text; `paragraph` tells
 * whether a paragraph ends with it. They end at paragraphs, else at sentences, else at blanks.
 */
export function split(text) {
  const parts = [];
  let from = 0;
  while (from < text.length) {
    const [to, paragraph] = end(text, from);
    parts.push({ from, to, paragraph });
    from = to;
  }
  const speaks = (part) => /[\p{L}\p{N}]/u.test(text.slice(part.from, part.to));
  return parts.filter(speaks);
}

function end(text, from) {
  if (text.length - from <= FIRST_AIM) return [text.length, false];
  const window = text.slice(from, from + LATEST);
  const paragraph = nearest(window, PARAGRAPH);
  if (paragraph >= AIM / 3) return [from + paragraph, true];
  const sentence = nearest(window, SENTENCE);
  if (sentence > 0) return [from + sentence, false];
  const blank = window.lastIndexOf(" ") + 1 || window.lastIndexOf("\n") + 1;
  let cut = blank || window.length;
  const code = window.charCodeAt(cut - 1);
  if (code >= 0xd800 && code < 0xdc00) cut--; // no half characters
  return [from + cut, false];
}

/** Where the match ends that lies nearest to the length aimed at; 0 if there is none. */
function nearest(window, pattern) {
  let best = 0;
  for (const match of window.matchAll(pattern)) {
    const at = match.index + match[0].length;
    if (Math.abs(at - AIM) < Math.abs(best - AIM)) best = at;
  }
  return best;
}
