package dev.skald.chatterbox;

import dev.skald.ChatterboxOptions;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.io.TorchZip;
import dev.skald.text.Lexicon;
import dev.skald.text.TextFrontEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The checkpoints that are loaded and the requests that are being spoken. */
final class ChatterboxEngine implements SpeechEngine {
    /** Stretched further, speech sounds broken. */
    private static final double SLOWEST = 0.5;

    private static final double FASTEST = 2;

    private static final System.Logger LOG = System.getLogger(ChatterboxEngine.class.getName());

    private final EngineContext context;
    private final Devices.Lease device;
    private final Map<Path, Checkpoint> checkpoints = new HashMap<>();
    private final Map<Clip, VoiceConditionals> clones = new ConcurrentHashMap<>();
    private final Set<ChatterboxSource> sources = ConcurrentHashMap.newKeySet();
    private @Nullable Watermark watermark;
    private boolean closed;

    /** A clip as it was when it was cloned, by the rules of a model. */
    private record Clip(Path file, FileTime changed, long bytes, VoiceCloner.Rules rules) {}

    ChatterboxEngine(EngineContext context) {
        this.context = context;
        device = Devices.open("cpu", context.threads());
        device.backend().prepareSpeech();
    }

    @Override
    public List<Voice> voices() {
        return Installed.voices(context);
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        Speaker speaker = Installed.find(context, request);
        ChatterboxModel model = speaker.model();
        Optional<String> language = language(model, request);
        ChatterboxOptions options =
                request.options(ChatterboxOptions.class).orElse(ChatterboxOptions.DEFAULTS);
        if (request.speed() < SLOWEST || request.speed() > FASTEST) {
            throw new InvalidRequestException(
                    "Chatterbox takes a speed from "
                            + SLOWEST
                            + " to "
                            + FASTEST
                            + ", not "
                            + request.speed()
                            + ": mode fast takes more");
        }
        // Before the checkpoint is loaded: a bad clip is told at once, and the networks that listen
        // are gone when those that speak come.
        Optional<VoiceConditionals> cloned = speaker.clip().map(file -> clone(speaker, file));
        Checkpoint checkpoint = load(speaker);
        String spoken = language.orElse("en");
        TextFrontEnd front =
                new TextFrontEnd(
                        spoken,
                        request.lexicon().map(Lexicon::load).orElse(Lexicon.EMPTY),
                        request.format());
        Ops ops = device.backend().open();
        try {
            ChatterboxSource source =
                    new ChatterboxSource(
                            checkpoint,
                            ops,
                            new SentenceGroups(
                                    front.sentences(request.openText()), !spoken.equals("en")),
                            new Utterance.Manner(
                                    speaker.voice(),
                                    voice(speaker, cloned, checkpoint),
                                    (float)
                                            options.exaggeration()
                                                    .orElse(ChatterboxModel.EXAGGERATION),
                                    settings(model, options),
                                    model.multilingual() ? Optional.of(spoken) : Optional.empty(),
                                    request.seed()
                                            .orElseGet(
                                                    () -> ThreadLocalRandom.current().nextLong())),
                            request.speed(),
                            request.volume(),
                            request.sentenceSilence(),
                            watermark(),
                            closed -> ended(model, closed));
            register(source);
            return source;
        } catch (RuntimeException e) {
            ops.close();
            throw CheckpointFiles.failure(e);
        }
    }

    private void ended(ChatterboxModel model, ChatterboxSource source) {
        if (sources.remove(source)) {
            Pace.keep(context, model, source.work().seconds(), source.work().audio());
        }
    }

    private synchronized void register(ChatterboxSource source) {
        checkOpen();
        sources.add(source);
    }

