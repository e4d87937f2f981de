package dev.skald;

import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.EngineStatus;
import dev.skald.spi.Failures;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The way in: finds the engines, chooses one for each request, speaks.
 *
 * <pre>{@code
 * try (Skald skald = Skald.open()) {
 *     skald.speak("Hello").writeTo(Path.of("hello.wav"));
 * }
 * }</pre>
 *
 * <p>Safe for many threads. Models are loaded by the first request that needs them and kept until
 * {@link #close}.
 */
public final class Skald implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Skald.class.getName());

    private final EngineContext context;
    private final List<SpeechEngineProvider> providers;
    private final Consumer<String> warnings;
    private final Map<String, SpeechEngine> engines = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private Skald(Builder builder, List<SpeechEngineProvider> providers) {
        context = builder.context.build();
        warnings = builder.warnings;
        this.providers = List.copyOf(providers);
    }

    /** Opens with the defaults: {@link SkaldHome#folder()}, one thread per physical core. */
    public static Skald open() {
        return builder().open();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Speaks {@code text} with every default. */
    public Speech speak(String text) {
        return speak(SpeechRequest.of(text));
    }

    /**
     * Begins to speak; the audio is made as it is taken.
     *
     * @throws EngineUnavailableException if no engine can speak it, or the one asked for cannot and
     *     the request is strict
     * @throws VoiceException if the voice cannot be had
     * @throws OutOfMemoryException if its model does not fit into memory
     */
    public Speech speak(SpeechRequest request) {
        return Failures.call(() -> begun(request));
    }

    private Speech begun(SpeechRequest request) {
        Candidate chosen = choose(request);
        if (chosen.choice.fallback()) {
            warnings.accept(
                    request.model().map(m -> "model " + m).orElse(request.mode().toString())
                            + " is not available ("
                            + chosen.choice.reason()
                            + "): speaking in mode "
                            + chosen.choice.mode());
        }
        LOG.log(System.Logger.Level.DEBUG, "{0}", chosen.choice);
        AudioSource source = engine(chosen.provider).speak(request, chosen.says);
        boolean checks = context.uses(Optimisation.VALIDATION);
        return new Speech(source, chosen.choice, request.volume() == 0, checks);
    }

    /** Which engine would speak the request, and why, without loading anything. */
    public EngineChoice choice(SpeechRequest request) {
        return Failures.call(() -> choose(request).choice);
    }

    /** How the request's sentences would be read, without loading a network. */
    public List<Reading> readings(SpeechRequest request) {
        return Failures.call(() -> engine(choose(request).provider).readings(request));
    }

    /** The voices that can be asked for by name. */
    public List<Voice> voices() {
        List<Voice> voices = new ArrayList<>();
        for (SpeechEngineProvider provider : providers) {
            voices.addAll(Failures.call(() -> engine(provider).voices()));
        }
        return List.copyOf(voices);
    }

    /** The models that are here and that a request may name, with their modes. */
    public Map<String, Mode> models() {
        Map<String, Mode> models = new TreeMap<>();
        for (SpeechEngineProvider provider : providers) {
            Stream<String> added =
                    Failures.call(() -> engine(provider).voices()).stream()
                            .map(Voice::id)
                            .filter(id -> provider.hasModel(context, id));
            Stream.concat(provider.models().stream(), added)
                    .filter(m -> here(provider, m))
                    .forEach(m -> models.put(m, provider.mode()));
        }
        return models;
    }

    private boolean here(SpeechEngineProvider provider, String model) {
        SpeechRequest request = SpeechRequest.builder("Ready.").model(model).build();
        return provider.availability(context, request).ready();
    }

    /**
     * Keeps the voice of a clip under a name, by which requests find it from then on. It takes as
     * long as a model that clones needs to be loaded and to listen.
     *
     * @param id letters, digits, {@code _ - .}
     * @param clip a sound file of 5 to 30 s of one speaker
     * @throws InvalidRequestException if the clip cannot be read or cloned from
     * @throws VoiceException if the name is taken, or cannot name a voice
     * @throws EngineUnavailableException if no model that clones is installed
     */
    public Voice addVoice(String id, Path clip) {
        for (SpeechEngineProvider provider : providers) {
            Optional<Voice> added = Failures.call(() -> engine(provider).addVoice(id, clip));
            if (added.isPresent()) {
                return added.get();
            }
        }
        throw new EngineUnavailableException(
                "no engine that clones voices is on the class path: add dev.skald:skald");
    }

    /**
     * Removes a voice that was cloned from a clip.
     *
     * @throws VoiceException if there is none of that name
     */
    public void removeVoice(String id) {
        for (SpeechEngineProvider provider : providers) {
            if (Failures.call(() -> engine(provider).removeVoice(id))) {
                return;
            }
        }
        throw new VoiceException("there is no cloned voice '" + id + "'");
    }

    /** Frees the loaded models that nobody uses; the next request loads its own again. */
    public void unload() {
        engines.values().forEach(engine -> Failures.run(engine::unload));
    }

    /** What each engine that was used holds and does at the moment, by its name. */
    public Map<String, EngineStatus> status() {
        Map<String, EngineStatus> all = new TreeMap<>();
        engines.forEach((name, engine) -> all.put(name, Failures.call(engine::status)));
        return all;
    }

    /** What each engine says of itself for a request. */
    public Map<String, Availability> engines(SpeechRequest request) {
        Map<String, Availability> says = new LinkedHashMap<>();
        for (SpeechEngineProvider provider : providers) {
            says.put(provider.name(), Failures.call(() -> provider.availability(context, request)));
        }
        return says;
    }

    public Path home() {
        return context.home();
    }

    private record Candidate(
            SpeechEngineProvider provider, Availability says, EngineChoice choice) {
        static Candidate of(
                SpeechEngineProvider p, Availability says, String reason, boolean fallback) {
            return new Candidate(p, says, new EngineChoice(p.mode(), p.name(), reason, fallback));
        }
    }

    private Candidate choose(SpeechRequest request) {
        if (closed) {
            throw new IllegalStateException("this Skald is closed");
        }
        if (providers.isEmpty()) {
            throw new EngineUnavailableException(
                    "no speech engine is on the class path: add the dependency dev.skald:skald");
        }
        List<SpeechEngineProvider> named = named(request);
        return request.mode() == Mode.AUTO ? automatic(request, named) : asked(request, named);
    }

    /** The engines that have the model the request names; all of them if it names none. */
    private List<SpeechEngineProvider> named(SpeechRequest request) {
        if (request.model().isEmpty()) {
            return providers;
        }
        String model = request.model().get();
        List<SpeechEngineProvider> named =
                providers.stream().filter(p -> p.hasModel(context, model)).toList();
        if (named.isEmpty()) {
            throw new InvalidRequestException(
                    "there is no model '"
                            + model
                            + "': "
                            + String.join(
                                    ", ",
                                    providers.stream().flatMap(p -> p.models().stream()).toList())
                            + ", or the folder of a checkpoint");
        }
        return named;
    }

    private Candidate asked(SpeechRequest request, List<SpeechEngineProvider> named) {
        String reason =
                request.model().isPresent()
                        ? "model " + request.model().get() + " is not of this mode"
                        : "no engine for mode " + request.mode() + " is on the class path";
        SpeechEngineProvider ready = null;
        Availability readySays = null;
        for (SpeechEngineProvider provider : named) {
            if (provider.mode() == request.mode()) {
                Availability a = provider.availability(context, request);
                if (a.ready() && (ready == null || a.claims())) {
                    ready = provider;
                    readySays = a;
                }
                reason = a.reason();
            }
        }
        if (ready != null && readySays != null) {
            return Candidate.of(ready, readySays, "asked for", false);
        }
        // Only the grander mode steps down; a missing fast voice has nothing to step down to.
        if (request.mode() == Mode.CINEMATIC) {
            Optional<Candidate> fast = fallback(request, reason);
            if (fast.isPresent()) {
                return fast.get();
            }
        }
        throw unavailable(request, request.mode() + " is not available: " + reason);
    }

    private Candidate automatic(SpeechRequest request, List<SpeechEngineProvider> named) {
        List<String> reasons = new ArrayList<>();
        SpeechEngineProvider best = null;
        Availability bestSays = null;
        for (SpeechEngineProvider provider : named) {
            Availability a = provider.availability(context, request);
            if (!a.ready()) {
                reasons.add(provider.mode() + ": " + a.reason());
            } else if (best == null
                    || bestSays == null
                    || rank(provider, a) > rank(best, bestSays)) {
                best = provider;
                bestSays = a;
            }
        }
        if (best != null && bestSays != null) {
            return Candidate.of(best, bestSays, bestSays.reason(), false);
        }
        if (request.model().isPresent()) {
            Optional<Candidate> fast = fallback(request, String.join("; ", reasons));
            if (fast.isPresent()) {
                return fast.get();
            }
        }
        throw unavailable(request, "nothing can speak this: " + String.join("; ", reasons));
    }

    /** A fast voice instead of what was asked for, unless the request is strict. */
    private Optional<Candidate> fallback(SpeechRequest request, String reason) {
        if (request.strict() || !context.uses(Optimisation.FALLBACKS)) {
            return Optional.empty();
        }
        for (SpeechEngineProvider provider : providers) {
            if (provider.mode() == Mode.FAST) {
                Availability a = provider.availability(context, request);
                if (a.ready()) {
                    return Optional.of(Candidate.of(provider, a, reason, true));
                }
            }
        }
        return Optional.empty();
    }

    /** It is the voice that is missing where one was named. */
    private static SkaldException unavailable(SpeechRequest request, String reason) {
        return request.voice().isPresent()
                ? new VoiceException(reason)
                : new EngineUnavailableException(reason);
    }

    /** A claim first; then the grander mode if it keeps up with real time; then the fast one. */
    private static int rank(SpeechEngineProvider provider, Availability a) {
        int rank = a.claims() ? 4 : 0;
        if (a.realTime()) {
            rank += 2;
        }
        return provider.mode() == Mode.CINEMATIC ? rank + 1 : rank;
    }

    private SpeechEngine engine(SpeechEngineProvider provider) {
        SpeechEngine engine =
                engines.computeIfAbsent(provider.name(), name -> provider.open(context));
        if (closed) {
            close();
            throw new IllegalStateException("this Skald is closed");
        }
        return engine;
    }

    /** Frees every model. */
    @Override
    public void close() {
        closed = true;
        for (String name : List.copyOf(engines.keySet())) {
            SpeechEngine engine = engines.remove(name);
            if (engine != null) {
                Failures.run(engine::close);
            }
        }
    }

    /** Settings of a {@link Skald}; each setter refuses a value that cannot be at once. */
    public static final class Builder {
        private final EngineContext.Builder context = EngineContext.builder();
        private Consumer<String> warnings =
                message -> LOG.log(System.Logger.Level.WARNING, message);

        private Builder() {}

        /** The folder of voices, models and caches. */
        public Builder home(Path home) {
            context.home(home);
            return this;
        }

        /** How many threads compute at once; one per physical core if not set. */
        public Builder threads(int threads) {
            context.threads(threads);
            return this;
        }

        /** Leaves the network alone. */
        public Builder offline(boolean offline) {
            context.offline(offline);
            return this;
        }

        /** What computes: {@code auto} (if not set), {@code cpu}, {@code cuda}, {@code cuda:1}. */
        public Builder device(String device) {
            context.device(device);
            return this;
        }

        /** How weights are kept; {@link Precision#AUTO} if not set. */
        public Builder precision(Precision precision) {
            context.precision(precision);
            return this;
        }

        /**
         * Bytes that the loaded models of a family may take before one that nobody uses has to go;
         * half of the heap's limit if not set. The model used last is always kept.
         */
        public Builder modelMemory(long bytes) {
            context.modelMemory(bytes);
            return this;
        }

        /**
         * Bytes that may be taken of a GPU's memory; all there is if not set. When they run out,
         * loaded models that nobody uses are freed, then less is computed at once.
         */
        public Builder deviceMemory(long bytes) {
            context.deviceMemory(bytes);
            return this;
        }

        /** Switches optimisations off, to measure or to search for a fault; none if not set. */
        public Builder without(Set<Optimisation> optimisations) {
            context.without(optimisations);
            return this;
        }

        /** Gets each warning, one line each, instead of the log. */
        public Builder warnings(Consumer<String> warnings) {
            this.warnings = warnings;
            return this;
        }

        /** Finds the engines; loads none of them yet. */
        public Skald open() {
            List<SpeechEngineProvider> found = new ArrayList<>();
            ServiceLoader.load(SpeechEngineProvider.class, Skald.class.getClassLoader())
                    .forEach(found::add);
            return open(found);
        }

        /** Over given engines, for tests. */
        Skald open(List<SpeechEngineProvider> providers) {
            return new Skald(this, providers);
        }
    }
}
