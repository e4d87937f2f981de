package dev.skald;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What makes speech fast or keeps it right, each with a switch: {@code Skald.builder().without},
 * {@code skald speak --without}. With one off, the plain way is taken, so that it can be measured
 * what the other buys.
 */
public enum Optimisation {
    MIXED_PRECISION(
            "fp16 operands with fp32 sums; without: fp32 throughout",
            "it computes in fp32; what it keeps in fewer bits is bf16"),
    GRAPHS(
            "launches are recorded after the first run, over shapes padded to fixed sizes, and"
                    + " replayed as one; without: each launch by itself, shapes as they come",
            "it launches nothing"),
    FUSED_ATTENTION(
            "scores never leave the chip; without: a product, a softmax and a product, each through"
                    + " memory, in fp32",
            ""),
    PRELOADED("a model is loaded once and kept; without: for each request", ""),
    PINNED(
            "copies go through page-locked memory beside the work; without: through ordinary memory,"
                    + " one after the other",
            "it copies to no device"),
    CORES("one thread a physical core; without: one thread", ""),
    FUSED_KERNELS(
            "a norm, an activation, a residual are part of the product beside them; without: ops of"
                    + " their own",
            ""),
    INFERENCE_ONLY("nothing but inference: there are no gradients to switch off", ""),
    POOL("memory is kept for the next tensor; without: allocated and freed for each", ""),
    BATCHED_TEXT(
            "all tokens of a text go to the device in one transfer, and sentences of several requests"
                    + " through a Piper voice as one batch; without: one each",
            "it transfers nothing"),
    BF16("streamed weights are kept in 16 bits or fewer; without: in fp32", ""),
    FALLBACKS(
            "a missing model, a failing device or too little memory is got round; without: the first"
                    + " failure ends the request",
            ""),
    VALIDATION("audio is checked before it is given out; without: it is not", "");

    private final String what;
    private final String notOnCpu;

    Optimisation(String what, String notOnCpu) {
        this.what = what;
        this.notOnCpu = notOnCpu;
    }

    /** What it does, and what is done without it. */
    public String what() {
        return what;
    }

    /** Why it has no meaning on a CPU; empty if it has one. */
    public Optional<String> notOnCpu() {
        return notOnCpu.isEmpty() ? Optional.empty() : Optional.of(notOnCpu);
    }

    /** Whether there is another way. */
    public boolean canBeOff() {
        return this != INFERENCE_ONLY;
    }

    /** All that can be off. */
    public static Set<Optimisation> switchable() {
        return EnumSet.complementOf(EnumSet.of(INFERENCE_ONLY));
    }

    /**
     * Those of a list of names between commas, in any letter case; {@code all} is all that can be
     * off. Throws {@link InvalidRequestException} in one line that lists the names.
     */
    public static Set<Optimisation> parse(String names) {
        Set<Optimisation> set = EnumSet.noneOf(Optimisation.class);
        for (String name : names.split(",")) {
            String wanted = name.strip().toLowerCase(Locale.ROOT);
            if (wanted.equals("all")) {
                set.addAll(switchable());
            } else if (!wanted.isEmpty()) {
                set.add(named(wanted));
            }
        }
        return set;
    }

    private static Optimisation named(String name) {
        for (Optimisation o : values()) {
            if (o.toString().equals(name)) {
                if (!o.canBeOff()) {
                    throw new InvalidRequestException(
                            name + " cannot be switched off: there is nothing but inference here");
                }
                return o;
            }
        }
        throw new InvalidRequestException(
                "there is no optimisation '"
                        + name
                        + "': "
                        + Arrays.stream(values())
                                .filter(Optimisation::canBeOff)
                                .map(Optimisation::toString)
                                .collect(Collectors.joining(", "))
                        + ", or all");
    }

    /** The name as it is written on the command line: {@code fused-attention}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
