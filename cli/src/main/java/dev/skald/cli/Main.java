package dev.skald.cli;

import dev.skald.Skald;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The root command. */
@Command(
        name = "skald",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Local neural speech: text in, a voice out.",
        footer = {
            "",
            "Examples:",
            "  skald speak \"Hello from Skald.\" -o hello.wav",
            "  skald speak -f book.txt -o book.wav --speed 1.1",
            "  echo Hello | skald speak -o - | aplay",
            ""
        })
public final class Main implements Runnable {
    /** Each command is made only when it is named. */
    private static final Map<String, Function<Main, Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("speak", SpeakCommand::new);
        COMMANDS.put("demo", DemoCommand::new);
        COMMANDS.put("voices", VoicesCommand::new);
        COMMANDS.put("convert", ConvertCommand::new);
        COMMANDS.put("text", TextCommand::new);
        COMMANDS.put("doctor", DoctorCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
        COMMANDS.put("dev", DevCommand::new);
    }

    @Mixin GlobalOptions globals = new GlobalOptions();

    final Io io;
    private @Nullable CommandSpec spec;

    Main(Io io) {
        this.io = io;
    }

    /** The process. */
    public static void main(String[] args) {
        OutputStream err = Launch.standardError();
        int code =
                run(
                        Io.of(
                                new FileInputStream(FileDescriptor.in),
                                new FileOutputStream(FileDescriptor.out),
                                err,
                                Launch.terminal("in"),
                                Launch.terminal("err")),
                        args);
        Interrupts.finished();
        System.exit(code);
    }

    /** One run, in this process: what {@link #main} does between start and exit. */
    static int run(Io io, String... args) {
        Main main = new Main(io);
        try {
            int code = main.commandLine(args).execute(args);
            io.out().flush();
            if (io.out().checkError()) {
                throw new IOException("cannot write to the standard output");
            }
            return code;
        } catch (Throwable error) {
            return main.fail(error);
        }
    }

    /** The command line of everything, for help and completion. */
    CommandLine complete() {
        CommandLine root = bare();
        COMMANDS.forEach((name, make) -> root.addSubcommand(name, make.apply(this)));
        return finish(root);
    }

    private CommandLine commandLine(String... args) {
        Function<Main, Object> make = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (make == null) {
            return complete();
        }
        CommandLine root = bare();
        root.addSubcommand(args[0], make.apply(this));
        return finish(root);
    }

    private CommandLine bare() {
        CommandLine root = new CommandLine(this);
        spec = root.getCommandSpec();
        return root;
    }

    private CommandLine finish(CommandLine root) {
        root.setOut(new PrintWriter(io.out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(io.err(), true, StandardCharsets.UTF_8));
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setParameterExceptionHandler(
                (error, args) -> {
                    messages().error(error.getMessage() + hint(error.getCommandLine()));
                    return ExitCode.USAGE.number;
                });
        root.setExecutionExceptionHandler((error, command, parsed) -> fail(error));
        root.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n");
        root.getCommandSpec().usageMessage().exitCodeList(ExitCode.help());
        return root;
    }

    private static String hint(CommandLine command) {
        return " (" + command.getCommandSpec().qualifiedName() + " --help)";
    }

    Messages messages() {
        return new Messages(io.err(), globals);
    }

    /** Opens the library with what the command line says of it. */
    Skald open() {
        if (globals.debug) {
            StderrLoggerFinder.threshold(System.Logger.Level.DEBUG);
        }
        return globals.open(messages());
    }

    private int fail(Throwable error) {
        Failure failure = Failure.of(error);
        messages().error(failure.line());
        if (globals.debug) {
            error.printStackTrace(new PrintStream(io.err(), true, StandardCharsets.UTF_8));
        }
        return failure.code().number;
    }

    /** {@code skald} alone shows its help. */
    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(io.out());
        }
    }
}
