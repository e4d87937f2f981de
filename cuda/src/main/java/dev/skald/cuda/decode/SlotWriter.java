package dev.skald.cuda.decode;

import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.decode.SamplerSettings;

/** Makes a {@code T3Slot}, whose fields it names by their places, in integers. */
final class SlotWriter {
    private static final int OWN = 0;
    private static final int PREFIX = 4;
    private static final int SPOKEN = 6;
    private static final int RING = 8;
    private static final int SEED = 12;
    private static final int STREAM = 14;
    private static final int RING_MASK = 15;
    private static final int PREFIX_ROWS = 16;
    private static final int CAPACITY = 17;
    private static final int POSITION = 18;
    private static final int STATE = 21;
    private static final int LIMIT = 22;
    private static final int STOP = 23;
    private static final int GUIDED = 24;
    private static final int FORGET = 25;
    private static final int GUIDANCE = 26;
    private static final int TEMPERATURE = 27;
    private static final int MIN_P = 28;
    private static final int CUT = 29;
    private static final int PENALTY = 30;
    private static final int TOP_K = 31;
    private static final int ACTIVE = 1;

    private final int[] slot = new int[StepKernels.SLOT / Integer.BYTES];

    private SlotWriter put(int at, long value) {
        slot[at] = (int) value;
        slot[at + 1] = (int) (value >>> 32);
        return this;
    }

    private SlotWriter put(int at, double value) {
        slot[at] = Float.floatToRawIntBits((float) value);
        return this;
    }

    /** Where keys and values of both branches go. */
    SlotWriter cache(long conditional, long unconditional, int capacity) {
        slot[CAPACITY] = capacity;
        return put(OWN, conditional).put(OWN + 2, unconditional);
    }

    SlotWriter prefix(long address, int rows) {
        slot[PREFIX_ROWS] = rows;
        slot[POSITION] = rows;
        return put(PREFIX, address);
    }

    SlotWriter spoken(long history, long ring) {
        slot[RING_MASK] = Sequence.RING - 1;
        return put(SPOKEN, history).put(RING, ring);
    }

    SlotWriter random(long seed, int stream) {
        slot[STREAM] = stream;
        return put(SEED, seed);
    }

    /**
     * @param limit most draws
     * @param forgets whether the history is cleared after the first
     */
    SlotWriter draws(int limit, int stop, boolean guided, boolean forgets) {
        slot[LIMIT] = limit;
        slot[STOP] = stop;
        slot[GUIDED] = guided ? 1 : 0;
        slot[FORGET] = forgets ? 1 : 0;
        slot[STATE] = ACTIVE;
        return this;
    }

    SlotWriter settings(SamplerSettings s, boolean llama) {
        slot[TOP_K] = s.topK();
        boolean leaves = !llama && s.temperature() <= 0;
        return put(GUIDANCE, s.cfgWeight())
                .put(TEMPERATURE, leaves ? 1 : s.temperature())
                .put(MIN_P, s.minP())
                .put(CUT, 1 - s.topP())
                .put(PENALTY, s.repetitionPenalty());
    }

    void write(Stream stream, long to) {
        stream.upload(slot, to);
    }
}
