package dev.skald.piper;

import dev.skald.InvalidRequestException;
import dev.skald.PiperOptions;
import dev.skald.Reading;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.engine.EngineRuntime;
import dev.skald.engine.LoadCache;
import dev.skald.engine.Speaker;
import dev.skald.engine.SpeechPlan;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.EngineStatus;
import dev.skald.spi.SpeechEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The voices that are loaded, and how a request is spoken with one. */
final class PiperEngine implements SpeechEngine {
    private final EngineContext context;
    private final PiperNetwork.Loader loader;
    private final EngineRuntime runtime;
    private final LoadCache<Object, LoadedVoice> voices;

    /** What is known of a voice before its network is there. */
    private record About(Voice voice, PiperVoiceConfig config) {}

    private record LoadedVoice(About about, PiperNetwork network) {}

    PiperEngine(EngineContext context, PiperNetwork.Loader loader) {
        this.context = context;
        this.loader = loader;
        runtime = EngineRuntime.open(context, VitsNetwork.AUTO);
        voices = LoadCache.models(context, voice -> voice.network().close());
    }

    @Override
    public List<Voice> voices() {
        return VoiceFiles.all(context);
    }

    @Override
    public List<Reading> readings(SpeechRequest request) {
        PiperText text = PiperText.open(context, request);
        List<Reading> readings = new ArrayList<>();
        for (SpokenSentence s = text.next(); s != null; s = text.next()) {
            String phonemes =
                    s.utterances().stream()
                            .map(u -> String.join("", u.phonemes()))
                            .collect(Collectors.joining(" "));
            readings.add(new Reading(s.source(), s.normalized(), phonemes));
        }
        return List.copyOf(readings);
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        return speak(
                request,
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request))));
    }

    @Override
    public AudioSource speak(SpeechRequest request, Availability found) {
        return found.found() instanceof VoiceFiles files ? speak(request, files) : speak(request);
    }

    private AudioSource speak(SpeechRequest request, VoiceFiles files) {
        CompletableFuture<About> early = new CompletableFuture<>();
        LoadCache<Object, LoadedVoice>.Lease lease =
                voices.take(files.key(), files.bytes(), () -> load(files, early));
        Speaker speaker = null;
        try {
            // The text is prepared while the network loads.
            About about = lease.fresh() ? LoadCache.join(early) : lease.get().about();
            PiperVoiceConfig config = about.config();
            PiperText text = PiperText.open(config, request);
            Settings settings = settings(files.id(), config, request);
            Supplier<PiperNetwork> network = () -> lease.get().network();
            float volume = (float) request.volume();
            speaker =
                    runtime.speak(
                            SpeechPlan.builder(request, about.voice(), config.sampleRate())
                                    .ahead(context.threads())
                                    .gain(() -> network.get().outputGain(volume))
                                    .ended(lease::close)
                                    .build(
                                            new PiperScript(
                                                    files.id(),
                                                    text,
                                                    network,
                                                    settings,
                                                    request.timestamps(),
                                                    config.sampleRate())));
            // Begun by whoever takes it: then it is known whether somebody listens.
            lease.get();
            return speaker;
        } catch (RuntimeException | Error e) {
            if (speaker == null) {
                lease.close();
            } else {
                speaker.close();
            }
            throw e;
        }
    }

    /**
     * @param early gets what is known before the network is there
     */
    private LoadedVoice load(VoiceFiles files, CompletableFuture<About> early) {
        try {
            VoiceFiles.Opened opened = files.open(loader, context);
            PiperVoiceConfig config = opened.config();
            About about = new About(files.voice(config), config);
            early.complete(about);
            return new LoadedVoice(about, opened.network().get());
        } catch (Throwable e) {
            early.completeExceptionally(e);
            throw e;
        }
    }

    private static Settings settings(String id, PiperVoiceConfig config, SpeechRequest request) {
        PiperVoiceConfig.Inference own = config.inference();
        PiperOptions options = request.options(PiperOptions.class).orElse(PiperOptions.DEFAULTS);
        return new Settings(
                (float) options.noiseScale().orElse(own.noiseScale()),
                (float) (own.lengthScale() / request.speed()),
                (float) options.noiseWidth().orElse(own.noiseWidth()),
                request.speaker().map(s -> speaker(id, config, s)).orElse(config.defaultSpeaker()),
                request.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong()),
                true);
    }

    private static int speaker(String id, PiperVoiceConfig config, String wanted) {
        Integer named = config.speakerIds().get(wanted);
        if (named != null) {
            return named;
        }
        int number;
        try {
            number = Integer.parseInt(wanted);
        } catch (NumberFormatException e) {
            number = -1;
        }
        if (number >= 0 && number < config.numSpeakers()) {
            return number;
        }
        String known =
                config.speakerIds().isEmpty()
                        ? ""
                        : " or a name such as "
                                + String.join(
                                        ", ",
                                        config.speakerIds().keySet().stream()
                                                .sorted()
                                                .limit(3)
                                                .toList());
        throw new InvalidRequestException(
                "speaker",
                "voice "
                        + id
                        + " has no speaker '"
                        + wanted
                        + "': "
                        + (config.numSpeakers() == 1
                                ? "it has only one, 0"
                                : "name a number from 0 to " + (config.numSpeakers() - 1) + known));
    }

    @Override
    public void unload() {
        voices.closeIdle();
    }

    @Override
    public EngineStatus status() {
        return runtime.status(voices);
    }

    @Override
    public void close() {
        runtime.stop();
        voices.close();
        runtime.close();
    }
}
