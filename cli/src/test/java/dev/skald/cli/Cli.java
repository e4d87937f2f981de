package dev.skald.cli;

import dev.skald.cli.console.Io;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs the command in this process. */
public final class Cli {
    private InputStream in = InputStream.nullInputStream();
    private boolean terminal;

    /**
     * What came of it.
     *
     * @param code the exit code
     * @param bytes the standard output
     * @param err the error stream
     */
    public record Result(int code, byte[] bytes, String err) {
        public String out() {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        /** The error stream's lines. */
        public List<String> lines() {
            return err.lines().toList();
        }
    }

    public static Cli in(String text) {
        return in(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    public static Cli in(InputStream in) {
        Cli cli = new Cli();
        cli.in = in;
        return cli;
    }

    public static Cli terminal() {
        Cli cli = new Cli();
        cli.terminal = true;
        return cli;
    }

    public static Result run(String... args) {
        return new Cli().with(args);
    }

    public Result with(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return with(out, out, args);
    }

    /** With a standard output of its own. */
    public Result onto(OutputStream out, String... args) {
        return with(out, new ByteArrayOutputStream(), args);
    }

    private Result with(OutputStream out, ByteArrayOutputStream kept, String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<String> all = new ArrayList<>(List.of(args));
        int code = Main.run(Io.of(in, out, err, terminal, terminal), all.toArray(String[]::new));
        return new Result(code, kept.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }
}
