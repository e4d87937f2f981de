import test from "node:test";
import assert from "node:assert/strict";
import { at } from "./page.mjs";

const { checks, measure } = await import(at("clip.js"));
const { events } = await import(at("events.js"));
const { fft } = await import(at("spectrum.js"));

const RATE = 16_000;
let state = 1;
const random = () => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return state / 1_073_741_824 - 1;
};

/** Bursts like syllables over a floor of noise. */
function voice(seconds, level, floor) {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const t = i / RATE;
    const on = Math.max(0, Math.sin(2 * Math.PI * 1.5 * t)) ** 0.5;
    return level * on * Math.sin(2 * Math.PI * 140 * t) + floor * random();
  });
}

const levels = (samples) => checks(measure(samples, RATE)).map((c) => c.level).join(" ");

test("a clean recording is good in all", () => assert.equal(levels(voice(10, 0.3, 0.0005)), "good good good"));
test("a short one is fair", () => assert.equal(levels(voice(4, 0.3, 0.0005)), "fair good good"));
test("one with almost no voice is bad", () => assert.match(levels(voice(0.8, 0.3, 0.0005)), /^bad/));
test("a quiet one is fair", () => assert.equal(levels(voice(10, 0.01, 0.00001)), "good fair good"));
test("a noisy one is fair", () => assert.equal(levels(voice(10, 0.3, 0.05)), "good good fair"));
test("a clipped one is bad", () => assert.match(levels(voice(10, 3, 0).map((v) => Math.max(-1, Math.min(1, v)))), /^good bad/));
test("silence is bad", () => assert.match(levels(new Float32Array(RATE * 8)), /bad/));
test("noise alone is bad", () => assert.match(levels(Float32Array.from({ length: RATE * 8 }, () => random() * 0.3)), /bad$/));

test("events survive any cut of the bytes", async () => {
  const bytes = new TextEncoder().encode('data: {"a":"ü"}\n\ndata: {"b":2}\n\ndata: {"cut');
  for (let size = 1; size < bytes.length; size++) {
    const pieces = (async function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
    })();
    const all = [];
    for await (const e of events(pieces)) all.push(e);
    assert.deepEqual(all, [{ a: "ü" }, { b: 2 }]);
  }
});

test("the transform finds a tone", () => {
  const re = Float32Array.from({ length: 512 }, (_, i) => Math.cos((2 * Math.PI * 37 * i) / 512));
  const im = new Float32Array(512);
  fft(re, im);
  const power = Array.from(re, (r, i) => Math.hypot(r, im[i])).slice(0, 256);
  assert.equal(power.indexOf(Math.max(...power)), 37);
  assert.ok(Math.abs(power[37] - 256) < 0.01);
});
