package dev.skald.tensor.decode;

import dev.skald.tensor.Philox;
import dev.skald.tensor.Taps;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Turns logits into the distribution of the next token, in the official order of each kind:
 *
 * <ul>
 *   <li>Llama: guidance, repetition penalty, temperature, min-p, top-p ({@code T3.inference});
 *   <li>GPT-2: temperature, top-k, top-p, repetition penalty last ({@code T3.inference_turbo}).
 * </ul>
 *
 * The filters follow transformers' {@code logits_process.py}. Not thread-safe.
 */
public final class Sampler {
    private final SamplerSettings settings;
    private final DecoderModel.Kind order;
    private final int vocabulary;
    private final float[] scores;
    private final float[] probabilities;
    private final float[] scratch;
    private final long[] sorted;

    public Sampler(DecoderModel.Kind order, SamplerSettings settings, int vocabulary) {
        this.order = order;
        this.settings = settings;
        this.vocabulary = vocabulary;
        scores = new float[vocabulary];
        probabilities = new float[vocabulary];
        scratch = new float[vocabulary];
        sorted = new long[vocabulary];
    }

    /**
     * The distribution; the array is overwritten by the next call.
     *
     * @param logits (B,V), row-major: conditional, then unconditional if guided
     * @param spoken tokens the repetition penalty looks at
     */
    public float[] distribution(float[] logits, BitSet spoken, Taps taps) {
        if (logits.length == 2 * vocabulary) {
            float weight = (float) settings.cfgWeight();
            for (int i = 0; i < vocabulary; i++) {
                float conditional = logits[i];
                scores[i] = conditional + weight * (conditional - logits[vocabulary + i]);
            }
            taps.tap("after_cfg", scores);
        } else {
            System.arraycopy(logits, 0, scores, 0, vocabulary);
        }
        switch (order) {
            case LLAMA -> {
                penalise(spoken);
                taps.tap("after_penalty", scores);
                temper();
                taps.tap("after_temperature", scores);
                minP();
                taps.tap("after_min_p", scores);
                topP();
                taps.tap("after_top_p", scores);
            }
            case GPT2 -> {
                if (settings.temperature() > 0) {
                    temper();
                    taps.tap("after_temperature", scores);
                }
                if (settings.topK() > 0) {
                    topK();
                    taps.tap("after_top_k", scores);
                }
                if (settings.topP() < 1) {
                    topP();
                    taps.tap("after_top_p", scores);
                }
                penalise(spoken);
                taps.tap("after_penalty", scores);
            }
        }
        softmax();
        return probabilities;
    }

    /** The token at {@code u} in [0, 1) of the cumulative distribution of the last call. */
    public int pick(double u) {
        double total = 0;
        for (float p : probabilities) {
            total += p;
        }
        double target = u * total;
        double sum = 0;
        int last = 0;
        for (int i = 0; i < vocabulary; i++) {
            if (probabilities[i] > 0) {
                sum += probabilities[i];
                last = i;
                if (sum > target) {
                    return i;
                }
            }
        }
        return last;
    }

    /** Draw number {@code step} of a seed. */
    public int draw(long seed, int stream, long step) {
        return pick(Philox.uniform(seed, stream, step));
    }

    private void penalise(BitSet spoken) {
        float penalty = (float) settings.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        for (int i = spoken.nextSetBit(0); i >= 0 && i < vocabulary; i = spoken.nextSetBit(i + 1)) {
            scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
        }
    }

    private void temper() {
        float t = (float) settings.temperature();
        if (t == 1) {
            return;
        }
        for (int i = 0; i < vocabulary; i++) {
            scores[i] /= t;
        }
    }

    private void minP() {
        if (settings.minP() <= 0) {
            return;
        }
        softmax();
        int best = best();
        float min = (float) settings.minP() * probabilities[best];
        for (int i = 0; i < vocabulary; i++) {
            if (probabilities[i] < min && i != best) {
                scores[i] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private void topK() {
        int k = Math.min(settings.topK(), vocabulary);
        System.arraycopy(scores, 0, scratch, 0, vocabulary);
        float min = select(scratch, vocabulary - k);
        for (int i = 0; i < vocabulary; i++) {
            if (scores[i] < min) {
                scores[i] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /**
     * Drops the least likely tokens whose probabilities sum up to 1 - top-p. At 1 this still drops
     * those whose probability is 0 in fp32, as the official code does.
     */
    private void topP() {
        softmax();
        float cut = (float) (1 - settings.topP());
        int best = best();
        if (cut <= 0) {
            for (int i = 0; i < vocabulary; i++) {
                if (probabilities[i] == 0 && i != best) {
                    scores[i] = Float.NEGATIVE_INFINITY;
                }
            }
            return;
        }
        int n = 0;
        for (int i = 0; i < vocabulary; i++) {
            if (scores[i] != Float.NEGATIVE_INFINITY) {
                sorted[n++] = (long) orderable(scores[i]) << 32 | i;
            }
        }
        Arrays.sort(sorted, 0, n);
        double sum = 0;
        for (int k = 0; k < n - 1; k++) {
            int i = (int) sorted[k];
            sum += probabilities[i];
            if ((float) sum > cut) {
                return;
            }
            scores[i] = Float.NEGATIVE_INFINITY;
        }
    }

    /** An int that orders as the float does. */
    private static int orderable(float v) {
        int bits = Float.floatToIntBits(v);
        return bits ^ (bits >> 31 & 0x7fffffff);
    }

    private void softmax() {
        float max = scores[best()];
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            float s = scores[i];
            float e = s == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp(s - max);
            probabilities[i] = e;
            sum += e;
        }
        float total = (float) sum;
        for (int i = 0; i < vocabulary; i++) {
            probabilities[i] /= total;
        }
    }

    private int best() {
        int best = 0;
        for (int i = 1; i < vocabulary; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    /** The value that would lie at {@code index} of the sorted array; reorders it. */
    private static float select(float[] a, int index) {
        int low = 0;
        int high = a.length - 1;
        while (low < high) {
            float pivot = a[(low + high) >>> 1];
            int i = low;
            int j = high;
            while (i <= j) {
                while (a[i] < pivot) {
                    i++;
                }
                while (a[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    float t = a[i];
                    a[i++] = a[j];
                    a[j--] = t;
                }
            }
            if (index <= j) {
                high = j;
            } else if (index >= i) {
                low = i;
            } else {
                break;
            }
        }
        return a[index];
    }
}
