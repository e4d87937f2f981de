package dev.skald.chatterbox;

import dev.skald.VoiceException;
import dev.skald.tensor.DType;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.tensor.io.TorchZipWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a checkpoint of true size and official layout with random weights: it babbles, but loads,
 * streams and takes the time of the real one. Names and shapes are those of the official modules'
 * state dicts.
 */
public final class RandomCheckpoint {
    private static final Pattern RANGE = Pattern.compile("\\{(\\d+)-(\\d+)}");
    private static final int GRAPHEMES = 2352;

    private final ChatterboxModel model;
    private final Path folder;
    private final long seed;

    private RandomCheckpoint(ChatterboxModel model, Path folder, long seed) {
        this.model = model;
        this.folder = folder;
        this.seed = seed;
    }

    /**
     * Writes all files of a model into a folder, which is made if need be.
     *
     * @throws VoiceException if the disk fails
     */
    public static void write(ChatterboxModel model, Path folder, long seed) {
        try {
            Files.createDirectories(folder);
            new RandomCheckpoint(model, folder, seed).write();
        } catch (IOException e) {
            throw new VoiceException("cannot write a checkpoint to " + folder, e);
        }
    }

    private void write() throws IOException {
        String t3 =
                switch (model) {
                    case TURBO -> "t3_turbo";
                    case NANO -> "t3_nano";
                    case ORIGINAL -> "t3_original";
                    case MULTILINGUAL_V2, MULTILINGUAL_V3 -> "t3_multilingual";
                };
        tensors(t3, new SafetensorsWriter()).write(path(model.t3File()));
        tensors("ve", new SafetensorsWriter()).write(path("ve"));
        SafetensorsWriter s3gen = tensors("s3gen", new SafetensorsWriter());
        if (model.turbo()) {
            add(s3gen, "flow.decoder.estimator.time_embed_mixer.weight", 1024, 2048);
            // The official loader wants its constants too.
            add(s3gen, "tokenizer._mel_filters", 128, 201);
            add(s3gen, "tokenizer.window", 400);
        }
        s3gen.write(path(model.s3genFile()));
        voice();
        if (model.turbo()) {
            gpt2Tokenizer();
        } else {
            letters(
                    model.multilingual()
                            ? "grapheme_mtl_merged_expanded_v1.json"
                            : "tokenizer.json");
        }
    }

    private Path path(String name) {
        return folder.resolve(name + ".safetensors");
    }

