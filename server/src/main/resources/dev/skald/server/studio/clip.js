// What can be said of a recording before it is sent: its length, its level, its noise.

const FRAME = 0.03; // seconds
const decibels = (level) => 20 * Math.log10(Math.max(level, 1e-6));

/** Measures mono samples in [-1, 1]. */
export function measure(samples, rate) {
  const size = Math.round(FRAME * rate);
  const levels = [];
  let peak = 0;
  let clipped = 0;
  let run = 0;
  for (let from = 0; from + size <= samples.length; from += size) {
    let sum = 0;
    for (let i = from; i < from + size; i++) {
      const v = Math.abs(samples[i]);
      sum += v * v;
      if (v > peak) peak = v;
      run = v >= 0.9995 ? run + 1 : 0;
      if (run >= 3) clipped += run === 3 ? 3 : 1;
    }
    levels.push(Math.sqrt(sum / size));
  }
  const sorted = levels.slice().sort((a, b) => a - b);
  const at = (share) => decibels(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const speech = at(0.9);
  const floor = at(0.08);
  const loud = levels.filter((l) => decibels(l) > speech - 25);
  return {
    seconds: samples.length / rate,
    voice: loud.length * FRAME,
    peak: decibels(peak),
    speech,
    noise: floor,
    ratio: speech - floor,
    clipped: clipped / Math.max(1, samples.length),
  };
}

const check = (name, level, text) => ({ name, level, text });

/** The checks a person sees: each good, fair (may be sent) or bad (may not). */
export function checks(m) {
  return [length(m), level(m), noise(m)];
}

function length({ seconds, voice }) {
  const s = `${seconds.toFixed(1)} s`;
  if (seconds > 600) return check("Length", "bad", `${s}. Cut it to under a minute.`);
  if (voice < 1) return check("Length", "bad", `${s}, less than a second of it is voice. Record 6 to 20 s.`);
  if (seconds <= 5) return check("Length", "fair", `${s}. It may do; some models need more than 5 s, 6 to 20 s is best.`);
  if (seconds > 30) return check("Length", "fair", `${s}. Only about the first 10 s shape the voice.`);
  return check("Length", "good", `${s}, ${voice.toFixed(1)} s of it voice.`);
}

function level({ peak, speech, clipped }) {
  const db = `Speech at ${speech.toFixed(0)} dBFS`;
  if (peak < -60) return check("Level", "bad", "Silence. Choose another recording.");
  if (clipped > 0.01) return check("Level", "bad", "Much of it is clipped. Record it again with less gain.");
  if (clipped > 0.0002) return check("Level", "fair", `${db}, a few peaks are clipped.`);
  if (speech < -38) return check("Level", "fair", `${db}: quiet. Come closer to the microphone.`);
  return check("Level", "good", `${db}, peak ${peak.toFixed(0)} dBFS.`);
}

function noise({ ratio }) {
  const db = `${ratio.toFixed(0)} dB between voice and background`;
  if (ratio < 3) return check("Noise", "bad", "One steady sound, no voice. Choose a recording of a voice.");
  if (ratio < 18) return check("Noise", "fair", `${db}: noisy. The noise is cloned too.`);
  return check("Noise", "good", `${db}.`);
}
