package dev.skald.cli.console;

/** What the process tells its caller. Part of the interface: numbers never change their meaning. */
public enum ExitCode {
    OK(0, "done"),
    FAILED(1, "something went wrong that has no number of its own; for doctor: not healthy"),
    USAGE(2, "the command line, the text or a value in it is not valid"),
    VOICE(3, "the voice or model is unknown, not installed or damaged"),
    UNAVAILABLE(4, "no engine can speak in the mode asked for"),
    IO(5, "a file or a stream could not be read or written"),
    AUDIO(6, "what was synthesised is not speech; no file was left"),
    MEMORY(7, "not enough memory"),
    CANCELLED(130, "cancelled (Ctrl-C)");

    public final int number;
    public final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    /** Lines for picocli's help: {@code number:meaning}. */
    public static java.util.Map<String, String> help() {
        java.util.Map<String, String> lines = new java.util.LinkedHashMap<>();
        for (ExitCode code : values()) {
            lines.put(" " + code.number, code.meaning);
        }
        return lines;
    }
}
