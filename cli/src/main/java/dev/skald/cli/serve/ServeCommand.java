package dev.skald.cli.serve;

import dev.skald.InvalidRequestException;
import dev.skald.Skald;
import dev.skald.SpeechRequest;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.StderrLoggerFinder;
import dev.skald.cli.launch.Launch;
import dev.skald.cli.speak.RemoteSpeech;
import dev.skald.cli.speak.SpeechOptions;
import dev.skald.cli.speak.TextSource;
import dev.skald.server.ServerOptions;
import dev.skald.server.SpeechServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code skald serve}: the speech endpoint, until Ctrl-C. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Serve OpenAI's /v1/audio/speech on this machine, until Ctrl-C.",
        footer = {
            "",
            "Examples:",
            "  skald serve",
            "  curl http://127.0.0.1:8880/v1/audio/speech -d '{\"input\": \"Hello\"}' -o hello.mp3",
            ""
        })
public final class ServeCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Where to listen; 0.0.0.0 for everyone. Default: ${DEFAULT-VALUE}.")
    String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "The port; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
    int port = 8880;

    @Option(
            names = "--wyoming",
            paramLabel = "PORT",
            description = "Serve Home Assistant's Wyoming protocol there too, 10200 by custom.")
    @Nullable Integer wyoming;

    @Option(
            names = "--api-keys",
            paramLabel = "FILE",
            description = "Let only those in who send a key of this file: a line NAME=KEY each.")
    @Nullable Path apiKeys;

    @Option(
            names = "--cors",
            paramLabel = "ORIGIN",
            description = "A web page of this origin may call; * for all. May be repeated.")
    List<String> origins = List.of();

    @Option(
            names = "--max-characters",
            paramLabel = "N",
            description = "The longest text of one request. Default: ${DEFAULT-VALUE}.")
    int maxCharacters = 1_000_000;

    @Option(
            names = "--speaking",
            paramLabel = "N",
            description = "How many requests speak at once. Default: ${DEFAULT-VALUE}.")
    int speaking = 8;

    @Option(
            names = "--waiting",
            paramLabel = "N",
            description =
                    "How many more may wait; one beyond is told 429. Default: ${DEFAULT-VALUE}.")
    int waiting = 64;

    @Option(
            names = "--patience",
            paramLabel = "TIME",
            converter = Times.class,
            description = "How long a request may wait: 60s, 2m. Default: 60s.")
    Duration patience = Duration.ofSeconds(60);

    @Option(
            names = "--deadline",
            paramLabel = "TIME",
            converter = Times.class,
            description = "How long a request may take in all. Default: for ever.")
    @Nullable Duration deadline;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description =
                    "How many requests a minute each key may send, or each address where there are no"
                            + " keys; one beyond is told 429. Default: any number.")
    int rate;

    @Option(
            names = "--idle-unload",
            paramLabel = "TIME",
            converter = Times.class,
            description =
                    "After how long without a request the models' memory is given back: 10m."
                            + " Default: never.")
    @Nullable Duration idleUnload;

    public ServeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        ServerOptions.Builder options =
                ServerOptions.builder()
                        .host(host)
                        .port(port)
                        .maxCharacters(maxCharacters)
                        .speaking(speaking)
                        .waiting(waiting)
                        .patience(patience)
                        .requestsAMinute(rate);
        origins.forEach(options::origin);
        if (wyoming != null) {
            options.wyomingPort(wyoming);
        }
        if (deadline != null) {
            options.deadline(deadline);
        }
        if (idleUnload != null) {
            options.idleUnload(idleUnload);
        }
        readKeys(options);
        if (!console.globals().quiet) {
            StderrLoggerFinder.threshold(System.Logger.Level.INFO);
        }
        try (Skald skald = console.open()) {
            // Beside the start of the server, which takes as long.
            Thread warmUp =
                    Thread.ofPlatform().daemon().name("skald-warm-up").start(() -> warmUp(skald));
            try (SpeechServer server = SpeechServer.open(skald, options.build())) {
                Interrupts.onInterrupt(server::close);
                console.messages()
                        .info(
                                "listening on http://"
                                        + host
                                        + ":"
                                        + server.port()
                                        + " (Ctrl-C ends)");
                if (Launch.training()) {
                    warmUp.join();
                    rehearse(server.port());
                } else {
                    server.await();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return ExitCode.OK.number;
    }

    /** The first caller should not wait for the voice to be loaded. */
    private void warmUp(Skald skald) {
        try {
            skald.speak(SpeechRequest.of("Ready.")).samples();
        } catch (RuntimeException e) {
            console.messages().warn("not warmed up: " + e.getMessage());
        }
    }

    /** One request, so that its classes are in the AOT cache that is made of this run. */
    private void rehearse(int port) throws IOException {
        TextSource text = new TextSource();
        text.words = List.of("Ready.");
        RemoteSpeech.speak(
                console, "127.0.0.1:" + port, text, new SpeechOptions(), "-", false, false);
    }

    /** A number and its unit: {@code 500ms}, {@code 60s}, {@code 10m}, {@code 2h}; else seconds. */
    static final class Times implements ITypeConverter<Duration> {
        private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h|)");

        @Override
        public Duration convert(String text) {
            Matcher m = TIME.matcher(text.strip().toLowerCase(Locale.ROOT));
            if (!m.matches()) {
                throw new TypeConversionException("'" + text + "' is no time: say 30s, 10m or 2h");
            }
            long n = Long.parseLong(m.group(1));
            return switch (m.group(2)) {
                case "ms" -> Duration.ofMillis(n);
                case "m" -> Duration.ofMinutes(n);
                case "h" -> Duration.ofHours(n);
                default -> Duration.ofSeconds(n);
            };
        }
    }

    private void readKeys(ServerOptions.Builder options) throws IOException {
        if (apiKeys == null) {
            return;
        }
        int number = 0;
        for (String line : Files.readAllLines(apiKeys)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            int equals = line.indexOf('=');
            if (equals < 1 || line.substring(equals + 1).isBlank()) {
                throw new InvalidRequestException(
                        "line " + number + " of " + apiKeys + " is not NAME=KEY");
            }
            options.apiKey(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
        }
        if (number == 0) {
            throw new InvalidRequestException(apiKeys + " has no key: write a line NAME=KEY");
        }
    }
}