    private SafetensorsWriter tensors(String list, SafetensorsWriter out) throws IOException {
        try (InputStream in =
                RandomCheckpoint.class.getResourceAsStream("shapes/" + list + ".txt")) {
            if (in == null) {
                throw new IOException("no shapes of " + list);
            }
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split(" ");
                int[] shape =
                        Arrays.stream(fields[1].split("x")).mapToInt(Integer::parseInt).toArray();
                addAll(out, fields[0], shape);
            }
        }
        return out;
    }

    /** {@code layers.{0-29}.weight} is thirty tensors. */
    private void addAll(SafetensorsWriter out, String pattern, int[] shape) {
        Matcher range = RANGE.matcher(pattern);
        if (!range.find()) {
            add(out, pattern, shape);
            return;
        }
        for (int i = Integer.parseInt(range.group(1)); i <= Integer.parseInt(range.group(2)); i++) {
            addAll(
                    out,
                    pattern.substring(0, range.start()) + i + pattern.substring(range.end()),
                    shape);
        }
    }

    /**
     * Norms do nothing, matrices keep the size of what they are given, tables are those of a fresh
     * model.
     */
    private void add(SafetensorsWriter out, String name, int... shape) {
        boolean gain =
                shape.length == 1 && name.endsWith(".weight")
                        || name.endsWith("running_var")
                        || name.endsWith("alpha")
                        || name.endsWith("original0");
        boolean zero = name.endsWith(".bias") || name.endsWith("running_mean");
        long fanIn = 1;
        for (int i = 1; i < shape.length; i++) {
            fanIn *= shape[i];
        }
        float range =
                zero || gain
                        ? 0
                        : name.contains("emb") && !name.contains("embed")
                                ? 0.1f
                                : (float) Math.sqrt(3.0 / fanIn);
        // The vocoder's log magnitudes: kept well below clipping.
        float middle = name.equals("mel2wav.conv_post.bias") ? -4 : gain ? 1 : 0;
        long key = seed * 0x9E3779B97F4A7C15L + name.hashCode();
        out.add(
                name,
                DType.F32,
                (from, to, count) -> {
                    for (int i = 0; i < count; i++) {
                        to[i] = middle + range * uniform(key + from + i);
                    }
                },
                shape);
    }

    /** In [-1, 1): SplitMix64's finaliser of a counter (Steele et al. 2014). */
    private static float uniform(long counter) {
        long z = counter * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >> 40) * 0x1p-23f;
    }

    /** {@code conds.pt}: a voice of 5 s, 6 s for T3 where the model wants a prompt. */
    private void voice() throws IOException {
        int heard = model.turbo() ? 375 : 150;
        int tokens = 125;
        float[] mel = values("mel", tokens * 2 * 80);
        for (int i = 0; i < mel.length; i++) {
            mel[i] = mel[i] * 2 - 5;
        }
        new TorchZipWriter()
                .add("t3.speaker_emb", values("speaker", 256), 1, 256)
                .addNone("t3.clap_emb")
                .add("t3.cond_prompt_speech_tokens", ids("heard", heard), 1, heard)
                .addNone("t3.cond_prompt_speech_emb")
                .add("t3.emotion_adv", new float[] {0.5f}, 1, 1, 1)
                .add("gen.prompt_token", ids("tokens", tokens), 1, tokens)
                .add("gen.prompt_token_len", new long[] {tokens}, 1)
                .add("gen.prompt_feat", mel, 1, tokens * 2, 80)
                .addNone("gen.prompt_feat_len")
                .add("gen.embedding", values("xvector", 192), 1, 192)
                .write(folder.resolve("conds.pt"));
    }

    private float[] values(String name, int count) {
        float[] v = new float[count];
        for (int i = 0; i < count; i++) {
            v[i] = uniform(seed * 31 + name.hashCode() + i);
        }
        return v;
    }

    private long[] ids(String name, int count) {
        long[] v = new long[count];
        float[] random = values(name, count);
        for (int i = 0; i < count; i++) {
            v[i] = (long) ((random[i] + 1) / 2 * 6560);
        }
        return v;
    }

    /** A tokenizer of single letters in the format of {@code tokenizers}. */
    private void letters(String file) throws IOException {
        ObjectNode vocabulary = JsonMapper.shared().createObjectNode();
        ArrayNode added = JsonMapper.shared().createArrayNode();
        special(vocabulary, added, "[STOP]", 0);
        special(vocabulary, added, "[UNK]", 1);
        special(vocabulary, added, "[SPACE]", 2);
        special(vocabulary, added, "[START]", 255);
        int id = 3;
        for (char c = '!'; c <= '~'; c++) {
            vocabulary.put(String.valueOf(c), id++);
        }
        int tag = model.multilingual() ? GRAPHEMES : 0;
        for (String language : model.multilingual() ? model.languages() : List.<String>of()) {
            special(vocabulary, added, "[" + language + "]", tag++);
        }
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("version", "1.0");
        root.set("added_tokens", added);
        root.putObject("pre_tokenizer").put("type", "Whitespace");
        ObjectNode bpe = root.putObject("model");
        bpe.put("type", "BPE").put("unk_token", "[UNK]");
        bpe.set("vocab", vocabulary);
        bpe.putArray("merges");
        text(file, root.toString());
    }

    private static void special(ObjectNode vocabulary, ArrayNode added, String content, int id) {
        vocabulary.put(content, id);
        ObjectNode token = added.addObject().put("id", id).put("content", content);
        for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            token.put(no, false);
        }
        token.put("special", true);
    }

    /** GPT-2's byte letters without merges, and Turbo's tags. */
    private void gpt2Tokenizer() throws IOException {
        ObjectNode vocabulary = JsonMapper.shared().createObjectNode();
        char spare = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b > 0x20 && b < 0x7f) || (b > 0xa0 && b != 0xad);
            vocabulary.put(String.valueOf(printable ? (char) b : spare++), b);
        }
        text("vocab.json", vocabulary.toString());
        text("merges.txt", "#version: 0.2\n");
        text("tokenizer_config.json", "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
        ObjectNode added = JsonMapper.shared().createObjectNode();
        int id = 50257;
        for (String tag :
                new String[] {
                    "[angry]",
                    "[whispering]",
                    "[clear throat]",
                    "[sigh]",
                    "[cough]",
                    "[gasp]",
                    "[chuckle]",
                    "[laugh]"
                }) {
            added.put(tag, id++);
        }
        text("added_tokens.json", added.toString());
    }

    private void text(String name, String content) throws IOException {
        Files.writeString(folder.resolve(name), content);
    }
}
