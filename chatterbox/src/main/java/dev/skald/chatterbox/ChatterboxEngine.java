package dev.skald.chatterbox;

import dev.skald.ChatterboxOptions;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Precision;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.audio.TimeStretch;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.t3.TextAttention;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.engine.EngineRuntime;
import dev.skald.engine.LoadCache;
import dev.skald.engine.SpeechPlan;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.EngineStatus;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.io.TorchZip;
import dev.skald.voices.VoiceLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The checkpoints that are loaded and the requests that are being spoken. */
final class ChatterboxEngine implements SpeechEngine {
    /** Stretched further, speech sounds broken. */
    private static final double SLOWEST = 0.5;

    private static final double FASTEST = 2;

    private static final System.Logger LOG = System.getLogger(ChatterboxEngine.class.getName());

    /** Clips whose voices are kept; a voice is about a megabyte. */
    private static final int CLONES = 32;

    private final EngineContext context;
    private final EngineRuntime runtime;
    private final LoadCache<Loaded, Checkpoint> checkpoints;
    private final LoadCache<Clip, VoiceConditionals> clones = new LoadCache<>(CLONES, v -> {});
    private @Nullable Watermark watermark;
    private @Nullable Parameters watermarkParameters;

    /** A folder may hold several models. */
    private record Loaded(ChatterboxModel model, Path folder) {}

    /** A clip as it was when it was cloned, by the rules of a model. */
    private record Clip(Path file, FileTime changed, long bytes, VoiceCloner.Rules rules) {}

    ChatterboxEngine(EngineContext context) {
        this.context = context;
        runtime = EngineRuntime.open(context, any -> true);
        runtime.device().prepareSpeech();
        checkpoints = LoadCache.models(context, Checkpoint::close);
        runtime.onPressure(checkpoints::closeIdle);
    }

    @Override
    public List<Voice> voices() {
        return Installed.voices(context);
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        return speak(request, Installed.find(context, request));
    }

    @Override
    public AudioSource speak(SpeechRequest request, Availability found) {
        return found.found() instanceof Speaker speaker ? speak(request, speaker) : speak(request);
    }

    private AudioSource speak(SpeechRequest request, Speaker speaker) {
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
        checkPrecision(speaker);
        // Before the checkpoint is loaded: a bad clip is told at once, and the networks that listen
        // are gone when those that speak come.
        Optional<VoiceConditionals> cloned = speaker.clip().map(file -> clone(speaker, file));
        LoadCache<Loaded, Checkpoint>.Lease lease =
                checkpoints.take(
                        new Loaded(model, speaker.folder()),
                        CheckpointFiles.bytes(model, speaker.folder()),
                        () -> load(speaker));
        try {
            return speak(request, options, speaker, language, cloned, lease);
        } catch (RuntimeException e) {
            lease.close();
            throw CheckpointFiles.failure(e);
        } catch (Error e) {
            lease.close();
            throw e;
        }
    }

    /** 8 bits are too few for a multilingual model, as far as is known, unless one insists. */
    private void checkPrecision(Speaker speaker) {
        ChatterboxModel model = speaker.model();
        if (context.precision() == Precision.INT8 && model.multilingual() && !speaker.named()) {
            throw new InvalidRequestException(
                    model.id()
                            + " in 8 bits is known to run away in some languages: use --precision"
                            + " bf16, or name it (--model multilingual) to have it all the same");
        }
    }

