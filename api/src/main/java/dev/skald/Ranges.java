package dev.skald;

import java.util.Locale;

/** Checks of settings. */
final class Ranges {
    private Ranges() {}

    /** The value, if it lies in the range. Throws {@link InvalidRequestException}. */
    static double check(String name, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new InvalidRequestException(
                    String.format(
                            Locale.ROOT,
                            "%s must lie between %s and %s, not %s",
                            name,
                            plain(low),
                            plain(high),
                            plain(value)));
        }
        return value;
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
