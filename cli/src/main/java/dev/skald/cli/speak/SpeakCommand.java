package dev.skald.cli.speak;

import dev.skald.AudioChunk;
import dev.skald.EngineChoice;
import dev.skald.InvalidRequestException;
import dev.skald.Optimisation;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Json;
import dev.skald.cli.console.Progress;
import dev.skald.cli.launch.Launch;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JsonGenerator;

/** {@code skald speak}. */
@Command(
        name = "speak",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Speak a text into a file, a pipe or the loudspeaker.")
public final class SpeakCommand implements Callable<Integer> {
    private final Console console;

    @Mixin TextSource source = new TextSource();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where the audio goes; - is the standard output.")
    @Nullable String output;

    @Option(names = "--play", description = "Play it on the sound device.")
    boolean play;

    @Option(
            names = "--raw",
            description = "16-bit little-endian mono PCM without a header instead of WAV.")
    boolean raw;

    @Option(
            names = "--json",
            description =
                    "Print what was done as JSON, on the standard output if no audio goes there.")
    boolean json;

    @Option(
            names = "--timestamps",
            paramLabel = "LEVEL",
            completionCandidates = Choices.Timestamps.class,
            description = "With --json: when each word (or sentence) is heard.")
    @Nullable String timestamps;

    @Option(
            names = "--subtitles",
            paramLabel = "FILE",
            description = "Write subtitles too: FILE.srt or FILE.vtt.")
    @Nullable String subtitles;

    @Option(
            names = "--batch",
            paramLabel = "FILE",
            description = "Speak each line of FILE into DIR/000.wav, DIR/001.wav ... (-o DIR).")
    @Nullable Path batch;

    @Option(
            names = "--server",
            paramLabel = "URL",
            description =
                    "Let a 'skald serve' that runs speak, http://127.0.0.1:8880 say (also"
                            + " SKALD_SERVER); its key is in SKALD_API_KEY.")
    @Nullable String server;

    @Mixin SpeechOptions options = new SpeechOptions();

    public SpeakCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        options.timestamps =
                timestamps != null
                        ? Timestamps.of(timestamps)
                        : subtitles != null ? Timestamps.WORD : Timestamps.NONE;
        if (batch != null) {
            return batch(batch);
        }
        Subtitles below = subtitles == null ? null : new Subtitles(subtitles);
        if (output == null && !play) {
            throw new InvalidRequestException("say where the audio goes: -o FILE, -o - or --play");
        }
        String remote = server != null ? server : System.getenv("SKALD_SERVER");
        if (remote != null && !remote.isBlank()) {
            RemoteSpeech.speak(console, remote, source, options, output, play, raw);
            return ExitCode.OK.number;
        }
        String given = source.given();
        try (Reader text = source.open(console.io());
                Skald skald = console.open()) {
            SpeechRequest request = given == null ? options.request(text) : options.request(given);
            options.requireVoice(console);
            try (Speech speech = skald.speak(request)) {
                Interrupts.onInterrupt(speech::cancel);
                Wishes.check(options, speech, console.messages());
                say(speech, request, given == null ? source.length() : given.length());
                if (below != null) {
                    below.write(speech.words());
                }
            }
        }
        return ExitCode.OK.number;
    }

    private void say(Speech speech, SpeechRequest request, long characters) {
        SpeechReport report;
        try (Progress progress =
                new Progress(
                        console.io(),
                        console.globals(),
                        "loading " + speech.voice().id(),
                        characters)) {
            Speech told = speech.onChunk(progress::chunk);
            report = play ? play(told) : write(told);
        }
        if (json) {
            boolean audio = "-".equals(output);
            json(audio ? console.io().err() : console.io().out(), target(), speech, report);
        } else {
            console.messages().info(summary(target(), speech, request, report));
        }
    }

    /** One object on one line. */
    static void json(PrintStream to, String target, Speech speech, SpeechReport report) {
        Json.print(
                to,
                out -> {
                    out.writeStartObject();
                    out.writeStringProperty("target", target);
                    out.writeStringProperty("voice", speech.voice().id());
                    out.writeStringProperty("mode", speech.choice().mode().toString());
                    out.writeStringProperty("engine", speech.choice().engine());
                    out.writeStringProperty("reason", speech.choice().reason());
                    out.writeNumberProperty("sample_rate", report.sampleRate());
                    out.writeNumberProperty("samples", report.samples());
                    out.writeNumberProperty("seconds", report.seconds());
                    out.writeNumberProperty("sentences", report.sentences());
                    out.writeNumberProperty("first_audio_seconds", report.firstAudioSeconds());
                    out.writeNumberProperty("elapsed_seconds", report.elapsedSeconds());
                    out.writeNumberProperty("real_time_factor", report.realTimeFactor());
                    out.writeNumberProperty("peak", report.peak());
                    if (!speech.words().isEmpty()) {
                        out.writeArrayPropertyStart("words");
                        speech.words().forEach(word -> word(out, word));
                        out.writeEndArray();
                    }
                    out.writeEndObject();
                });
    }

    private static void word(JsonGenerator out, TimedText word) {
        out.writeStartObject();
        out.writeStringProperty("text", word.text());
        out.writeNumberProperty("start", word.startSeconds());
        out.writeNumberProperty("end", word.endSeconds());
        out.writeNumberProperty("offset", word.offset());
        out.writeNumberProperty("length", word.length());
        out.writeStringProperty("level", word.level().toString());
        out.writeEndObject();
    }

    private String target() {
        if (output == null) {
            return "played";
        }
        return output.equals("-") ? "standard output" : output;
    }

    private SpeechReport write(Speech speech) {
        String to = output == null ? "-" : output;
        if (to.equals("-")) {
            return speech.writeTo(console.io().raw(), raw ? "raw" : "wav");
        }
        return raw ? speech.writeTo(Path.of(to), "raw") : speech.writeTo(Path.of(to));
    }

    private SpeechReport play(Speech speech) {
        try (Player player = new Player(speech.sampleRate())) {
            if (output != null) {
                // Written at the pace it is heard.
                SpeechReport report = write(speech.live().onChunk(c -> player.play(c.samples())));
                player.drain();
                return report;
            }
            for (AudioChunk chunk : speech) {
                player.play(chunk.samples());
            }
            player.drain();
            SpeechReport report = speech.report();
            if (!console.globals().without().contains(Optimisation.VALIDATION)) {
                report.check();
            }
            return report;
        }
    }

    private int batch(Path file) throws IOException {
        if (output == null || output.equals("-")) {
            throw new InvalidRequestException("--batch needs a folder: -o DIR");
        }
        if (subtitles != null) {
            throw new InvalidRequestException("--batch writes no --subtitles: use --json");
        }
        if (!source.words.isEmpty() || source.file != null || play) {
            throw new InvalidRequestException("--batch takes its text from its file alone");
        }
        try (Skald skald = console.open()) {
            return new Batch(console, options, Path.of(output), raw ? "raw" : "wav", json)
                    .run(skald, file);
        }
    }

    /** The one line that says what was done. */
    static String summary(
            String target, Speech speech, SpeechRequest request, SpeechReport report) {
        EngineChoice choice = speech.choice();
        String why =
                switch (request.mode()) {
                    case AUTO -> " (auto: " + choice.reason() + ")";
                    default -> "";
                };
        return String.format(
                Locale.ROOT,
                "%s: %.2f s of audio, voice %s, mode %s%s, spoken in %.2f s (real-time factor %.3f),"
                        + " %.2f s since start",
                target,
                report.seconds(),
                speech.voice().id(),
                choice.mode(),
                why,
                report.elapsedSeconds(),
                report.realTimeFactor(),
                Launch.secondsSinceStart());
    }
}
