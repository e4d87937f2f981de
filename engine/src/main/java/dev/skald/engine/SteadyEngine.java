package dev.skald.engine;

import dev.skald.AudioChunk;
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
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An engine that goes on when its device fails. A lost device is opened anew; a request that nobody
 * heard anything of is spoken again, another one ends in the exception. Where the device was chosen
 * by {@code auto} and fails again, the CPU takes over. Each step is told once.
 */
public final class SteadyEngine implements SpeechEngine {
    private static final System.Logger LOG = System.getLogger(SteadyEngine.class.getName());

    /** How often a request is begun: each time with less memory, or on another device. */
    private static final int TRIES = 4;

    private final EngineContext context;
    private final Function<EngineContext, SpeechEngine> opener;
    private Opened opened;

    /** Failures since something was spoken to its end. */
    private int failures;

    private boolean onCpu;

    /** An engine over a device that has not failed for good yet, and the speeches it has. */
    private static final class Opened {
        final SpeechEngine engine;
        int users;
        boolean left;

        Opened(SpeechEngine engine) {
            this.engine = engine;
        }
    }

    private interface Begin {
        AudioSource on(SpeechEngine engine, SpeechRequest request);
    }

    private SteadyEngine(EngineContext context, Function<EngineContext, SpeechEngine> opener) {
        this.context = context;
        this.opener = opener;
        opened = open();
    }

    /**
     * Opens an engine.
     *
     * @param opener makes it over the device that the context names
     */
    public static SpeechEngine open(
            EngineContext context, Function<EngineContext, SpeechEngine> opener) {
        return new SteadyEngine(context, opener);
    }

    private Opened open() {
        try {
            return new Opened(opener.apply(onCpu ? context.on("cpu") : context));
        } catch (DeviceException e) {
            if (!mayLeave()) {
                throw e;
            }
            leave(e);
            return new Opened(opener.apply(context.on("cpu")));
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
        use().engine.unload();
    }

    @Override
    public EngineStatus status() {
        return use().engine.status();
    }

    private synchronized Opened use() {
        return opened;
    }

    private synchronized Opened begin() {
        opened.users++;
        return opened;
    }

    private void end(Opened used) {
        synchronized (this) {
            if (--used.users > 0 || !used.left) {
                return;
            }
        }
        used.engine.close();
    }

    private synchronized void spoken() {
        failures = 0;
    }

    /** Sees to it that the next try may go better. Throws the exception after the last one. */
    private synchronized void failed(DeviceException e, Opened used, int tries) {
        if (used == opened) { // else another speech has seen to it
            failures++;
            boolean lost = e.kind() == DeviceException.Kind.LOST;
            if (mayLeave() && failures >= TRIES - 1) {
                leave(e);
                renew();
                return;
            }
            if (lost) {
                LOG.log(System.Logger.Level.WARNING, "{0}: it is opened anew", e.getMessage());
                renew();
            }
        }
        if (tries >= TRIES) {
            throw e;
        }
    }

    /** Where this throws, the next request tries again. */
    private void renew() {
        Opened old = opened;
        opened = open();
        old.left = true;
        if (old.users == 0) {
            old.engine.close();
        }
    }

    @Override
    public void close() {
        use().engine.close();
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
                        spoken();
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
