package dev.skald.cli.speak;

import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald demo}: the same words in every mode. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Write output_fast.wav, output_cinematic.wav and output_auto.wav.")
public final class DemoCommand implements Callable<Integer> {
    private static final String TEXT =
            "Hello from Skald. Every word you hear was made on this machine.";

    private final Console console;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            defaultValue = ".",
            description = "The folder to write into.")
    Path folder = Path.of(".");

    public DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(folder);
        try (Skald skald = console.open()) {
            for (Mode mode : new Mode[] {Mode.FAST, Mode.CINEMATIC, Mode.AUTO}) {
                SpeechRequest request = SpeechRequest.builder(TEXT).mode(mode).build();
                try (Speech speech = skald.speak(request)) {
                    Interrupts.onInterrupt(speech::cancel);
                    Path file = folder.resolve("output_" + mode + ".wav").normalize();
                    SpeechReport report;
                    try (Progress progress =
                            new Progress(
                                    console.io(),
                                    console.globals(),
                                    "loading " + speech.voice().id(),
                                    TEXT.length())) {
                        report = speech.onChunk(progress::chunk).writeTo(file);
                    }
                    console.messages()
                            .info(SpeakCommand.summary(file.toString(), speech, request, report));
                }
            }
        }
        return ExitCode.OK.number;
    }
}
