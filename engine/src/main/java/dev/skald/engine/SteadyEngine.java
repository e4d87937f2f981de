package dev.skald.engine;

import dev.skald.AudioChunk;
import dev.skald.Optimisation;
import dev.skald.Reading;
import dev.skald.SkaldException;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.EngineStatus;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.DeviceException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An engine that goes on when its device fails. A lost device is opened anew; a request that nobody
 * heard anything of is spoken again, another one ends in the exception. Where the device was chosen
 * by {@code auto} and fails again, the CPU takes over. Each step is told once.
 *
 * <p>Where the context names several devices, there is an engine over each; a request is spoken on
 * the one with the fewest. One that fails again is given up, and the others go on.
 */
public final class SteadyEngine implements SpeechEngine {
    private static final System.Logger LOG = System.getLogger(SteadyEngine.class.getName());

    /** How often a request is begun: each time with less memory, or on another device. */
    private static final int TRIES = 4;

    private final EngineContext context;
    private final Function<EngineContext, SpeechEngine> opener;

    /** The devices that are not given up; never empty. */
    private final List<Place> places = new ArrayList<>();

    private boolean onCpu;

    /** A device and the engine over it. */
    private static final class Place {
        final String device;
        Opened opened;

        /** Failures since something was spoken to its end. */
        int failures;

        Place(String device, SpeechEngine engine) {
            this.device = device;
            opened = new Opened(this, engine);
        }
    }

    /** An engine over a device that has not failed for good yet, and the speeches it has. */
    private static final class Opened {
        final Place place;
        final SpeechEngine engine;
        int users;
        boolean left;

        Opened(Place place, SpeechEngine engine) {
            this.place = place;
            this.engine = engine;
        }
    }

    private interface Begin {
        AudioSource on(SpeechEngine engine, SpeechRequest request);
    }

    private SteadyEngine(EngineContext context, Function<EngineContext, SpeechEngine> opener) {
        this.context = context;
        this.opener = opener;
        try {
            for (String device : context.devices()) {
                places.add(new Place(device, engine(device)));
            }
        } catch (RuntimeException | Error e) {
            places.forEach(p -> p.opened.engine.close());
            throw e;
        }
    }

    /**
     * Opens an engine.
     *
     * @param opener makes it over the one device that its context names
     */
    public static SpeechEngine open(
            EngineContext context, Function<EngineContext, SpeechEngine> opener) {
        return context.uses(Optimisation.FALLBACKS)
                ? new SteadyEngine(context, opener)
                : opener.apply(context.on(context.devices().getFirst()));
    }

    private SpeechEngine engine(String device) {
        try {
            return opener.apply(context.on(onCpu ? "cpu" : device));
        } catch (DeviceException e) {
            if (!mayLeave()) {
                throw e;
            }
            leave(e);
            return opener.apply(context.on("cpu"));
        }
    }

    private boolean mayLeave() {
        return !onCpu && context.device().equals("auto");
    }

    private void leave(DeviceException why) {
        onCpu = true;
        LOG.log(
                System.Logger.Level.WARNING,
                "the GPU cannot be used ({0}): the CPU speaks from here on",
                why.getMessage());
    }

    @Override
    public List<Voice> voices() {
        return use().engine.voices();
    }

    @Override
    public List<Reading> readings(SpeechRequest request) {
        return use().engine.readings(request);
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        return new Source(request, SpeechEngine::speak);
    }

    @Override
    public AudioSource speak(SpeechRequest request, Availability found) {
        return new Source(request, (engine, again) -> engine.speak(again, found));
    }

    @Override
    public Optional<Voice> addVoice(String id, Path clip) {
        Opened used = begin();
        try {
            return used.engine.addVoice(id, clip);
        } finally {
            end(used);
        }
    }

    @Override
    public boolean removeVoice(String id) {
        return use().engine.removeVoice(id);
    }

    @Override
    public void unload() {
        all().forEach(SpeechEngine::unload);
    }

    @Override
    public EngineStatus status() {
        EngineStatus sum = EngineStatus.NONE;
        for (SpeechEngine engine : all()) {
            EngineStatus s = engine.status();
            sum =
                    new EngineStatus(
                            sum.speaking() + s.speaking(),
                            sum.loaded() + s.loaded(),
                            sum.hits() + s.hits(),
                            sum.loads() + s.loads(),
                            sum.deviceBytes() + s.deviceBytes());
        }
        return sum;
    }

    private synchronized List<SpeechEngine> all() {
        return places.stream().map(p -> p.opened.engine).toList();
    }

    private synchronized Opened use() {
        return places.getFirst().opened;
    }

