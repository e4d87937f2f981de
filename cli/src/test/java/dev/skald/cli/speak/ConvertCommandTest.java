package dev.skald.cli.speak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.audio.codec.WavEncoderProvider;
import dev.skald.cli.Cli;
import dev.skald.cli.console.ExitCode;
import dev.skald.spi.AudioEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
    @TempDir Path home;
    @TempDir Path folder;
    private Path clip;

    @BeforeEach
    void record() throws IOException {
        clip = folder.resolve("clip.wav");
        write(clip, 0.3f);
    }

    private static void write(Path file, float level) throws IOException {
        float[] tone = new float[16000];
        for (int i = 0; i < tone.length; i++) {
            tone[i] = (float) (level * Math.sin(i * 0.05));
        }
        try (OutputStream out = Files.newOutputStream(file);
                AudioEncoder wav = new WavEncoderProvider().open(out, 16000)) {
            wav.write(tone, 0, tone.length);
        }
    }

    private Cli.Result convert(Path from, Path to) {
        return Cli.run("convert", from.toString(), "-o", to.toString(), "--home", home.toString());
    }

    @Test
    void withoutAModelItSaysWhatToInstallAndLeavesNoFile() throws IOException {
        Cli.Result result = convert(clip, folder.resolve("out.wav"));
        assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE.number);
        assertThat(result.lines()).hasSize(1);
        assertThat(result.err()).contains("skald voices install chatterbox");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(clip);
        }
    }

    @Test
    void badClipsAndTargetsAreToldBeforeAnythingIsLoaded() throws IOException {
        Path silent = folder.resolve("silent.wav");
        write(silent, 0);
        assertThat(convert(silent, folder.resolve("out.wav")).err()).contains("is silent");
        assertThat(convert(folder.resolve("no.wav"), folder.resolve("out.wav")).err())
                .contains("there is no file");
        assertThat(convert(clip, folder).code()).isEqualTo(ExitCode.USAGE.number);
        assertThat(convert(clip, folder.resolve("none/out.wav")).code())
                .isEqualTo(ExitCode.USAGE.number);
        assertThat(Cli.run("convert", clip.toString()).code()).isEqualTo(ExitCode.USAGE.number);
    }
}
