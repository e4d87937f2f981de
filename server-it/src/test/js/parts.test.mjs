import test from "node:test";
import assert from "node:assert/strict";
import { at } from "./page.mjs";

const { split } = await import(at("parts.js"));
const { estimate, sentenceAt, wordAt, wordOf } = await import(at("words.js"));

const sentence = (i) => `Number ${i}: Dr. Smith came to the harbour, and nobody spoke. `;
const long = Array.from({ length: 200 }, (_, i) => sentence(i)).join("");

test("a short text is one part", () => {
  assert.deepEqual(split("Hello there."), [{ from: 0, to: 12, paragraph: false }]);
  assert.deepEqual(split("  \n "), []);
});

test("parts cover the text, in order, and end at sentences", () => {
  const parts = split(long);
  assert.ok(parts.length > 8);
  let from = 0;
  for (const part of parts) {
    assert.equal(part.from, from);
    assert.ok(part.to - part.from <= 1800);
    assert.match(long.slice(part.from, part.to), /^Number .*spoke\. $/s);
    from = part.to;
  }
  assert.equal(from, long.length);
});

test("a paragraph is a better end than a sentence", () => {
  const text = `${"One sentence of some length stands here. ".repeat(15)}\n\n${"Another one follows it there. ".repeat(40)}`;
  const [first] = split(text);
  assert.ok(first.paragraph);
  assert.match(text.slice(first.to), /^Another/);
});

test("text without any end is cut, and never through a character", () => {
  const text = "😀".repeat(3000);
  const parts = split(`a${text}`);
  for (const { to } of parts) assert.doesNotMatch(`a${text}`.slice(0, to), /[\ud800-\udbff]$/);
});

test("estimated words lie in order within the time", () => {
  const text = "One, two. Three 4 five";
  const words = estimate(text, 0, text.length, 10, 14);
  assert.deepEqual(words.map((w) => text.slice(w.offset, w.offset + w.length)), ["One", "two", "Three", "4", "five"]);
  let time = 10;
  for (const w of words) {
    assert.ok(w.start >= time && w.end > w.start);
    time = w.end;
  }
  assert.ok(Math.abs(time - 14) < 1e-9);
});

test("words are found by time and by place", () => {
  const words = [{ offset: 0, length: 3, start: 0, end: 1 }, { offset: 5, length: 3, start: 1.5, end: 2 }];
  assert.equal(wordAt(words, 0.5), 0);
  assert.equal(wordAt(words, 1.2), 0);
  assert.equal(wordAt(words, 1.5), 1);
  assert.equal(wordAt(words, 1.49), 1);
  assert.equal(wordAt([], 1), -1);
  assert.equal(wordOf(words, 4), 1);
  assert.equal(wordOf(words, 9), -1);
});

test("the sentence at the caret is found, also behind the last mark", () => {
  const text = "One is here. “Two is there.”\n\nThree?";
  assert.equal(sentenceAt(text, 3), "One is here.");
  assert.equal(sentenceAt(text, 20), "“Two is there.”");
  assert.equal(sentenceAt(text, text.length), "Three?");
  assert.equal(sentenceAt("“I was born.”", 13), "“I was born.”");
  assert.equal(sentenceAt("...", 2), "");
});
