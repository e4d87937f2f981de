package dev.skald.fuzz;

import dev.skald.SkaldException;
import dev.skald.audio.codec.AudioClip;
import dev.skald.chatterbox.text.EnglishTokenizer;
import dev.skald.chatterbox.text.TurboTokenizer;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.piper.PiperConfigReading;
import dev.skald.piper.vits.PiperReading;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.TorchZip;
import dev.skald.text.Lexicon;
import dev.skald.text.Sentence;
import dev.skald.text.TextFrontEnd;
import dev.skald.voices.VoicesReading;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Every reader of what comes from outside, with good inputs to begin with. */
enum Target {
    CLIPS(
            in -> AudioClip.read(file("clip", in)),
            "audio/src/test/resources/dev/skald/audio/codec",
            "audio/src/test/resources/dev/skald/audio/codec/hostile"),
    SAFETENSORS(
            in -> {
                try (Safetensors file = Safetensors.open(file("x.safetensors", in))) {
                    readAll(file);
                }
            }),
    TORCH_ZIP(
            in -> {
                try (TorchZip file = TorchZip.open(file("x.pt", in))) {
                    readAll(file);
                }
            },
            "chatterbox/src/test/resources/goldens/conds.pt"),
    PICKLE(
            in -> {
                try (TorchZip file = TorchZip.open(file("p.pt", torchZip(in)))) {
                    readAll(file);
                }
            }),
    CONDITIONALS(
            in -> {
                try (Safetensors file = Safetensors.open(file("v.safetensors", in))) {
                    VoiceConditionals.read(file);
                }
            }),
    ONNX(PiperReading::onnx, "piper/src/test/resources/vits/x_low.onnx.gz"),
    PACKED_VOICE(PiperReading::packed),
    VOICE_CONFIG(PiperConfigReading::config, "piper/src/test/resources/dev/skald/piper"),
    TOKENIZER(
            in ->
                    new EnglishTokenizer(file("tokenizer.json", in))
                            .encode("Hello world, this is it.", Optional.empty()),
            "chatterbox/src/test/resources/goldens/tokenizer.json"),
    VOCABULARY(
            in -> gpt2("vocab.json", in),
            "chatterbox/src/test/resources/goldens/turbo_tokenizer/vocab.json"),
    MERGES(
            in -> gpt2("merges.txt", in),
            "chatterbox/src/test/resources/goldens/turbo_tokenizer/merges.txt"),
    CATALOGUE(VoicesReading::catalogue),
    VOICE_RECORD(VoicesReading::record),
    LEXICON(
            in -> {
                Lexicon lexicon = Lexicon.load(file("x.lex", in));
                lexicon.apply("Skald and GIF, foo bar; C++ in Köln 😀 [[a]] [[b x=y İstanbul ß");
                lexicon.apply(new String(in, StandardCharsets.UTF_8));
            }),
    TEXT(Target::text);

    private final Reader reader;
    private final List<String> seeds;

    Target(Reader reader, String... seeds) {
        this.reader = reader;
        this.seeds = List.of(seeds);
    }

    /** As in folder names and on the command line. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Target of(String title) {
        return valueOf(title.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** Reads an input; what it may be refused with ends here, all else is a fault. */
    void read(byte[] input) throws IOException {
        try {
            reader.read(input);
        } catch (SkaldException | WeightException e) {
            String message = e.getMessage();
            if (message == null || message.isBlank() || message.contains("\n")) {
                throw new AssertionError("not refused in one line: " + message, e);
            }
        }
    }

    /** Where inputs that failed are kept. */
    Path corpus() {
        return root().resolve("fuzz/corpus").resolve(title());
    }