    private synchronized Checkpoint load(Speaker speaker) {
        checkOpen();
        return checkpoints.computeIfAbsent(
                speaker.folder(),
                folder -> {
                    long start = System.nanoTime();
                    Checkpoint loaded =
                            Checkpoint.load(
                                    speaker.model(),
                                    folder,
                                    context.home().resolve("cache").resolve("prefixes"),
                                    device.backend(),
                                    context.precision());
                    LOG.log(
                            System.Logger.Level.DEBUG,
                            "{0} loaded as {1} in {2} ms",
                            speaker.model().id(),
                            context.precision(),
                            (System.nanoTime() - start) / 1_000_000);
                    return loaded;
                });
    }

    /** Speech is marked when the watermark's weights are installed. */
    private synchronized @Nullable Watermark watermark() {
        Watermark known = watermark;
        if (known == null) {
            Optional<Path> file = Installed.watermark(context);
            if (file.isPresent()) {
                try (TorchZip weights = TorchZip.open(file.get())) {
                    known = new Watermark(weights, device.backend().parameters());
                    watermark = known;
                }
            } else {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "speech is not marked as synthetic (skald voices install perth)");
            }
        }
        return known;
    }

    private void checkOpen() {
        if (closed) {
            throw new SkaldException("the engine is closed");
        }
    }

    /** The voice of a clip, kept until close. */
    private VoiceConditionals clone(Speaker speaker, Path file) {
        ChatterboxModel model = speaker.model();
        Clip clip;
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            clip = new Clip(file, now.lastModifiedTime(), now.size(), model.cloning());
        } catch (IOException e) {
            throw new InvalidRequestException("there is no file " + file, e);
        }
        return clones.computeIfAbsent(
                clip,
                c ->
                        VoiceCloning.clone(
                                model,
                                speaker.folder(),
                                device.backend(),
                                VoiceCloning.read(file, model)));
    }

    /** The voice of a clip, a cloned one, or the built-in one. */
    private static VoiceConditionals voice(
            Speaker speaker, Optional<VoiceConditionals> cloned, Checkpoint checkpoint) {
        if (cloned.isPresent()) {
            return cloned.get();
        }
        if (speaker.saved().isPresent()) {
            return VoiceCloning.read(speaker.saved().get());
        }
        return checkpoint
                .builtInVoice()
                .orElseThrow(
                        () ->
                                new VoiceException(
                                        speaker.model().id()
                                                + " has no built-in voice (conds.pt): give a clip"
                                                + " with --voice"));
    }

    private static Optional<String> language(ChatterboxModel model, SpeechRequest request) {
        if (request.language().isEmpty()) {
            return Optional.empty();
        }
        String language = Installed.primary(request.language().get());
        if (!model.languages().contains(language)) {
            throw new InvalidRequestException(
                    model.id()
                            + " does not speak '"
                            + language
                            + "': it speaks "
                            + String.join(", ", model.languages())
                            + (model.multilingual() ? "" : " (for others: --model multilingual)"));
        }
        return Optional.of(language);
    }

    private static SamplerSettings settings(ChatterboxModel model, ChatterboxOptions options) {
        SamplerSettings d = model.defaults();
        if (model.turbo()
                && (options.cfgWeight().isPresent()
                        || options.exaggeration().isPresent()
                        || options.minP().isPresent())) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} has no guidance, min-p or exaggeration: they are ignored",
                    model.id());
        }
        if (!model.turbo() && options.topK().isPresent()) {
            LOG.log(System.Logger.Level.WARNING, "{0} has no top-k: it is ignored", model.id());
        }
        return new SamplerSettings(
                options.temperature().orElse(d.temperature()),
                model.turbo() ? 0 : options.minP().orElse(d.minP()),
                options.topP().orElse(d.topP()),
                model.turbo() ? options.topK().orElse(d.topK()) : 0,
                options.repetitionPenalty().orElse(d.repetitionPenalty()),
                model.turbo() ? 0 : options.cfgWeight().orElse(d.cfgWeight()));
    }

    @Override
    public void close() {
        List<Checkpoint> loaded;
        synchronized (this) {
            closed = true;
            loaded = List.copyOf(checkpoints.values());
            checkpoints.clear();
        }
        sources.forEach(ChatterboxSource::close);
        loaded.forEach(Checkpoint::close);
        device.close();
    }
}
