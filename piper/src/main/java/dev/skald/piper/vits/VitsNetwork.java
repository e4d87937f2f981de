package dev.skald.piper.vits;

import dev.skald.InvalidRequestException;
import dev.skald.Optimisation;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.engine.OutputGain;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A Piper voice on Skald's own runtime. The same ids, settings and seed give the same audio however
 * many threads compute it, and whatever else is spoken; its windows are those of {@link
 * VitsUtterance}.
 */
public final class VitsNetwork implements PiperNetwork {
    /** A sentence of a Piper voice is spoken before a GPU has begun: {@code auto} is the CPU. */
    public static final Predicate<BackendProvider> AUTO = p -> p.kind().equals("cpu");

    private final Vits vits;
    private final Devices.Lease device;
    private final Parameters parameters;
    private final Backend backend;
    private final VoiceGain gain;
    private final VitsRecordings recordings;
    private final @Nullable VitsBatch batch;

    /** Memory of utterances that have ended, for the next ones. */
    private final ConcurrentLinkedQueue<Ops> idle = new ConcurrentLinkedQueue<>();

    /** Held for reading by whoever computes: the weights must outlive it. */
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

    private volatile boolean closed;
    private final Map<Stage, Meter> meters = new EnumMap<>(Stage.class);

    private record Meter(LongAdder nanos, LongAdder operations) {
        Meter() {
            this(new LongAdder(), new LongAdder());
        }
    }

    private VitsNetwork(Devices.Lease device, Parameters parameters, Vits vits, VoiceGain gain) {
        this.device = device;
        this.parameters = parameters;
        backend = device.backend();
        this.vits = vits;
        this.gain = gain;
        recordings = new VitsRecordings(this, vits);
        boolean together = backend.quick() && backend.uses(Optimisation.BATCHED_TEXT);
        batch = together ? VitsBatch.of(this, backend) : null;
        for (Stage stage : Stage.ALL) {
            meters.put(stage, new Meter());
        }
    }

