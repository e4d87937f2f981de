package dev.skald.chatterbox;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.SkaldException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.spi.EngineContext;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which of the installed checkpoints and voices a request means. */
final class Installed {
    /** The file of a cloned voice in its folder. */
    static final String CLONE_FILE = "voice.safetensors";

    /** The file that says where a registered checkpoint lies, in its voice's folder. */
    private static final String FOLDER_FILE = "checkpoint.path";

    private static final String WATERMARK = "perth";

    private Installed() {}

    /**
     * Who speaks a request.
     *
     * @param folder of the checkpoint
     * @param clip to clone from, if the request names one
     * @param saved file of a named cloned voice, if the request names one
     * @param named whether the request names the model, which else is the first that will do
     */
    record Speaker(
            ChatterboxModel model,
            Path folder,
            Optional<Path> clip,
            Optional<Path> saved,
            boolean named,
            Voice voice) {}

    /** A checkpoint in some folder. */
    private record Found(ChatterboxModel model, Path folder) {}

    static List<Voice> voices(EngineContext context) {
        List<Voice> voices = new ArrayList<>();
        for (InstalledVoice voice : VoiceLibrary.at(context.home()).list()) {
            if (voice.kind() == VoiceKind.CHATTERBOX || voice.kind() == VoiceKind.CLONE) {
                voices.add(voice.info().toVoice());
            }
        }
        return voices;
    }

    /** Removes a cloned voice and what was made of it; false if there is none of that name. */
    static boolean removeClone(EngineContext context, String id) {
        VoiceLibrary library = VoiceLibrary.at(context.home());
        boolean clone = library.find(id).filter(v -> v.kind() == VoiceKind.CLONE).isPresent();
        if (clone) {
            library.remove(id);
        }
        return clone;
    }

    /** The weights of the watermark, if they are installed. */
    static Optional<Path> watermark(EngineContext context) {
        return VoiceLibrary.at(context.home())
                .find(WATERMARK)
                .flatMap(
                        v ->
                                v.files().stream()
                                        .map(f -> f.name())
                                        .filter(n -> n.endsWith(".pth.tar"))
                                        .findFirst()
                                        .map(v::file));
    }

    /**
     * The speaker of a request. A model may be named by its id, its folder or its T3 file; a voice
     * by a model's id, a cloned voice's name, or a clip's path.
     *
     * @throws EngineUnavailableException if none is installed; one clause that says what to do
     * @throws VoiceException if the folder that is named as the model holds none
     * @throws InvalidRequestException if there is no model of that name
     */
    static Speaker find(EngineContext context, SpeechRequest request) {
        VoiceLibrary library = VoiceLibrary.at(context.home());
        Optional<Path> clip = Optional.empty();
        Optional<Path> saved = Optional.empty();
        Optional<String> wanted = request.model();
        Optional<Voice> named = Optional.empty();
        if (request.voice().isPresent()) {
            String name = request.voice().get();
            Optional<InstalledVoice> voice = library.find(name);
            if (voice.isPresent() && voice.get().has(FOLDER_FILE)) {
                wanted = wanted.or(() -> Optional.of(name));
                named = Optional.of(voice.get().info().toVoice());
            } else if (voice.isPresent() && voice.get().kind() == VoiceKind.CLONE) {
                saved = Optional.of(voice.get().file(CLONE_FILE));
                named = Optional.of(voice.get().info().toVoice());
            } else if (ChatterboxModel.named(name).isPresent()) {
                wanted = wanted.or(() -> Optional.of(name));
            } else if (isClip(name)) {
                clip = Optional.of(Path.of(name).toAbsolutePath().normalize());
            } else {
                throw new EngineUnavailableException(
                        "'" + name + "' is no Chatterbox voice and no clip (skald voices list)");
            }
        }
        Found found = model(library, wanted, request.language());
        Voice voice =
                named.orElseGet(
                        () ->
                                new Voice(
                                        found.model.id(),
                                        Mode.CINEMATIC,
                                        found.model.multilingual() ? "mul" : "en",
                                        "Chatterbox",
                                        S3Gen.SAMPLE_RATE,
                                        List.of(),
                                        "MIT"));
        return new Speaker(found.model, found.folder, clip, saved, wanted.isPresent(), voice);
    }

    /**
     * Whether it is the name of a model or of a registered checkpoint, or a folder or file where a
     * checkpoint may lie.
     */
    static boolean isModel(EngineContext context, String name) {
        return ChatterboxModel.named(name).isPresent()
                || exists(name)
                || VoiceLibrary.at(context.home())
                        .find(name)
                        .filter(voice -> voice.has(FOLDER_FILE))
                        .isPresent();
    }