    /** By name, the corpus and the good inputs. */
    Map<String, byte[]> inputs() throws IOException {
        Map<String, byte[]> inputs = new TreeMap<>();
        add(corpus(), inputs);
        for (String seed : seeds) {
            add(root().resolve(seed), inputs);
        }
        if (this == PACKED_VOICE) {
            Path onnx = root().resolve("piper/src/test/resources/vits/x_low.onnx.gz");
            inputs.put("x_low.skv", PiperReading.pack(bytes(onnx)));
        }
        return inputs;
    }

    private static void add(Path from, Map<String, byte[]> inputs) throws IOException {
        if (Files.isRegularFile(from)) {
            inputs.put(from.getFileName().toString(), bytes(from));
        } else if (Files.isDirectory(from)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(from)) {
                for (Path file : files) {
                    if (Files.isRegularFile(file)) {
                        add(file, inputs);
                    }
                }
            }
        }
    }

    /** Unpacked where the file is {@code .gz}. */
    private static byte[] bytes(Path file) throws IOException {
        if (!file.toString().endsWith(".gz")) {
            return Files.readAllBytes(file);
        }
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return in.readAllBytes();
        }
    }

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(here.resolve("fuzz/corpus"))) {
            here = java.util.Objects.requireNonNull(here.getParent(), "run it in the checkout");
        }
        return here;
    }

    static Path file(String name, byte[] bytes) throws IOException {
        return Files.write(Work.FOLDER.resolve(name), bytes);
    }

    private static void readAll(Weights weights) {
        float[] some = new float[4096];
        for (String name : weights.names()) {
            Weight weight = weights.get(name);
            int count = (int) Math.min(weight.size(), some.length);
            Conversion.floats(weight, 0, some, 0, count);
            Conversion.floats(weight, weight.size() - count, some, 0, count);
        }
    }

    /** An archive of torch's with this pickle and two storages of 64 bytes. */
    private static byte[] torchZip(byte[] pickle) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            stored(zip, "a/data.pkl", pickle);
            stored(zip, "a/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            stored(zip, "a/data/0", new byte[64]);
            stored(zip, "a/data/1", new byte[64]);
            stored(zip, "a/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    private static void stored(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(bytes);
        ZipEntry entry = new ZipEntry(name);
        entry.setSize(bytes.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    private static void gpt2(String name, byte[] input) throws IOException {
        Path good = root().resolve("chatterbox/src/test/resources/goldens/turbo_tokenizer");
        Path folder = Files.createDirectories(Work.FOLDER.resolve("gpt2-" + name));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(good)) {
            for (Path file : files) {
                Path copy = folder.resolve(file.getFileName().toString());
                if (!Files.exists(copy)) {
                    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        Files.write(folder.resolve(name), input);
        new TurboTokenizer(folder).encode("Hello world [laugh] x", Optional.empty());
    }

    private static final List<String> LANGUAGES =
            List.of("en-US", "de", "zh", "ar", "ja", "fr", "xx");

    /** The first byte chooses the language. */
    private static void text(byte[] input) {
        int first = input.length == 0 ? 0 : input[0] & 0xff;
        String text = new String(input, StandardCharsets.UTF_8);
        TextFrontEnd front =
                new TextFrontEnd(LANGUAGES.get(first % LANGUAGES.size()), Lexicon.EMPTY);
        Iterator<Sentence> sentences = front.sentences(new StringReader(text));
        while (sentences.hasNext()) {
            sentences.next();
        }
    }

    /** One folder a process, in memory where the system has such a place. */
    private static final class Work {
        static final Path FOLDER = make();

        private static Path make() {
            try {
                Path memory = Path.of("/dev/shm");
                Path folder =
                        Files.isWritable(memory)
                                ? Files.createTempDirectory(memory, "skald-fuzz-")
                                : Files.createTempDirectory("skald-fuzz-");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder.toFile())));
                return folder;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private static void delete(java.io.File file) {
            java.io.File[] inside = file.listFiles();
            if (inside != null) {
                for (java.io.File entry : inside) {
                    delete(entry);
                }
            }
            file.delete();
        }
    }
}
