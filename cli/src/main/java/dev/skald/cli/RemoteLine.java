package dev.skald.cli;

import dev.skald.cli.console.Console;
import dev.skald.cli.speak.RemoteSpeech;
import dev.skald.cli.speak.SpeechOptions;
import dev.skald.cli.speak.TextSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The plain command line of a text that a server speaks, read without picocli, whose start takes
 * longer than the sentence. It knows the options that a server knows, in their plain form; whatever
 * else a line has, a fault above all, is picocli's to read.
 */
final class RemoteLine {
    private final SpeechOptions options = new SpeechOptions();
    private final TextSource source = new TextSource();
    private final List<String> words = new ArrayList<>();
    private @Nullable String server;
    private @Nullable String output;
    private boolean play;
    private boolean raw;
    private boolean quiet;

    private RemoteLine(@Nullable String server) {
        this.server = server;
    }

    /**
     * @param server what the environment says
     * @return null if it is not such a line
     */
    static @Nullable RemoteLine of(@Nullable String server, String... args) {
        if (args.length == 0 || !args[0].equals("speak")) {
            return null;
        }
        RemoteLine line = new RemoteLine(server);
        return line.read(args) && line.whole() ? line : null;
    }

    boolean quiet() {
        return quiet;
    }

    void speak(Console console) throws IOException {
        source.words = words;
        RemoteSpeech.speak(console, String.valueOf(server), source, options, output, play, raw);
    }

    private boolean whole() {
        return server != null && !server.isBlank() && !words.isEmpty() && (output != null || play);
    }

    private boolean read(String... args) {
        for (int i = 1; i < args.length; i++) {
            String arg = args[i];
            if (!arg.startsWith("-")) {
                // A word; picocli reads more words from a file that is named @FILE.
                if (arg.isEmpty() || arg.startsWith("@")) {
                    return false;
                }
                words.add(arg);
            } else if (!flag(arg)) {
                int equals = arg.startsWith("--") ? arg.indexOf('=') : -1;
                if (equals < 0 && ++i == args.length) {
                    return false;
                }
                String name = equals < 0 ? arg : arg.substring(0, equals);
                String value = equals < 0 ? args[i] : arg.substring(equals + 1);
                boolean plain = !value.startsWith("-") || value.equals("-");
                if (value.isEmpty() || !plain || !option(name, value)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean flag(String name) {
        switch (name) {
            case "--play" -> play = true;
            case "--raw" -> raw = true;
            case "-q", "--quiet" -> quiet = true;
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean option(String name, String value) {
        try {
            switch (name) {
                case "--server" -> server = value;
                case "-o", "--output" -> output = value;
                case "--mode" -> options.mode = value;
                case "--model" -> options.model = value;
                case "--voice" -> options.voice = value;
                case "--speaker" -> options.speaker = value;
                case "--language" -> options.language = value;
                case "--speed" -> options.speed = Double.valueOf(value);
                case "--seed" -> options.seed = Long.valueOf(value);
                default -> {
                    return false;
                }
            }
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
