package dev.skald.cli;

import dev.skald.Skald;
import dev.skald.tensor.Backends;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    private static final List<String> COMMANDS =
            List.of(
                    "speak",
                    "demo",
                    "voices",
                    "convert",
                    "text",
                    "doctor",
                    "bench",
                    "completion",
                    "dev");

    @Mixin GlobalOptions globals = new GlobalOptions();

    final Io io;
    private @Nullable CommandSpec spec;

    Main(Io io) {
        this.io = io;
    }

    /** Commands that are going to compute: their kernels are compiled from the first moment. */
    private static final List<String> SPEAKING = List.of("speak", "demo", "convert", "bench");

    /** The process. */
    public static void main(String[] args) {
        if (args.length > 0 && SPEAKING.contains(args[0])) {
            Backends.prepare();
        }
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

    /**
     * Each command is made only when it is named: a short utterance does not pay for the others.
     */
    private @Nullable Object command(String name) {
        return switch (name) {
            case "speak" -> new SpeakCommand(this);
            case "demo" -> new DemoCommand(this);
            case "voices" -> new VoicesCommand(this);
            case "convert" -> new ConvertCommand(this);
            case "text" -> new TextCommand(this);
            case "doctor" -> new DoctorCommand(this);
            case "bench" -> new BenchCommand(this);
            case "completion" -> new CompletionCommand(this);
            case "dev" -> new DevCommand(this);
            default -> null;
        };
    }

    /** The command line of everything, for help and completion. */
    CommandLine complete() {
        CommandLine root = bare();
        for (String name : COMMANDS) {
            root.addSubcommand(name, command(name));
        }
        return finish(root);
    }

    private CommandLine commandLine(String... args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            return finish(bare());
        }
        Object command = args.length == 0 ? null : command(args[0]);
        if (command == null) {
            return complete();
        }
        CommandLine root = bare();
        root.addSubcommand(args[0], command);
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
