package dev.skald.cli.doctor;

import java.util.Locale;

/**
 * One line of {@code skald doctor}.
 *
 * @param section what it belongs to: machine, engines ...
 * @param name what was looked at
 * @param state how it is
 * @param detail the value, or why it is so and what to do
 */
record Finding(String section, String name, State state, String detail) {
    /** How it is. */
    enum State {
        /** A fact. */
        INFO("  "),
        /** Works, or is on. */
        OK("ok"),
        /** An optimisation that is off, or something missing that can be done without. */
        OFF("--"),
        /** Skald cannot work like this. */
        BAD("!!");

        final String mark;

        State(String mark) {
            this.mark = mark;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Finding info(String section, String name, String detail) {
        return new Finding(section, name, State.INFO, detail);
    }

    static Finding of(String section, String name, boolean on, String detail) {
        return new Finding(section, name, on ? State.OK : State.OFF, detail);
    }

    static Finding bad(String section, String name, String detail) {
        return new Finding(section, name, State.BAD, detail);
    }
}
