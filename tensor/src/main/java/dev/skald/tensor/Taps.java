package dev.skald.tensor;

/**
 * Where a model shows its intermediate values, by name, to whoever compares them with a reference.
 * A tap looks at a value while it lives; {@link #NONE} looks at nothing and costs nothing.
 */
public interface Taps {
    Taps NONE =
            new Taps() {
                @Override
                public void tap(String name, Ops ops, Tensor value) {}

                @Override
                public void tap(String name, float[] value, int... shape) {}

                @Override
                public boolean on() {
                    return false;
                }
            };

    /** A value where the ops run. */
    void tap(String name, Ops ops, Tensor value);

    /** A value of the host, row-major. */
    void tap(String name, float[] value, int... shape);

    /** Whether anybody looks; a model need not make a value that exists for the tap alone. */
    default boolean on() {
        return true;
    }

    /** The same taps with {@code prefix} before every name. */
    default Taps under(String prefix) {
        if (!on()) {
            return this;
        }
        Taps outer = this;
        return new Taps() {
            @Override
            public void tap(String name, Ops ops, Tensor value) {
                outer.tap(prefix + name, ops, value);
            }

            @Override
            public void tap(String name, float[] value, int... shape) {
                outer.tap(prefix + name, value, shape);
            }
        };
    }
}
