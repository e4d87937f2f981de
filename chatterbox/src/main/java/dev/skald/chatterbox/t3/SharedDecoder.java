package dev.skald.chatterbox.t3;

import dev.skald.engine.SpeechJob;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The decoder of a loaded model, shared by everything that is spoken with it: one step draws a
 * token for each {@link Sequence}. What the model makes of a voice is kept for a few voices.
 *
 * <p>As a {@link SpeechJob.Batch} it is run by one thread at a time, and so are {@link Sequence}s
 * that join; they may end on any.
 */
public final class SharedDecoder implements SpeechJob.Batch, AutoCloseable {
    /** Sequences that are decoded together, more wait: on a CPU, and where a batch is no dearer. */
    private static final int SLOTS = 8;

    private static final int BATCHED_SLOTS = 64;

    /** Texts that are read between two steps: those that speak already wait meanwhile. */
    private static final int JOINS = 4;

    /** Voices whose keys and values are kept. */
    private static final int VOICES = 4;

    private final T3 model;
    private final BiFunction<Ops, T3Prompt, T3Prefix> prefixes;
    private final Backend device;

    /** Held by whoever computes or changes what follows. */
    private final ReentrantLock computing = new ReentrantLock();

    private final List<Sequence> running = new ArrayList<>();
    private final Map<VoiceKey, Voice> voices = new LinkedHashMap<>(8, 0.75f, true);
    private @Nullable Ops ops;
    private @Nullable TokenDecoder decoder;
    private final Backend.Registration pressure;

    /** Sequences that joined since the last step. */
    private int joined;

    /** Whether the last one to ask found no room; until someone leaves nobody else will. */
    private boolean full;

    /** Sequences that ended while another thread computed. */
    private final Queue<Sequence> leaving = new ConcurrentLinkedQueue<>();

    /** A prompt by its values. */
    private record VoiceKey(List<Float> speaker, List<Integer> tokens, float emotion) {
        static VoiceKey of(T3Prompt prompt) {
            List<Float> speaker = new ArrayList<>();
            for (float v : prompt.speaker()) {
                speaker.add(v);
            }
            return new VoiceKey(
                    speaker,
                    Arrays.stream(prompt.speechTokens()).boxed().toList(),
                    prompt.emotion());
        }
    }

    private static final class Voice {
        final TokenDecoder.Prefix prefix;
        int users;

        Voice(TokenDecoder.Prefix prefix) {
            this.prefix = prefix;
        }
    }

    /**
     * @param prefixes gives what the model makes of a prompt: {@link T3#prefix}, or what was kept
     *     of that
     */
    public SharedDecoder(T3 model, BiFunction<Ops, T3Prompt, T3Prefix> prefixes, Backend device) {
        this.model = model;
        this.prefixes = prefixes;
        this.device = device;
        pressure = device.onPressure(this::trim);
    }

    /** Frees what idle slots keep, if no step runs. */
    private void trim() {
        if (computing.tryLock()) {
            try {
                if (decoder != null) {
                    decoder.trim();
                }
            } finally {
                computing.unlock();
            }
        }
    }

    /** Follows what a text's tokens attend to, on an op stream of the caller's. */
    public TextAttention attention(Ops on, T3Prompt prompt, int[] text, int limit) {
        try (T3Prefix prefix = prefixes.apply(on, prompt)) {
            return new TextAttention(model, on, prefix, text, limit);
        }
    }

    @Override
    public boolean light() {
        return device.quick(); // then sound is made by another batch
    }

    /** Draws the next token of every sequence that has joined. */
    @Override
    public void run() {
        computing.lock();
        try {
            letLeave();
            joined = 0;
            if (running.isEmpty() || decoder == null) {
                return;
            }
            long start = System.nanoTime();
            decoder.step();
            long each = (System.nanoTime() - start) / running.size();
            for (Sequence sequence : List.copyOf(running)) {
                take(decoder, sequence, each);
            }
        } finally {
            computing.unlock();
        }
    }

    private void take(TokenDecoder from, Sequence sequence, long nanos) {
        int[] tokens = from.poll(sequence.slot);
        boolean last = from.ended(sequence.slot);
        sequence.add(tokens, nanos, last);
        if (last) {
            leave(sequence);
        }
    }

    private void letLeave() {
        for (Sequence gone; (gone = leaving.poll()) != null; ) {
            leave(gone);
        }
    }

    private void leave(Sequence sequence) {
        if (running.remove(sequence) && decoder != null) {
            full = false;
            decoder.leave(sequence.slot);
            Voice voice = sequence.voice;
            if (voice != null) {
                voice.users--;
            }
        }
    }

    /** The keys and values of a voice. */
    private Voice voice(TokenDecoder into, Sequence sequence) {
        VoiceKey key = VoiceKey.of(sequence.prompt);
        Voice known = voices.get(key);
        if (known == null) {
            try (T3Prefix prefix = prefixes.apply(into.ops(), sequence.prompt)) {
                sequence.positions += prefix.computed();
                known = new Voice(into.restore(prefix));
            }
            voices.values()
                    .removeIf(
                            old -> {
                                boolean goes = voices.size() >= VOICES && old.users == 0;
                                if (goes) {
                                    old.prefix.close();
                                }
                                return goes;
                            });
            voices.put(key, known);
        }
        return known;
    }

