// Takes in the browser's own database: their records, and the audio of each part.

const KEPT = 60; // takes
const ROOM = 400e6; // bytes of audio

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("skald-studio", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("takes", { keyPath: "id" });
      request.result.createObjectStore("audio");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, mode);
    const request = work(...stores.map((s) => transaction.objectStore(s)));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

const audioOf = (id) => IDBKeyRange.bound([id], [id, []]);

export const history = {
  /** The records of all takes, the last first. */
  async list() {
    const all = await run(["takes"], "readonly", (takes) => takes.getAll());
    return all.sort((a, b) => b.created - a.created);
  },

  save(record) {
    return run(["takes"], "readwrite", (takes) => takes.put(structuredClone(record)));
  },

  saveAudio(id, part, samples) {
    const own = samples.slice().buffer;
    return run(["audio"], "readwrite", (audio) => audio.put(own, [id, part]));
  },

  /** {record, audio}: the audio of part i is audio[i]. */
  async load(id) {
    const record = await run(["takes"], "readonly", (takes) => takes.get(id));
    const keys = await run(["audio"], "readonly", (audio) => audio.getAllKeys(audioOf(id)));
    const values = await run(["audio"], "readonly", (audio) => audio.getAll(audioOf(id)));
    const audio = [];
    keys.forEach(([, part], i) => { audio[part] = values[i]; });
    return { record, audio };
  },

  remove(id) {
    return run(["takes", "audio"], "readwrite", (takes, audio) => {
      takes.delete(id);
      audio.delete(audioOf(id));
    });
  },

  /** Lets the oldest go where there are too many. */
  async tidy() {
    let room = ROOM;
    for (const [i, take] of (await this.list()).entries()) {
      room -= (take.seconds ?? 0) * 48_000;
      if (i >= KEPT || (room < 0 && i > 0)) await this.remove(take.id);
    }
  },
};
