package dev.skald.piper;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.spi.EngineContext;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of one Piper voice, installed or named by path. Nothing of them is read yet.
 *
 * @param id what a person calls it
 * @param onnx the network
 * @param json its configuration
 * @param installed what the library says of it; {@code null} for a path
 */
record VoiceFiles(String id, Path onnx, Path json, @Nullable Voice installed) {

    /** The request's voice: the one it names, one of its language, the default one, any. */
    static Optional<VoiceFiles> find(EngineContext context, SpeechRequest request) {
        VoiceLibrary library = VoiceLibrary.at(context.home());
        if (request.voice().isPresent()) {
            String name = request.voice().get();
            return name.endsWith(".onnx")
                    ? ofPath(name)
                    : library.find(name).flatMap(VoiceFiles::of);
        }
        List<InstalledVoice> all = installed(library);
        String language = request.language().map(VoiceFiles::family).orElse("");
        return all.stream()
                .filter(v -> language.isEmpty() || family(v.info().language()).equals(language))
                .min(Comparator.comparing(v -> !v.id().equals(VoiceLibrary.DEFAULT_VOICE)))
                .or(() -> all.stream().findFirst())
                .flatMap(VoiceFiles::of);
    }

    /** Every Piper voice that is installed. */
    static List<Voice> all(EngineContext context) {
        return installed(VoiceLibrary.at(context.home())).stream()
                .map(v -> v.info().toVoice())
                .toList();
    }

    private static List<InstalledVoice> installed(VoiceLibrary library) {
        return library.list().stream().filter(v -> v.kind() == VoiceKind.PIPER).toList();
    }

    private static Optional<VoiceFiles> of(InstalledVoice voice) {
        return voice.kind() == VoiceKind.PIPER
                ? Optional.of(
                        new VoiceFiles(
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
            return Optional.of(new VoiceFiles(id, onnx, onnx.resolveSibling(file + ".json"), null));
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
        return language.substring(0, end).toLowerCase(java.util.Locale.ROOT);
    }

    /** As an engine tells of it. */
    Voice voice(PiperVoiceConfig config) {
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
