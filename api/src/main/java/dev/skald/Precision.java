package dev.skald;

import java.util.Locale;

/** How the weights of a model are kept. A model that has but one form keeps that. */
public enum Precision {
    /** What suits the model and the device. */
    AUTO,
    FP32,
    /** bfloat16: half the bytes of fp32. */
    BF16,
    /** 8-bit integers: a quarter of the bytes of fp32. */
    INT8;

    /** The precision of that name, in any letter case. Throws {@link InvalidRequestException}. */
    public static Precision of(String name) {
        for (Precision precision : values()) {
            if (precision.toString().equals(name.strip().toLowerCase(Locale.ROOT))) {
                return precision;
            }
        }
        throw new InvalidRequestException(
                "unknown precision '" + name + "': use auto, fp32, bf16 or int8");
    }

    /** The name as it is written on the command line: {@code auto}, {@code fp32} ... */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
