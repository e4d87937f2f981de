package dev.skald.piper;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.spi.EngineContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The oracle: a voice on ONNX Runtime, its graph as it is: an utterance is one window. The graph
 * draws its own noise, so the seed has no effect, and the thread count is the session's.
 */
final class OrtNetwork implements PiperNetwork {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final boolean takesSpeaker;

    /** Held for reading by each run: the session must outlive it. */
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

    private volatile boolean closed;

    private OrtNetwork(OrtEnvironment environment, OrtSession session, boolean takesSpeaker) {
        this.environment = environment;
        this.session = session;
        this.takesSpeaker = takesSpeaker;
    }

    /** The {@link Loader}. */
    static PiperNetwork load(Path onnx, PiperVoiceConfig config, EngineContext context) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession session = null;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(context.threads());
            options.setInterOpNumThreads(1);
            session = environment.createSession(onnx.toString(), options);
            Set<String> inputs = session.getInputNames();
            if (!inputs.containsAll(Set.of("input", "input_lengths", "scales"))
                    || config.numSpeakers() > 1 && !inputs.contains("sid")) {
                session.close();
                throw new VoiceException(
                        onnx + " is not a Piper voice, or not the one of its .onnx.json");
            }
            return new OrtNetwork(environment, session, inputs.contains("sid"));
        } catch (OrtException e) {
            throw new VoiceException(
                    onnx + " cannot be loaded: it is damaged or no Piper voice; install it again",
                    e);
        }
    }

    @Override
    public Utterance begin(int[] ids, Settings settings) {
        return new Run(ids, settings);
    }

    @Override
    public void close() {
        closed = true;
        life.writeLock().lock();
        try {
            session.close();
        } catch (OrtException e) {
            throw new VoiceException("cannot free the voice: " + e.getMessage(), e);
        } finally {
            life.writeLock().unlock();
        }
    }

    private final class Run implements Utterance {
        private final int[] ids;
        private final Settings settings;
        private final OrtSession.RunOptions options;
        private boolean done;
        private boolean freed;
        private boolean cancelled;

        Run(int[] ids, Settings settings) {
            this.ids = ids;
            this.settings = settings;
            try {
                options = new OrtSession.RunOptions();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public boolean hasNext() {
            return !done;
        }

        @Override
        public float[] next(int threads) {
            done = true;
            Map<String, OnnxTensor> inputs = new HashMap<>();
            life.readLock().lock();
            try {
                if (closed || cancelled()) {
                    throw new SpeechCancelledException("the speech was cancelled");
                }
                LongBuffer input = direct(8 * ids.length).asLongBuffer();
                for (int i = 0; i < ids.length; i++) {
                    input.put(i, ids[i]);
                }
                FloatBuffer scales = direct(12).asFloatBuffer();
                scales.put(0, settings.noiseScale());
                scales.put(1, settings.lengthScale());
                scales.put(2, settings.noiseWidth());
                inputs.put(
                        "input",
                        OnnxTensor.createTensor(environment, input, new long[] {1, ids.length}));
                inputs.put("input_lengths", scalar(ids.length));
                inputs.put("scales", OnnxTensor.createTensor(environment, scales, new long[] {3}));
                if (takesSpeaker) {
                    inputs.put("sid", scalar(settings.speaker()));
                }
                try (OrtSession.Result result = session.run(inputs, options)) {
                    FloatBuffer audio = ((OnnxTensor) result.get(0)).getFloatBuffer();
                    float[] samples = new float[audio.remaining()];
                    audio.get(samples);
                    return samples;
                }
            } catch (OrtException e) {
                if (closed || cancelled()) {
                    throw new SpeechCancelledException("the speech was cancelled", e);
                }
                throw new VoiceException(
                        "the voice cannot speak this sentence: " + firstLine(e), e);
            } finally {
                life.readLock().unlock();
                inputs.values().forEach(OnnxTensor::close);
            }
        }

        private OnnxTensor scalar(long value) throws OrtException {
            return OnnxTensor.createTensor(
                    environment, direct(8).asLongBuffer().put(0, value), new long[] {1});
        }

        private synchronized boolean cancelled() {
            return cancelled;
        }

        @Override
        public synchronized void cancel() {
            cancelled = true;
            if (!freed) {
                try {
                    options.setTerminate(true);
                } catch (OrtException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        /** Called by whoever ran it, so no run is under way. */
        @Override
        public synchronized void close() {
            cancelled = true;
            if (!freed) {
                freed = true;
                options.close();
            }
        }
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private static String firstLine(OrtException e) {
        String message = e.getMessage();
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