    private AudioSource speak(
            SpeechRequest request,
            ChatterboxOptions options,
            Speaker speaker,
            Optional<String> language,
            Optional<VoiceConditionals> cloned,
            LoadCache<Loaded, Checkpoint>.Lease lease) {
        ChatterboxModel model = speaker.model();
        Checkpoint checkpoint = lease.get();
        String spoken = language.orElse("en");
        Utterance.Settings settings =
                new Utterance.Settings(
                        voice(speaker, cloned, checkpoint),
                        (float) options.exaggeration().orElse(ChatterboxModel.EXAGGERATION),
                        settings(model, options),
                        model.multilingual() ? Optional.of(spoken) : Optional.empty(),
                        request.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong()));
        SentenceGroups groups =
                SentenceGroups.of(request, spoken, TextAttention.knows(checkpoint.t3()));
        Stages stages = new Stages();
        ChatterboxScript script =
                new ChatterboxScript(checkpoint, runtime.device(), groups, settings, stages);
        SpeechPlan.Builder plan =
                SpeechPlan.builder(request, speaker.voice(), S3Gen.SAMPLE_RATE)
                        .stages(stages::list)
                        .tempo(request.speed())
                        .ended(
                                () -> {
                                    script.close();
                                    lease.close();
                                    Pace.keep(context, model, stages.seconds(), stages.audio());
                                });
        if (request.speed() != 1) {
            plan.filter(() -> new TimeStretch(S3Gen.SAMPLE_RATE, request.speed()));
        }
        Watermark mark = watermark();
        if (mark != null) {
            plan.filter(() -> script.marking(mark));
        }
        return runtime.speak(plan.build(script));
    }

    private Checkpoint load(Speaker speaker) {
        if (context.precision() == Precision.INT8 && speaker.model().multilingual()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} in 8 bits: others found that English stays sound and Arabic runs away; the"
                            + " logits'' error is more than twice that of bf16. If speech repeats"
                            + " itself, use --precision bf16",
                    speaker.model().id());
        }
        long start = System.nanoTime();
        Checkpoint loaded =
                Checkpoint.load(
                        speaker.model(),
                        speaker.folder(),
                        VoiceLibrary.at(context.home()).derived(),
                        runtime.device(),
                        context.precision());
        LOG.log(
                System.Logger.Level.DEBUG,
                "{0} loaded as {1} in {2} ms",
                speaker.model().id(),
                context.precision(),
                (System.nanoTime() - start) / 1_000_000);
        return loaded;
    }

    /** Speech is marked when the watermark's weights are installed. */
    private synchronized @Nullable Watermark watermark() {
        Watermark known = watermark;
        if (known == null) {
            Optional<Path> file = Installed.watermark(context);
            if (file.isPresent()) {
                try (TorchZip weights = TorchZip.open(file.get())) {
                    Parameters parameters = runtime.device().parameters();
                    watermarkParameters = parameters;
                    known = new Watermark(weights, parameters);
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

    /** The voice of a clip, kept for the next request. */
    private VoiceConditionals clone(Speaker speaker, Path file) {
        ChatterboxModel model = speaker.model();
        Clip clip;
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            clip = new Clip(file, now.lastModifiedTime(), now.size(), model.cloning());
        } catch (IOException e) {
            throw new InvalidRequestException("there is no file " + file, e);
        }
        try (LoadCache<Clip, VoiceConditionals>.Lease voice =
                clones.take(
                        clip,
                        1,
                        () ->
                                VoiceCloning.clone(
                                        model,
                                        speaker.folder(),
                                        runtime.device(),
                                        VoiceCloning.read(file, model)))) {
            return voice.get();
        }
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

    static Optional<String> language(ChatterboxModel model, SpeechRequest request) {
        if (request.language().isEmpty()) {
            return Optional.empty();
        }
        String language = Installed.primary(request.language().get());
        if (!model.languages().contains(language)) {
            throw new InvalidRequestException(
                    "language",
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
    public Optional<Voice> addVoice(String id, Path clip) {
        SpeechRequest any = SpeechRequest.builder(id).mode(Mode.CINEMATIC).build();
        return Optional.of(VoiceCloning.add(context, id, clip, any).info().toVoice());
    }

    @Override
    public boolean removeVoice(String id) {
        return Installed.removeClone(context, id);
    }

    @Override
    public void unload() {
        clones.closeIdle();
        checkpoints.closeIdle();
    }

    @Override
    public EngineStatus status() {
        return runtime.status(checkpoints);
    }

    @Override
    public void close() {
        runtime.stop();
        clones.close();
        checkpoints.close();
        synchronized (this) {
            if (watermarkParameters != null) {
                watermarkParameters.close();
            }
        }
        runtime.close();
    }
}
