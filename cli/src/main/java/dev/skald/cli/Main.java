package dev.skald.cli;

import dev.skald.cli.bench.BenchCommand;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Failure;
import dev.skald.cli.console.GlobalOptions;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Io;
import dev.skald.cli.console.Version;
import dev.skald.cli.doctor.DoctorCommand;
import dev.skald.cli.launch.Launch;
import dev.skald.cli.launch.VectorJar;
import dev.skald.cli.mcp.McpCommand;
import dev.skald.cli.serve.ServeCommand;
import dev.skald.cli.speak.ConvertCommand;
import dev.skald.cli.speak.DemoCommand;
import dev.skald.cli.speak.SpeakCommand;
import dev.skald.cli.speak.TextCommand;
import dev.skald.cli.voices.VoicesCommand;
import dev.skald.tensor.Devices;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
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
                    "serve",
                    "mcp",
                    "text",
                    "doctor",
                    "bench",
                    "completion",
                    "dev");

    @Mixin final GlobalOptions globals = new GlobalOptions();

    private final Console console;
    private @Nullable CommandSpec spec;

    Main(Io io) {
        console = new Console(io, globals);
    }

    /** Commands that are going to compute: their kernels are compiled from the first moment. */
    private static final List<String> SPEAKING =
            List.of("speak", "demo", "convert", "serve", "mcp", "bench");

    /** The process. */
    public static void main(String[] args) {
        Io io =
                Io.of(
                        new FileInputStream(FileDescriptor.in),
                        new FileOutputStream(FileDescriptor.out),
                        new FileOutputStream(FileDescriptor.err),
                        Launch.terminal("in"),
                        Launch.terminal("err"));
        System.setErr(io.err());
        if (args.length > 0 && SPEAKING.contains(args[0]) && !remote(args)) {
            if (VectorJar.damaged()) {
                System.exit(again(io));
            }
            Devices.prepare();
        }
        int code = run(io, args);
        Interrupts.finished();
        System.exit(code);
    }

    /** Whether a server speaks: nothing is computed here. */
    private static boolean remote(String... args) {
        String server = System.getenv("SKALD_SERVER");
        boolean speaks = args[0].equals("speak");
        for (String arg : args) {
            if (speaks && (arg.equals("--server") || arg.startsWith("--server="))) {
                return true;
            }
        }
        return speaks && server != null && !server.isBlank();
    }

    private static int again(Io io) {
        try {
            return VectorJar.runAgain();
        } catch (IOException e) {
            return new Main(io).fail(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.CANCELLED.number;
        }
    }

    /** One run, in this process: what {@link #main} does between start and exit. */
    static int run(Io io, String... args) {
        Main main = new Main(io);
        if (args.length > 0 && args[0].equals("help")) {
            return run(io, args.length > 1 ? args[1] : "--help", "--help");
        }
        for (String arg : args) {
            if (arg.indexOf('\uFFFD') >= 0) {
                main.console
                        .messages()
                        .error(
                                "an argument has letters that this locale does not know: set"
                                        + " LC_ALL=C.UTF-8 (or any UTF-8 locale that is installed)");
                return ExitCode.USAGE.number;
            }
        }
        try {
            RemoteLine remote = RemoteLine.of(System.getenv("SKALD_SERVER"), args);
            if (remote != null) {
                main.globals.quiet = remote.quiet();
                remote.speak(main.console);
                return ExitCode.OK.number;
            }
            int code = main.commandLine(args).execute(args);
            io.out().flush();
            if (io.out().checkError()) {
                // The stream keeps no reason: asked again, it tells it.
                io.raw().write('\n');
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
            case "speak" -> new SpeakCommand(console);
            case "demo" -> new DemoCommand(console);
            case "voices" -> VoicesCommand.of(console);
            case "convert" -> new ConvertCommand(console);
            case "serve" -> new ServeCommand(console);
            case "mcp" -> new McpCommand(console);
            case "text" -> new TextCommand(console);
            case "doctor" -> new DoctorCommand(console);
            case "bench" -> new BenchCommand(console);
            case "completion" -> new CompletionCommand(this, console);
            case "dev" -> new DevCommand(console);
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
        root.setOut(new PrintWriter(console.io().out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(console.io().err(), true, StandardCharsets.UTF_8));
        root.setCaseInsensitiveEnumValuesAllowed(true);
        // Given before and after the command's name, an option is given all the same.
        root.setOverwrittenOptionsAllowed(true);
        root.setToggleBooleanFlags(false);
        root.setParameterExceptionHandler(
                (error, args) -> {
                    console.messages().error(told(error, args));
                    return ExitCode.USAGE.number;
                });
        root.setExecutionExceptionHandler((error, command, parsed) -> fail(error));
        root.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n");
        root.getCommandSpec().usageMessage().exitCodeList(ExitCode.help());
        return root;
    }

    private static String told(CommandLine.ParameterException error, String... args) {
        CommandLine command = error.getCommandLine();
        if (command.getParent() == null && args.length > 0 && !args[0].startsWith("-")) {
            return "there is no command '"
                    + args[0]
                    + "': to hear a text, skald speak \"TEXT\" --play (or -o FILE); the commands are "
                    + String.join(", ", COMMANDS);
        }
        return error.getMessage() + " (" + command.getCommandSpec().qualifiedName() + " --help)";
    }

    private int fail(Throwable error) {
        Failure failure = Failure.of(error);
        if (!brokenPipe(error)) {
            console.messages().error(failure.line());
        }
        if (globals.debug) {
            error.printStackTrace(
                    new PrintStream(console.io().err(), true, StandardCharsets.UTF_8));
        }
        return failure.code().number;
    }

    /** Who reads wants no more, {@code head} say: nothing to complain of. */
    private static boolean brokenPipe(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof IOException && "Broken pipe".equals(at.getMessage())) {
                return true;
            }
        }
        return false;
    }

    /** {@code skald} alone shows its help. */
    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(console.io().out());
        }
    }
}