    /** Frees everything. No sequence may be used any more. */
    @Override
    public void close() {
        pressure.close();
        computing.lock();
        try {
            letLeave();
            voices.values().forEach(v -> v.prefix.close());
            voices.clear();
            if (decoder != null) {
                decoder.close();
                decoder = null;
            }
            if (ops != null) {
                ops.close();
                ops = null;
            }
        } finally {
            computing.unlock();
        }
    }

    /**
     * A text to be decoded. The same seed and stream give the same tokens, whoever else is decoded.
     *
     * @param text token ids, framed where the model wants it
     * @param stream which of the seed's independent streams to draw from
     * @param limit the most tokens
     */
    public Sequence sequence(
            T3Prompt prompt,
            int[] text,
            SamplerSettings settings,
            long seed,
            int stream,
            int limit) {
        return new Sequence(prompt, text, settings, seed, stream, limit);
    }

    /** The tokens of one text. Used by one thread at a time. */
    public final class Sequence implements AutoCloseable {
        /** What {@link #next} gives where no token is there yet. */
        public static final int NONE = -2;

        /** What {@link #next} gives at the end. */
        public static final int END = -1;

        private final T3Prompt prompt;
        private final int[] text;
        private final SamplerSettings settings;
        private final long seed;
        private final int stream;
        private final int limit;

        // Of the decoder.
        private int slot = -1;
        private @Nullable Voice voice;
        private int positions;

        // Guarded by this.
        private int[] tokens = new int[64];
        private int drawn;
        private int taken;
        private boolean complete;
        private long nanos;

        private Sequence(
                T3Prompt prompt,
                int[] text,
                SamplerSettings settings,
                long seed,
                int stream,
                int limit) {
            this.prompt = prompt;
            this.text = text;
            this.settings = settings;
            this.seed = seed;
            this.stream = stream;
            this.limit = limit;
        }

        /** Whether the next token, or the first, waits for the decoder. */
        public synchronized boolean waits() {
            return taken == drawn && !complete;
        }

        /**
         * Reads the prompt if need be and the text, and draws the first token, if a slot is free.
         * Called where {@link SharedDecoder#run} is, until {@link #joined}.
         */
        public void join() {
            computing.lock();
            try {
                letLeave();
                TokenDecoder into = decoder;
                if (into == null) {
                    Ops on = ops == null ? device.openFirst() : ops;
                    ops = on;
                    into = model.decoder(on, device.quick() ? BATCHED_SLOTS : SLOTS);
                    decoder = into;
                }
                if (full || joined == JOINS || running.size() == into.slots()) {
                    return;
                }
                long start = System.nanoTime();
                Voice known = voice(into, this);
                // Without guidance the official code computes the same row twice, or crashes.
                boolean guided =
                        model.config().kind() == DecoderModel.Kind.LLAMA
                                && settings.cfgWeight() > 0;
                int rows = model.textRows(text);
                full = !into.hasRoom(known.prefix, rows, guided, limit);
                if (full) {
                    return;
                }
                positions += rows;
                try (Ops.Scope ignored = into.ops().scope()) {
                    Tensor x = into.ops().tensor(guided ? 2 : 1, rows, model.config().hidden());
                    model.embedText(into.ops(), text, guided, x);
                    slot = into.join(known.prefix, x, settings, seed, stream, limit);
                }
                voice = known;
                known.users++;
                running.add(this);
                joined++;
                take(into, this, System.nanoTime() - start);
            } finally {
                computing.unlock();
            }
        }

        public boolean joined() {
            return slot >= 0;
        }

        private synchronized void add(int[] more, long took, boolean last) {
            if (drawn + more.length > tokens.length) {
                tokens = Arrays.copyOf(tokens, 2 * (drawn + more.length));
            }
            System.arraycopy(more, 0, tokens, drawn, more.length);
            drawn += more.length;
            nanos += took;
            complete = last;
        }

        /** The next token; {@link #NONE} if it is not drawn yet, {@link #END} at the end. */
        public synchronized int next() {
            if (taken < drawn) {
                int token = tokens[taken++];
                return token == T3Config.STOP_SPEECH ? END : token;
            }
            return complete ? END : NONE;
        }

        /** Nanoseconds that drawing took since this was last called: its share of the steps. */
        public synchronized long takeNanos() {
            long took = nanos;
            nanos = 0;
            return took;
        }

        /** Tokens taken so far, the stop token included. */
        public synchronized int count() {
            return taken;
        }

        /** Positions that were computed to draw the first token: prompt if need be, text, start. */
        public int positions() {
            return positions;
        }

        /** Whether the model itself came to an end. */
        public synchronized boolean stopped() {
            return taken > 0 && tokens[taken - 1] == T3Config.STOP_SPEECH;
        }

        /** Leaves the decoder, at the latest before its next step. */
        @Override
        public void close() {
            leaving.add(this);
            if (computing.tryLock()) {
                try {
                    letLeave();
                } finally {
                    computing.unlock();
                }
            }
        }
    }
}
