package dev.skald.cli.voices;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.audio.codec.AudioClip;
import dev.skald.chatterbox.VoiceCloning;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald voices add}. */
@Command(
        name = "add",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Add a voice from a file, or a checkpoint's folder.",
            "FILE.onnx is a Piper voice; its configuration FILE.onnx.json lies beside it.",
            "Any other FILE is a clip of 5 to 30 seconds of one speaker, to be cloned (WAV, FLAC,"
                    + " MP3, OGG Vorbis, AIFF, AU); it needs a Chatterbox model.",
            "A folder that holds a Chatterbox checkpoint is spoken with by --model NAME from then"
                    + " on; nothing is copied."
        })
final class AddCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "NAME", description = "What to call it.")
    String name = "";

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "An .onnx file, a clip or a folder.")
    Path file = Path.of("");

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            completionCandidates = Choices.Models.class,
            description = "Clone with this model or checkpoint's folder; else the one installed.")
    @Nullable String model;

    AddCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        InstalledVoice voice;
        if (Files.isDirectory(file)) {
            voice = VoiceCloning.register(console.engineContext(), name, file);
        } else if (file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
            voice = VoiceLibrary.at(console.globals().home()).addPiper(name, file);
        } else {
            // Refused before a model of a gigabyte is loaded.
            AudioClip.read(file).requireAudible(file.toString());
            SpeechRequest.Builder request = SpeechRequest.builder(name).mode(Mode.CINEMATIC);
            if (model != null) {
                request.model(model);
            }
            voice = VoiceCloning.add(console.engineContext(), name, file, request.build());
        }
        console.messages().info("added " + VoiceRow.sentence(voice));
        return ExitCode.OK.number;
    }
}
