package dev.skald.piper;

import dev.skald.InvalidRequestException;
import dev.skald.PiperOptions;
import dev.skald.SkaldException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.text.Phonemizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;

/** The voices that are loaded and the threads that speak them. */
final class PiperEngine implements SpeechEngine {
    private final EngineContext context;
    private final PiperNetwork.Loader loader;

    /** As many threads as may compute at once; each makes one utterance at a time. */
    private final ExecutorService pool;

    private final Map<Object, LoadedVoice> voices = new HashMap<>();
    private final Set<PiperSource> sources = ConcurrentHashMap.newKeySet();
    private boolean closed;

    /** A voice whose network may still be loading. */
    private record LoadedVoice(
            Voice voice, PiperVoiceConfig config, CompletableFuture<PiperNetwork> network) {}

    PiperEngine(EngineContext context, PiperNetwork.Loader loader) {
        this.context = context;
        this.loader = loader;
        pool =
                Executors.newFixedThreadPool(
                        context.threads(),
                        Thread.ofPlatform().daemon().name("skald-piper-", 0).factory());
    }

    @Override
    public List<Voice> voices() {
        return VoiceFiles.all(context);
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        VoiceFiles files =
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request)));
        LoadedVoice loaded = load(files);
        PiperVoiceConfig config = loaded.config();
        // All of this while the network loads; the source also reads its first sentences by then.
        Phonemizer espeak = PiperText.phonemizer(context);
        PiperText text = PiperText.open(config, request, espeak);
        PiperNetwork.Settings settings = settings(files.id(), config, request);
        PiperSource source =
                new PiperSource(
                        loaded.voice(),
                        config.sampleRate(),
                        text,
                        loaded.network(),
                        settings,
                        request,
                        pool,
                        context.threads(),
                        sources::remove);
        sources.add(source);
        source.start();
        try {
            await(loaded.network());
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
        return source;
    }

    private synchronized LoadedVoice load(VoiceFiles files) {
        if (closed) {
            throw new SkaldException("the engine is closed");
        }
        Object key = files.key();
        LoadedVoice known = voices.get(key);
        if (known != null && !known.network().isCompletedExceptionally()) {
            return known;
        }
        VoiceFiles.Opened opened =
                files.open(loader, context.threads(), context.home().resolve("cache"));
        LoadedVoice loaded =
                new LoadedVoice(
                        files.voice(opened.config()),
                        opened.config(),
                        CompletableFuture.supplyAsync(opened.network(), pool));
        voices.put(key, loaded);
        return loaded;
    }

    private static void await(CompletableFuture<PiperNetwork> network) {
        try {
            network.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static PiperNetwork.Settings settings(
            String id, PiperVoiceConfig config, SpeechRequest request) {
        PiperVoiceConfig.Inference own = config.inference();
        PiperOptions options = request.options(PiperOptions.class).orElse(PiperOptions.DEFAULTS);
        return new PiperNetwork.Settings(
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
    public void close() {
        List<LoadedVoice> loaded;
        synchronized (this) {
            closed = true;
            loaded = List.copyOf(voices.values());
            voices.clear();
        }
        sources.forEach(PiperSource::close);
        pool.shutdown();
        for (LoadedVoice voice : loaded) {
            voice.network().thenAccept(PiperNetwork::close);
        }
    }
}