    /** The {@link PiperNetwork.Loader}: reads the published file. */
    public static VitsNetwork load(Path onnx, PiperVoiceConfig config, EngineContext context) {
        try (Arena arena = Arena.ofShared();
                FileChannel file = FileChannel.open(onnx)) {
            MemorySegment memory = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            Checkpoint checkpoint = OnnxVoice.of(OnnxFile.parse(memory));
            Path cache = context.home().resolve("cache");
            return of(checkpoint, config, context, VoiceGain.cached(onnx, config, cache));
        } catch (WeightException e) {
            throw new VoiceException(onnx + " cannot be loaded: " + e.getMessage(), e);
        } catch (InternalError e) {
            // What reading a mapping gives where the file has been cut since.
            throw new VoiceException(
                    onnx + " has become shorter while it was loaded: install it again", e);
        } catch (IOException e) {
            throw new VoiceException(onnx + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** A network of a checkpoint on the device that the context names. */
    static VitsNetwork of(
            Checkpoint checkpoint, PiperVoiceConfig config, EngineContext context, VoiceGain gain) {
        int threads = context.threads();
        Devices.Lease device = Devices.open(context, AUTO);
        Parameters parameters = device.backend().parameters();
        try {
            Vits vits = parameters.load(() -> Vits.load(parameters, checkpoint, threads));
            check(vits, config);
            return new VitsNetwork(device, parameters, vits, gain);
        } catch (IllegalArgumentException | ArithmeticException e) {
            parameters.close();
            device.close();
            throw new WeightException("not a Piper network: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            parameters.close();
            device.close();
            throw e;
        }
    }

    private static void check(Vits vits, PiperVoiceConfig config) {
        int symbols = vits.encoder().embedding().entries();
        int speakers = vits.speakers() == null ? 1 : vits.speakers().entries();
        if (config.numSymbols() > symbols) {
            throw new WeightException(
                    "it knows " + symbols + " symbols and its .onnx.json " + config.numSymbols());
        }
        if (config.numSpeakers() > speakers) {
            throw new WeightException(
                    "it has " + speakers + " speakers and its .onnx.json " + config.numSpeakers());
        }
    }

    @Override
    public Utterance begin(int[] ids, Settings settings) {
        int[] windows = settings.awaited() ? VitsUtterance.WINDOWS : VitsUtterance.LARGE;
        return begin(ids, settings, Taps.NONE, backend.quick() ? VitsUtterance.RECORDED : windows);
    }

    @Override
    public Utterance begin(int[] ids, Settings settings, Object speech) {
        if (batch == null) {
            return begin(ids, settings);
        }
        check(ids, settings);
        return new VitsUtterance(
                this, ids.clone(), settings, Taps.NONE, VitsUtterance.RECORDED, batch, speech);
    }

    /** With taps and with windows of those sizes in frames, the last for all that follow. */
    VitsUtterance begin(int[] ids, Settings settings, Taps taps, int... windows) {
        check(ids, settings);
        return new VitsUtterance(this, ids.clone(), settings, taps, windows);
    }

    private void check(int[] ids, Settings settings) {
        int symbols = vits.encoder().embedding().entries();
        for (int id : ids) {
            if (id < 0 || id >= symbols) {
                throw new InvalidRequestException(
                        "phoneme id " + id + " is not one of the voice's " + symbols);
            }
        }
        int speakers = vits.speakers() == null ? 1 : vits.speakers().entries();
        if (settings.speaker() < 0 || settings.speaker() >= speakers) {
            throw new InvalidRequestException(
                    "speaker " + settings.speaker() + " is not one of the voice's " + speakers);
        }
    }

    /**
     * One gain for the voice, whatever the sentence: its windows are heard before its peak is
     * known. See {@link VoiceGain}.
     */
    @Override
    public OutputGain outputGain(float volume) {
        return gain.outputGain(this, volume);
    }

    /** Samples of one frame. */
    int hop() {
        return vits.decoder().hop();
    }

    Vits vits() {
        return vits;
    }

    VitsRecordings recordings() {
        return recordings;
    }

    /** Computes while the weights live. */
    <T extends @Nullable Object> T running(Supplier<T> work) {
        life.readLock().lock();
        try {
            if (closed) {
                throw new SpeechCancelledException("the voice was closed");
            }
            return work.get();
        } finally {
            life.readLock().unlock();
        }
    }

    Ops take() {
        Ops ops = idle.poll();
        return ops != null ? ops : backend.open();
    }

    void give(Ops ops) {
        if (closed) {
            ops.close();
        } else {
            idle.add(ops);
        }
    }

    <T extends @Nullable Object> T timed(Stage stage, long operations, Supplier<T> work) {
        long start = System.nanoTime();
        T result = work.get();
        Meter meter = meters.get(stage);
        if (meter != null) {
            meter.nanos.add(System.nanoTime() - start);
            meter.operations.add(operations);
        }
        return result;
    }

    /**
     * Where the time went since the network was loaded or this was last called.
     *
     * @return name of a stage to its time and work: encoder, durations, flow, decoder
     */
    public Map<String, Work> takeProfile() {
        Map<String, Work> profile = new LinkedHashMap<>();
        meters.forEach(
                (stage, meter) ->
                        profile.put(
                                stage.name().toLowerCase(Locale.ROOT),
                                new Work(
                                        meter.nanos.sumThenReset() * 1e-9,
                                        meter.operations.sumThenReset())));
        return profile;
    }

    /**
     * What one stage did.
     *
     * @param seconds of time that passed, summed over utterances side by side
     * @param operations multiplications and additions the network asks for, without those that
     *     windows repeat
     */
    public record Work(double seconds, long operations) {}

    @Override
    public void close() {
        closed = true;
        life.writeLock().lock();
        try {
            idle.forEach(Ops::close);
            if (batch != null) {
                batch.close();
            }
            parameters.close();
            device.close();
        } finally {
            life.writeLock().unlock();
        }
    }
}
