package dev.skald.text.words;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Currencies by symbol or code, out of {@code currencies-en.tsv}. */
public final class Currencies {
    private static final int LONGEST = 4;

    private static final class Table {
        private static final Map<String, String[]> ROWS = Resources.table("currencies-en.tsv");
    }

    /**
     * A currency found.
     *
     * @param one its name for one
     * @param many its name for any other amount
     * @param cent a hundredth of it; "-" if it has none
     * @param cents hundredths of it
     * @param end where the symbol ends
     */
    public record Currency(String one, String many, String cent, String cents, int end) {}

    private Currencies() {}

    /** The currency whose symbol or code stands at {@code i}; null if none does. */
    public static @Nullable Currency at(String text, int i) {
        for (int n = Math.min(LONGEST, text.length() - i); n > 0; n--) {
            String symbol = text.substring(i, i + n);
            char last = symbol.charAt(n - 1);
            boolean code = Character.isLetter(last);
            if (code && Character.isLetter(Words.at(text, i + n))) {
                continue;
            }
            String[] row = Table.ROWS.get(symbol);
            if (row != null) {
                return new Currency(row[1], row[2], row[3], row[4], i + n);
            }
        }
        return null;
    }

    /** Whether {@code c} is a currency symbol. */
    public static boolean symbol(char c) {
        return c == '$' || (c > 0x7F && Character.getType(c) == Character.CURRENCY_SYMBOL);
    }
}
