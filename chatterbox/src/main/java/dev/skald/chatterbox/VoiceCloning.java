package dev.skald.chatterbox;

import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.audio.codec.AudioClip;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.chatterbox.voice.VoiceConverter;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.TorchZip;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** Named voices from clips, and clips said again in other voices. */
public final class VoiceCloning {
    private VoiceCloning() {}

    /** Hertz of what {@link #convert} gives. */
    public static final int SAMPLE_RATE = S3Gen.SAMPLE_RATE;

    /**
     * Keeps the voice of a clip under a name; speaking with it later costs nothing more.
     *
     * @param name what requests will call it
     * @param clip a sound file of 5 to 30 s of one speaker
     * @param request names the model to clone with, if not the installed one
     * @throws dev.skald.InvalidRequestException if the clip cannot be read or cloned from: it is
     *     silent, clipped, too short or too long
     * @throws VoiceException if the name is taken
     */
    public static InstalledVoice add(
            EngineContext context, String name, Path clip, SpeechRequest request) {
        VoiceInfo.checkId(name);
        Speaker speaker = Installed.find(context, request);
        AudioClip heard = read(clip, speaker.model());
        VoiceConditionals voice;
        try (Devices.Lease device = Devices.open(context, any -> true)) {
            voice = clone(speaker.model(), speaker.folder(), device.backend(), heard);
        }
        VoiceInfo info =
                new VoiceInfo(
                        name,
                        VoiceKind.CLONE,
                        speaker.model().multilingual() ? "mul" : "en",
                        "cloned with " + speaker.model().id(),
                        SAMPLE_RATE,
                        List.of(),
                        VoiceInfo.UNKNOWN_LICENCE);
        return VoiceLibrary.at(context.home())
                .add(
                        info,
                        "the clip " + clip.getFileName(),
                        false,
                        folder -> voice.write(folder.resolve(Installed.CLONE_FILE)));
    }

    /**
     * Gives a checkpoint in a folder of the user's own a name, under which {@code --model} and
     * {@code --voice} find it. Nothing is copied.
     *
     * @throws VoiceException if no checkpoint lies there or the name is taken
     */
    public static InstalledVoice register(EngineContext context, String name, Path folder) {
        return Installed.register(context, name, folder);
    }

    /**
     * Says a clip's words in another voice, as the official {@code vc.py}.
     *
     * @param clip the sound file to be said again
     * @param request names the voice (a cloned one, a clip, or none for the built-in one), the
     *     model and the seed
     * @param check runs now and then and may throw, to stop the work
     * @param audio gets samples at {@link #SAMPLE_RATE} in order, piece by piece
     */
    public static void convert(
            EngineContext context,
            Path clip,
            SpeechRequest request,
            Runnable check,
            Consumer<float[]> audio) {
        Speaker speaker = Installed.find(context, request);
        AudioClip words = AudioClip.read(clip);
        words.requireAudible(clip.toString());
        Optional<AudioClip> heard = speaker.clip().map(file -> read(file, speaker.model()));
        try (CheckpointFiles files = new CheckpointFiles(speaker.model(), speaker.folder());
                Devices.Lease device = Devices.open(context, any -> true);
                Parameters parameters = device.backend().parameters();
                Ops ops = device.backend().open()) {
            files.checkModel();
            VoiceCloner cloner = files.cloner(parameters);
            VoiceConditionals voice;
            if (heard.isPresent()) {
                voice = clone(cloner, speaker.model(), ops, heard.get());
            } else if (speaker.saved().isPresent()) {
                voice = read(speaker.saved().get());
            } else {
                try (TorchZip conds = TorchZip.open(speaker.folder().resolve("conds.pt"))) {
                    voice = VoiceConditionals.read(conds);
                }
            }
            check.run();
            S3Gen s3gen = S3Gen.load(files.s3gen(), parameters, S3Gen.HEAD_DIM);
            files.s3gen().checkNoLayerIsLeftOut("flow.");
            files.s3gen().checkNoLayerIsLeftOut("mel2wav.");
            long seed = request.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong());
            audio.accept(
                    new VoiceConverter(cloner.tokenizer(), s3gen)
                            .convert(
                                    ops,
                                    words.samples(),
                                    words.sampleRate(),
                                    voice.reference(),
                                    seed,
                                    check));
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    /** A named voice's file. */
    static VoiceConditionals read(Path file) {
        try (Safetensors tensors = Safetensors.open(file)) {
            return VoiceConditionals.read(tensors);
        }
    }

    /**
     * A clip that can be cloned from: what is wrong with it is told before networks are loaded.
     *
     * @throws dev.skald.InvalidRequestException if it cannot
     */
    static AudioClip read(Path file, ChatterboxModel model) {
        AudioClip clip = AudioClip.read(file).voice(file.toString());
        VoiceCloner.check(clip.samples(), clip.sampleRate(), model.cloning().aboveSeconds());
        return clip;
    }

    /**
     * The voice of a clip. The networks that listen are half as large as those that speak, and are
     * kept no longer than this takes.
     */
    static VoiceConditionals clone(
            ChatterboxModel model, Path folder, Backend backend, AudioClip clip) {
        try (CheckpointFiles files = new CheckpointFiles(model, folder);
                Parameters parameters = backend.parameters();
                Ops ops = backend.open()) {
            files.checkModel();
            return clone(files.cloner(parameters), model, ops, clip);
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    private static VoiceConditionals clone(
            VoiceCloner cloner, ChatterboxModel model, Ops ops, AudioClip clip) {
        return cloner.clone(
                ops,
                clip.samples(),
                clip.sampleRate(),
                model.cloning(),
                ChatterboxModel.EXAGGERATION);
    }
}
