package dev.skald.cli.speak;

import dev.skald.InvalidAudioException;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.audio.codec.AudioClip;
import dev.skald.audio.codec.WavEncoderProvider;
import dev.skald.chatterbox.VoiceCloning;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Progress;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald convert}: the words of a clip in another voice. */
@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Say a recording's words again in another voice.",
        footer = {"", "Example:", "  skald convert interview.wav --voice me -o me.wav", ""})
public final class ConvertCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "CLIP", description = "The recording: WAV, FLAC, MP3, OGG ...")
    Path clip = Path.of("");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The WAV file to write.")
    Path output = Path.of("");

    @Option(
            names = "--voice",
            paramLabel = "VOICE",
            completionCandidates = Choices.Voices.class,
            description = "A cloned voice or a clip; else the model's own voice.")
    @Nullable String voice;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            completionCandidates = Choices.Models.class,
            description =
                    "turbo, nano, chatterbox, multilingual or a checkpoint's folder; else the one"
                            + " installed.")
    @Nullable String model;

    @Option(names = "--seed", paramLabel = "N", description = "Gives the same sound again.")
    @Nullable Long seed;

    public ConvertCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        Path target = output.toAbsolutePath();
        Path folder = target.getParent();
        if (Files.isDirectory(target) || folder == null || !Files.isDirectory(folder)) {
            throw new InvalidRequestException(
                    output + " cannot be written: name a file in a folder that exists");
        }
        // Refused before a model of a gigabyte is loaded.
        AudioClip.read(clip).requireAudible(clip.toString());
        Sink sink = new Sink();
        AtomicBoolean cancelled = new AtomicBoolean();
        Runnable check =
                () -> {
                    if (cancelled.get()) {
                        throw new SpeechCancelledException("the conversion was cancelled");
                    }
                };
        try (Progress progress =
                        new Progress(console.io(), console.globals(), "converting " + clip, 0);
                WholeFile whole = WholeFile.beside(target)) {
            // At once on Ctrl-C: networks that load do not look for it.
            Interrupts.onInterrupt(
                    () -> {
                        cancelled.set(true);
                        whole.abandon();
                    });
            try (AudioEncoder wav =
                    new WavEncoderProvider().open(whole.channel(), VoiceCloning.SAMPLE_RATE)) {
                VoiceCloning.convert(
                        console.engineContext(),
                        clip,
                        request(),
                        check,
                        samples -> sink.write(wav, samples));
            }
            sink.check();
            check.run();
            whole.keep();
        }
        double seconds = sink.samples / (double) VoiceCloning.SAMPLE_RATE;
        double elapsed = (System.nanoTime() - start) * 1e-9;
        console.messages()
                .info(
                        String.format(
                                Locale.ROOT,
                                "%s: %.2f s of audio in %.2f s, real-time factor %.3f",
                                output,
                                seconds,
                                elapsed,
                                elapsed / seconds));
        return ExitCode.OK.number;
    }

    private SpeechRequest request() {
        SpeechRequest.Builder request = SpeechRequest.builder(clip.toString()).mode(Mode.CINEMATIC);
        if (voice != null) {
            request.voice(voice);
        }
        if (model != null) {
            request.model(model);
        }
        if (seed != null) {
            request.seed(seed);
        }
        return request.build();
    }

    /** Counts and checks what is written. */
    private static final class Sink {
        private long samples;
        private float peak;

        void write(AudioEncoder wav, float[] piece) {
            for (float sample : piece) {
                if (!(Math.abs(sample) <= Float.MAX_VALUE)) {
                    throw new InvalidAudioException(
                            "the audio is not finite: the model may be damaged, install it again");
                }
                peak = Math.max(peak, Math.abs(sample));
            }
            samples += piece.length;
            try {
                wav.write(piece, 0, piece.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void check() {
            if (samples == 0 || peak < 1e-3f) {
                throw new InvalidAudioException("nothing can be heard in what came out");
            }
        }
    }
}
