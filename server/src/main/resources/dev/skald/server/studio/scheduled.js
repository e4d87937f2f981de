// Where a page may have no audio worklet (plain http from another machine): short buffers, each
// scheduled behind the last. The same messages and reports as the ring has.

const REPORT = 40; // ms

export class Scheduled {
  #context;
  #out;
  #rate;
  #queue = []; // {node, at, from, length}
  #held = []; // samples that came while paused
  #next = 0; // the time at which the next buffer begins
  #position = 0;
  #epoch = 0;
  #playing = false;
  onreport = () => {};

  constructor(context, out) {
    this.#context = context;
    this.#out = out;
    this.#rate = context.sampleRate;
    setInterval(() => this.#report(), REPORT);
  }

  post(message) {
    if (message.type === "seek") {
      this.#drop();
      this.#held = [];
      this.#epoch = message.epoch;
      this.#position = this.#end = message.position;
    } else if (message.type === "play") {
      this.#play(message.on);
    } else if (message.epoch === this.#epoch) {
      this.#held.push(message.samples);
      if (this.#playing) this.#schedule();
    }
  }

  #end = 0; // the sample behind the last scheduled one

  #play(on) {
    if (on === this.#playing) return;
    this.#playing = on;
    if (on) {
      this.#schedule();
      return;
    }
    this.#position = this.#now();
    const unheard = this.#queue.filter((q) => q.from + q.length > this.#position);
    this.#held = unheard
      .map((q) => q.samples.subarray(Math.max(0, this.#position - q.from)))
      .concat(this.#held);
    this.#end = this.#position;
    this.#drop();
  }

  #schedule() {
    for (const samples of this.#held) {
      const buffer = this.#context.createBuffer(1, samples.length, this.#rate);
      buffer.copyToChannel(samples, 0);
      const node = this.#context.createBufferSource();
      node.buffer = buffer;
      node.connect(this.#out);
      const at = Math.max(this.#next, this.#context.currentTime + 0.03);
      node.start(at);
      this.#queue.push({ node, at, from: this.#end, length: samples.length, samples });
      this.#next = at + samples.length / this.#rate;
      this.#end += samples.length;
    }
    this.#held = [];
  }

  #drop() {
    this.#queue.forEach((q) => q.node.stop());
    this.#queue = [];
    this.#next = 0;
  }

  #now() {
    const time = this.#context.currentTime;
    while (this.#queue.length && time >= this.#queue[0].at + this.#queue[0].length / this.#rate) {
      const past = this.#queue.shift();
      this.#position = past.from + past.length;
    }
    const first = this.#queue[0];
    return first && time > first.at ? first.from + Math.round((time - first.at) * this.#rate) : this.#position;
  }

  #report() {
    this.onreport({ epoch: this.#epoch, position: this.#now(), time: this.#context.currentTime });
  }
}
