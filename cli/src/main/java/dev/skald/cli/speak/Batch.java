package dev.skald.cli.speak;

import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechReport;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Failure;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Many utterances with the model loaded once: line {@code n} of a file, from 0, becomes {@code
 * DIR/00n.wav}. A blank line makes no file; a line that cannot be spoken is told and the next one
 * follows.
 */
final class Batch {
    private final Console console;
    private final SpeechOptions options;
    private final Path folder;
    private final String format;

    private final boolean json;

    /**
     * @param json whether each file is told as JSON
     */
    Batch(Console console, SpeechOptions options, Path folder, String format, boolean json) {
        this.json = json;
        this.console = console;
        this.options = options;
        this.folder = folder;
        this.format = format;
    }

    /** The exit code: that of the first line that failed. */
    int run(Skald skald, Path file) throws IOException {
        int code = ExitCode.OK.number;
        boolean checked = false;
        int spoken = 0;
        double audio = 0;
        double work = 0;
        options.requireVoice(console);
        long total = console.io().errTerminal() ? count(file) : 0;
        try (Progress progress =
                        new Progress(console.io(), console.globals(), "loading the voice", total);
                BufferedReader lines = new BufferedReader(TextSource.open(file))) {
            makeFolder();
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String name = String.format(Locale.ROOT, "%03d.%s", number++, format);
                if (line.isBlank()) {
                    continue;
                }
                try (Speech speech = skald.speak(options.request(line))) {
                    Interrupts.onInterrupt(speech::cancel);
                    if (!checked) {
                        Wishes.check(options, speech, console.messages());
                        checked = true;
                    }
                    SpeechReport report = speech.writeTo(folder.resolve(name), format);
                    spoken++;
                    audio += report.seconds();
                    progress.step(number, audio);
                    work += report.elapsedSeconds();
                    if (json) {
                        String target = folder.resolve(name).toString();
                        SpeakCommand.json(console.io().out(), target, speech, report);
                    }
                    console.messages().debug(name + " " + line);
                } catch (SpeechCancelledException e) {
                    throw e;
                } catch (SkaldException e) {
                    Failure failure = Failure.of(e);
                    progress.clear();
                    console.messages().error(name + ": " + failure.line());
                    code = code == 0 ? failure.code().number : code;
                }
            }
        }
        console.messages()
                .info(
                        String.format(
                                Locale.ROOT,
                                "%s: %d files, %.2f s of audio, spoken in %.2f s (real-time factor %.3f)",
                                folder,
                                spoken,
                                audio,
                                work,
                                audio == 0 ? 0 : work / audio));
        return code;
    }

    private static long count(Path file) throws IOException {
        try (BufferedReader lines = new BufferedReader(TextSource.open(file))) {
            return lines.lines().count();
        }
    }

    private void makeFolder() {
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            throw new SkaldException(folder + " is a file: --batch needs a folder", e);
        } catch (IOException e) {
            throw new SkaldException("cannot make the folder: " + Failure.of(e).line(), e);
        }
    }
}
