package dev.skald.tensor;

import java.util.Arrays;

/**
 * A weight file that is damaged, or not of the network asked for. One line that names the tensor.
 */
public class WeightException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 1000;

    /** Names in it come from files: what is not printable is shown as {@code ?}. */
    public WeightException(String message) {
        super(oneLine(message));
    }

    private static String oneLine(String message) {
        StringBuilder line = new StringBuilder();
        message.codePoints()
                .limit(LONGEST)
                .forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return line.toString();
    }

    /** Never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    static WeightException notFinite(String name, long index) {
        return new WeightException(
                "tensor '" + name + "' is not finite at index " + index + ": the file is damaged");
    }

    static WeightException shape(String name, int[] found, int[] expected) {
        return shape(name, found, Arrays.toString(expected));
    }

    /** A tensor of another shape than {@code expected} says. */
    public static WeightException shape(String name, int[] found, String expected) {
        return new WeightException(
                "tensor '"
                        + name
                        + "' has shape "
                        + Arrays.toString(found)
                        + " where "
                        + expected
                        + " is expected");
    }
}