    /** Gives a checkpoint's folder a name; nothing is copied. */
    static InstalledVoice register(EngineContext context, String name, Path folder) {
        VoiceInfo.checkId(name);
        if (ChatterboxModel.named(name).isPresent()) {
            throw new VoiceException(
                    "'" + name + "' is the name of an official model: choose another");
        }
        Path whole = folder.toAbsolutePath().normalize();
        Found found =
                ownFiles(whole.toString(), false)
                        .orElseThrow(() -> new VoiceException("there is no folder " + folder));
        VoiceInfo info =
                new VoiceInfo(
                        name,
                        VoiceKind.CHATTERBOX,
                        found.model.multilingual() ? "mul" : "en",
                        found.model.id() + " in " + whole,
                        S3Gen.SAMPLE_RATE,
                        List.of(),
                        VoiceInfo.UNKNOWN_LICENCE);
        return VoiceLibrary.at(context.home())
                .add(
                        info,
                        "the folder " + whole,
                        false,
                        to -> Files.writeString(to.resolve(FOLDER_FILE), whole.toString()));
    }

    /**
     * The checkpoint that is registered as a voice; empty if the voice is another kind of thing.
     */
    private static Optional<Found> registered(InstalledVoice voice, boolean foreign) {
        if (!voice.has(FOLDER_FILE)) {
            return Optional.empty();
        }
        try {
            String folder = Files.readString(voice.file(FOLDER_FILE));
            Optional<Found> found = ownFiles(folder, foreign);
            if (found.isEmpty()) {
                throw new VoiceException(
                        "checkpoint '"
                                + voice.id()
                                + "' lies in "
                                + VoiceInfo.printable(folder)
                                + ", which is not there: bring it back, or skald voices remove "
                                + voice.id());
            }
            return found;
        } catch (IOException e) {
            throw new SkaldException("cannot read where '" + voice.id() + "' lies", e);
        }
    }

    private static boolean exists(String name) {
        try {
            return Files.exists(Path.of(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static Found model(
            VoiceLibrary library, Optional<String> wanted, Optional<String> language) {
        boolean foreign = language.isPresent() && !primary(language.get()).equals("en");
        if (wanted.isPresent()) {
            String name = wanted.get();
            Optional<Found> own =
                    library.find(name)
                            .flatMap(voice -> registered(voice, foreign))
                            .or(() -> ownFiles(name, foreign));
            if (own.isPresent()) {
                return own.get();
            }
            ChatterboxModel model =
                    ChatterboxModel.named(name)
                            .orElseThrow(
                                    () ->
                                            new InvalidRequestException(
                                                    "there is no model '"
                                                            + name
                                                            + "': turbo, nano, chatterbox,"
                                                            + " multilingual, or the folder of a"
                                                            + " checkpoint"));
            return installed(library, model)
                    .orElseThrow(() -> new EngineUnavailableException(install(model.id())));
        }
        for (ChatterboxModel model : ChatterboxModel.values()) {
            if (!foreign || model.multilingual()) {
                Optional<Found> found = installed(library, model);
                if (found.isPresent()) {
                    return found.get();
                }
            }
        }
        for (InstalledVoice voice : library.list()) {
            Optional<Found> found = registered(voice, foreign);
            if (found.isPresent() && (!foreign || found.get().model.multilingual())) {
                return found.get();
            }
        }
        throw new EngineUnavailableException(
                install(foreign ? ChatterboxModel.MULTILINGUAL_V2.id() : "chatterbox-turbo"));
    }

    private static Optional<Found> installed(VoiceLibrary library, ChatterboxModel model) {
        return library.find(model.id())
                .filter(v -> v.kind() == VoiceKind.CHATTERBOX)
                .map(InstalledVoice::folder)
                .filter(model::isIn)
                .map(folder -> new Found(model, folder));
    }

    private static String install(String id) {
        return "no cinematic model is installed (skald voices install " + id + ")";
    }

    /** Whether a voice's name is the path of a sound file. */
    static boolean isClip(String name) {
        try {
            return !name.endsWith(".onnx") && Files.isRegularFile(Path.of(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * The checkpoint in a folder of the user's own, or the one whose T3 file is named. Where a
     * folder holds several, as the official repository does, the first that speaks the language.
     *
     * @throws VoiceException if it is a folder without a checkpoint
     */
    private static Optional<Found> ownFiles(String name, boolean foreign) {
        Path path;
        try {
            path = Path.of(name).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
        Path folder = path.getParent();
        if (folder != null && Files.isRegularFile(path)) {
            return Arrays.stream(ChatterboxModel.values())
                    .filter(m -> path.equals(folder.resolve(m.t3File() + ".safetensors")))
                    .map(m -> new Found(m, folder))
                    .findFirst();
        }
        if (!Files.isDirectory(path)) {
            return Optional.empty();
        }
        List<ChatterboxModel> models = ChatterboxModel.in(path);
        if (models.isEmpty()) {
            throw new VoiceException(
                    "no Chatterbox checkpoint lies in "
                            + name
                            + ": it would hold "
                            + Arrays.stream(ChatterboxModel.values())
                                    .map(m -> m.t3File() + ".safetensors")
                                    .collect(Collectors.joining(", ")));
        }
        ChatterboxModel model =
                models.stream()
                        .filter(m -> !foreign || m.multilingual())
                        .findFirst()
                        .orElse(models.getFirst());
        return Optional.of(new Found(model, path));
    }

    /** {@code fr} of {@code fr_CA}. */
    static String primary(String language) {
        return language.toLowerCase(Locale.ROOT).split("[-_]", 2)[0];
    }
}
