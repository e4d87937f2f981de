// OpenAI's own package for Node: whole, streamed, its errors.
import assert from 'node:assert';
import { createRequire } from 'node:module';

const [folder, url] = process.argv.slice(2);
const OpenAI = createRequire(folder + '/package.json')('openai').default;
const client = new OpenAI({ baseURL: url + '/v1', apiKey: 'none', maxRetries: 0 });
const input = 'Hello from Skald. This is a second sentence.';

const mp3 = Buffer.from(
    await (await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'coral', input }))
        .arrayBuffer());
assert.equal(mp3[0], 0xff);
assert.ok(mp3.length > 4000);

const streamed = await client.audio.speech.create(
    { model: 'tts-1', voice: 'alloy', input, response_format: 'pcm' });
let bytes = 0;
let chunks = 0;
for await (const chunk of streamed.body) {
  bytes += chunk.length;
  chunks++;
}
assert.ok(bytes > 48000 && chunks > 1, `${bytes} bytes in ${chunks} chunks`);

await assert.rejects(
    client.audio.speech.create({ model: 'tts-1', voice: 'nobody-at-all', input }),
    (e) => e.status === 400 && e.param === 'voice');

const models = [];
for await (const model of client.models.list()) {
  models.push(model.id);
}
assert.ok(models.includes('tts-1'));
console.log('ok');
