package dev.skald.piper;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.piper.vits.PackedNetwork;
import dev.skald.spi.EngineContext;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where one Piper voice comes from. Nothing of it is read before {@link #open}. */
sealed interface VoiceFiles {
    /** What a person calls it. */
    String id();

    /** Equal for equal files. */
    Object key();

    /** Reads its configuration alone. */
    PiperVoiceConfig config();

    /** As an engine tells of it. */
    Voice voice(PiperVoiceConfig config);

    /** Reads its configuration; the network is read by whoever asks for it. */
    Opened open(PiperNetwork.Loader loader, EngineContext context);

    /** About how much memory its network takes. */
    long bytes();

    /** A voice's configuration, and its network still to be loaded. */
    record Opened(PiperVoiceConfig config, Supplier<PiperNetwork> network) {}

    /** The request's voice: the one it names, one of its language, the default one, any. */
    static Optional<VoiceFiles> find(EngineContext context, SpeechRequest request) {
        VoiceLibrary library = VoiceLibrary.at(context.home());
        if (request.voice().isPresent()) {
            String name = request.voice().get();
            return name.endsWith(".onnx")
                    ? ofPath(name)
                    : library.find(name)
                            .flatMap(VoiceFiles::of)
                            .or(() -> Bundled.find(v -> v.id().equals(name)));
        }
        List<InstalledVoice> all = installed(library);
        String language = request.language().map(VoiceFiles::family).orElse("");
        return all.stream()
                .filter(v -> language.isEmpty() || family(v.info().language()).equals(language))
                .min(Comparator.comparing(v -> !v.id().equals(VoiceLibrary.DEFAULT_VOICE)))
                .flatMap(VoiceFiles::of)
                .or(
                        () ->
                                Bundled.find(
                                        v ->
                                                language.isEmpty()
                                                        || family(v.language()).equals(language)))
                .or(() -> all.stream().findFirst().flatMap(VoiceFiles::of))
                .or(() -> Bundled.find(v -> true));
    }

    /** Every Piper voice that is installed or comes with the program. */
    static List<Voice> all(EngineContext context) {
        List<Voice> all = new ArrayList<>();
        installed(VoiceLibrary.at(context.home())).forEach(v -> all.add(v.info().toVoice()));
        for (BundledVoice bundled : ServiceLoader.load(BundledVoice.class)) {
            Voice voice = bundled.about();
            if (all.stream().noneMatch(v -> v.id().equals(voice.id()))) {
                all.add(voice);
            }
        }
        return all;
    }

    private static List<InstalledVoice> installed(VoiceLibrary library) {
        return library.list().stream().filter(v -> v.kind() == VoiceKind.PIPER).toList();
    }

    private static Optional<VoiceFiles> of(InstalledVoice voice) {
        return voice.kind() == VoiceKind.PIPER
                ? Optional.of(
                        new OnDisk(
                                voice.id(), voice.onnx(), voice.config(), voice.info().toVoice()))
                : Optional.empty();
    }

    private static Optional<VoiceFiles> ofPath(String name) {
        try {
            Path onnx = Path.of(name);
            Path file = onnx.getFileName();
            if (file == null || !Files.isRegularFile(onnx)) {
                return Optional.empty();
            }
            String id = file.toString().substring(0, file.toString().length() - ".onnx".length());
            return Optional.of(new OnDisk(id, onnx, onnx.resolveSibling(file + ".json"), null));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** {@code en} of {@code en_US} and {@code en-us}. */
    static String family(String language) {
        int end = 0;
        while (end < language.length() && Character.isLetter(language.charAt(end))) {
            end++;
        }
        return language.substring(0, end).toLowerCase(Locale.ROOT);
    }

    /**
     * The published files, installed or named by path.
     *
     * @param onnx the network
     * @param json its configuration
     * @param installed what the library says of it; {@code null} for a path
     */
    record OnDisk(String id, Path onnx, Path json, @Nullable Voice installed)
            implements VoiceFiles {
        @Override
        public Object key() {
            return onnx.toAbsolutePath();
        }

        @Override
        public PiperVoiceConfig config() {
            return PiperVoiceConfig.read(json);
        }

        @Override
        public Opened open(PiperNetwork.Loader loader, EngineContext context) {
            PiperVoiceConfig config = config();
            Path file = onnx.toAbsolutePath();
            return new Opened(config, () -> loader.load(file, config, context));
        }

        @Override
        public long bytes() {
            try {
                return Files.size(onnx);
            } catch (IOException e) {
                return 0; // whoever loads it tells
            }
        }

        @Override
        public Voice voice(PiperVoiceConfig config) {
            if (installed != null) {
                return installed;
            }
            return new Voice(
                    id,
                    Mode.FAST,
                    config.language(),
                    "Piper voice " + onnx,
                    config.sampleRate(),
                    config.speakerIds().entrySet().stream()
                            .sorted(Map.Entry.comparingByValue())
                            .map(Map.Entry::getKey)
                            .toList(),
                    "unknown");
        }
    }

    /** A voice on the class path. */
    record Bundled(BundledVoice bundled, Voice about) implements VoiceFiles {
        /** Of a voice of medium quality. */
        private static final long BYTES = 63_000_000;

        /** The first such voice; none is opened for it. */
        static Optional<VoiceFiles> find(Predicate<Voice> wanted) {
            for (BundledVoice bundled : ServiceLoader.load(BundledVoice.class)) {
                Voice about = bundled.about();
                if (wanted.test(about)) {
                    return Optional.of(new Bundled(bundled, about));
                }
            }
            return Optional.empty();
        }

        @Override
        public String id() {
            return about.id();
        }

        @Override
        public Object key() {
            return "bundled " + about.id();
        }

        @Override
        public PiperVoiceConfig config() {
            try (InputStream file = bundled.open()) {
                return config(PackedNetwork.open(file));
            } catch (IOException e) {
                throw unreadable(e);
            }
        }

        @Override
        public Opened open(PiperNetwork.Loader loader, EngineContext context) {
            try {
                PackedNetwork packed = PackedNetwork.open(bundled.open());
                PiperVoiceConfig config = config(packed);
                return new Opened(config, () -> packed.load(config, context));
            } catch (IOException e) {
                throw unreadable(e);
            }
        }

        @Override
        public long bytes() {
            return BYTES;
        }

        private PiperVoiceConfig config(PackedNetwork packed) {
            return PiperVoiceConfigReader.parse(Path.of(about.id()), packed.config());
        }

        private static VoiceException unreadable(IOException e) {
            return new VoiceException(
                    "the voice that comes with Skald cannot be read: " + e.getMessage(), e);
        }

        @Override
        public Voice voice(PiperVoiceConfig config) {
            return about;
        }
    }
}
