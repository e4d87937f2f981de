package dev.skald.server.speech;

import dev.skald.AudioChunk;
import dev.skald.EngineUnavailableException;
import dev.skald.InvalidRequestException;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.VoiceException;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Speaks for every protocol: waits for a place, makes the audio for as long as the caller listens
 * and its deadline allows, tells the numbers and writes the line in the log.
 */
public final class SpeechService implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SpeechService.class.getName());

    /** For how long a listener may take nothing before another speech is let in beside it. */
    private static final Duration STALL = Duration.ofMillis(250);

    /** Is told of each speech. */
    public interface Watcher {
        /** Audio begins to leave, so many seconds after the request. */
        void began(String model, double seconds);

        /** It has ended well. */
        void ended(String model, SpeechReport report, List<StageWork> stages);
    }

    /** Takes the audio. */
    @FunctionalInterface
    public interface Audience {
        /**
         * @param chunks of the speech, one of them at least
         */
        void hear(Speech speech, Iterator<AudioChunk> chunks) throws IOException;
    }

    private final Skald skald;
    private final Admission admission;
    private final @Nullable Duration deadline;
    private final Watcher watcher;
    private final ScheduledThreadPoolExecutor clock;

    /**
     * @param deadline how long a request may take, from when it was whole to its last byte
     */
    public SpeechService(
            Skald skald, Admission admission, @Nullable Duration deadline, Watcher watcher) {
        this.skald = skald;
        this.admission = admission;
        this.deadline = deadline;
        this.watcher = watcher;
        clock =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("skald-deadlines").factory());
        clock.setRemoveOnCancelPolicy(true);
    }

    public Skald skald() {
        return skald;
    }

    /**
     * Speaks.
     *
     * @throws ApiError what the caller is told
     * @throws IOException if the caller has left
     */
    public void speak(Caller caller, SpeechRequest request, Audience audience) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        try (Admission.Place place = admission.enter(caller.departure()::onLeave);
                Speech speech = skald.speak(request)) {
            Runnable cancel = speech::cancel;
            caller.departure().onLeave(cancel);
            ScheduledFuture<?> alarm = alarm(caller, speech, late);
            try {
                hear(caller, speech, place, audience);
            } finally {
                caller.departure().forget(cancel);
                if (alarm != null) {
                    alarm.cancel(false);
                }
            }
        } catch (SpeechCancelledException e) {
            if (late.get()) {
                throw ApiError.failed(
                        504,
                        "deadline_exceeded",
                        "it took longer than " + seconds() + " s: send the text in parts");
            }
            throw new IOException("the caller has left", e);
        } catch (SkaldException e) {
            throw error(e);
        }
    }

    /** Work that takes a place as a speech does. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /**
     * Does what takes as much of the machine as speaking does, when it is its turn.
     *
     * @throws ApiError what the caller is told
     */
    public <T> T work(Caller caller, Work<T> work) throws IOException {
        try (Admission.Place place = admission.enter(caller.departure()::onLeave)) {
            return work.run();
        } catch (SkaldException e) {
            throw error(e);
        }
    }

    private @Nullable ScheduledFuture<?> alarm(Caller caller, Speech speech, AtomicBoolean late) {
        if (deadline == null) {
            return null;
        }
        return clock.schedule(
                () -> {
                    late.set(true);
                    speech.cancel();
                },
                (long) (deadline.toMillis() - 1_000 * caller.seconds()),
                TimeUnit.MILLISECONDS);
    }

    private long seconds() {
        return deadline == null ? 0 : deadline.toSeconds();
    }

    private void hear(Caller caller, Speech speech, Admission.Place place, Audience audience)
            throws IOException {
        Iterator<AudioChunk> chunks = new Heard(speech.iterator(), place);
        // The first chunk decides: until it is there, an error still has a status.
        if (!chunks.hasNext()) {
            throw ApiError.invalid(
                    "input", "nothing_to_say", "there is no word and no number in the text");
        }
        String model = speech.choice().mode().toString();
        watcher.began(model, caller.seconds());
        audience.hear(speech, chunks);
        SpeechReport report = speech.report();
        watcher.ended(model, report, speech.stages());
        LOG.log(
                System.Logger.Level.INFO,
                String.format(
                        Locale.ROOT,
                        "%s trace=%s key=%s protocol=%s model=%s voice=%s characters=%d audio=%.2fs"
                                + " total=%.3fs",
                        caller.id(),
                        caller.trace(),
                        caller.key(),
                        caller.protocol(),
                        model,
                        speech.voice().id(),
                        report.characters(),
                        report.seconds(),
                        caller.seconds()));
    }

    /** Chunks that lend the place to others while the audience is busy with one for long. */
    private final class Heard implements Iterator<AudioChunk> {
        private final Iterator<AudioChunk> chunks;
        private final Admission.Place place;
        private @Nullable ScheduledFuture<?> stall;

        Heard(Iterator<AudioChunk> chunks, Admission.Place place) {
            this.chunks = chunks;
            this.place = place;
        }

        @Override
        public boolean hasNext() {
            goOn();
            return chunks.hasNext();
        }

        @Override
        public AudioChunk next() {
            goOn();
            AudioChunk chunk = chunks.next();
            stall = clock.schedule(place::stall, STALL.toMillis(), TimeUnit.MILLISECONDS);
            return chunk;
        }

        private void goOn() {
            if (stall != null) {
                stall.cancel(false);
                stall = null;
                place.resume();
            }
        }
    }

    /** What the caller is told of a failure. */
    public static ApiError error(SkaldException e) {
        return switch (e) {
            case VoiceException v -> ApiError.invalid("voice", "voice_not_found", message(v));
            case InvalidRequestException r ->
                    ApiError.invalid(parameter(r), "invalid_value", message(r));
            case EngineUnavailableException u ->
                    ApiError.failed(503, "model_unavailable", message(u));
            default -> ApiError.failed(500, "speech_failed", message(e));
        };
    }

    /** As callers name it: a speaker is a part of the voice's name. */
    private static @Nullable String parameter(InvalidRequestException e) {
        return e.parameter().map(p -> p.equals("speaker") ? "voice" : p).orElse(null);
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