    /** The use of the engine that has the least to do. */
    private synchronized Opened begin() {
        Opened least = places.getFirst().opened;
        for (Place place : places) {
            least = place.opened.users < least.users ? place.opened : least;
        }
        least.users++;
        return least;
    }

    private void end(Opened used) {
        synchronized (this) {
            if (--used.users > 0 || !used.left) {
                return;
            }
        }
        used.engine.close();
    }

    private synchronized void spoken(Opened on) {
        on.place.failures = 0;
    }

    /** Sees to it that the next try may go better. Throws the exception after the last one. */
    private synchronized void failed(DeviceException e, Opened used, int tries) {
        Place place = used.place;
        if (used == place.opened && places.contains(place)) { // else another speech has seen to it
            place.failures++;
            boolean again = place.failures >= TRIES - 1;
            boolean lost = e.kind() == DeviceException.Kind.LOST;
            if (again && mayLeave()) {
                leave(e);
                renew(place);
                return;
            }
            if (again && places.size() > 1) {
                giveUp(place, e);
                return;
            }
            if (lost) {
                try {
                    renew(place);
                    if (!onCpu && place.failures == 1) {
                        LOG.log(
                                System.Logger.Level.WARNING,
                                "{0}: it is opened anew",
                                e.getMessage());
                    }
                } catch (DeviceException stop) {
                    if (places.size() == 1) {
                        throw stop;
                    }
                    giveUp(place, stop);
                }
            }
        }
        if (tries >= TRIES) {
            throw e;
        }
    }

    private void giveUp(Place place, DeviceException why) {
        LOG.log(
                System.Logger.Level.WARNING,
                "{0} cannot be used ({1}): the other devices speak from here on",
                place.device,
                why.getMessage());
        places.remove(place);
        left(place.opened);
    }

    /** Where this throws, the next request tries again. */
    private void renew(Place place) {
        Opened old = place.opened;
        place.opened = new Opened(place, engine(place.device));
        left(old);
    }

    private static void left(Opened old) {
        old.left = true;
        if (old.users == 0) {
            old.engine.close();
        }
    }

    @Override
    public void close() {
        all().forEach(SpeechEngine::close);
    }

    /** A speech, begun again while nothing of it was heard. */
    private final class Source implements AudioSource {
        private final SpeechRequest request;
        private final Begin begin;
        private final TextTape text;
        private Opened on;
        private volatile @Nullable AudioSource now;
        private int tries;
        private boolean heard;
        private boolean whole;
        private volatile boolean cancelled;
        private boolean closed;

        Source(SpeechRequest request, Begin begin) {
            this.request = request;
            this.begin = begin;
            text = new TextTape(request.openText());
            on = SteadyEngine.this.begin();
            begin();
        }

        private void begin() {
            while (now == null) {
                try {
                    now = begin.on(on.engine, request.withText(text.open()));
                } catch (DeviceException e) {
                    again(e);
                } catch (RuntimeException | Error e) {
                    leave();
                    throw e;
                }
            }
            if (whole) {
                now().whole();
            }
        }

        private void leave() {
            if (!closed) {
                closed = true;
                end(on);
            }
        }

        private AudioSource now() {
            AudioSource source = now;
            if (source == null) {
                throw new SkaldException("the device failed: begin the speech again");
            }
            return source;
        }

        /** Makes ready for another try, or throws. */
        private void again(DeviceException e) {
            AudioSource failed = now;
            now = null;
            if (failed != null) {
                failed.close();
            }
            Opened used = on;
            try {
                failed(e, used, ++tries);
                if (heard || cancelled) {
                    throw e;
                }
                on = SteadyEngine.this.begin();
                end(used);
            } catch (RuntimeException | Error stop) {
                leave();
                throw stop;
            }
        }

        @Override
        public @Nullable AudioChunk next() {
            while (true) {
                try {
                    AudioChunk chunk = now().next();
                    if (chunk == null) {
                        spoken(on);
                    } else if (!heard) {
                        heard = true;
                        text.forget();
                    }
                    return chunk;
                } catch (DeviceException e) {
                    again(e);
                }
                begin();
            }
        }

        @Override
        public Voice voice() {
            return now().voice();
        }

        @Override
        public int sampleRate() {
            return now().sampleRate();
        }

        @Override
        public void whole() {
            whole = true;
            now().whole();
        }

        @Override
        public List<StageWork> stages() {
            return now().stages();
        }

        @Override
        public void cancel() {
            cancelled = true;
            AudioSource source = now;
            if (source != null) {
                source.cancel();
            }
        }

        @Override
        public void close() {
            AudioSource source = now;
            if (source != null) {
                source.close();
            }
            leave();
        }
    }
}
