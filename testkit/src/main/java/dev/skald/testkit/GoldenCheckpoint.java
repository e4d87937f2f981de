package dev.skald.testkit;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.tensor.io.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small checkpoints of Chatterbox in the official layout, from the weights of a golden set. */
public final class GoldenCheckpoint {
    private GoldenCheckpoint() {}

    /** Turbo's or Nano's, whose files of T3 and S3Gen are called so. */
    public static Path turbo(Path goldens, String t3File, String s3genFile, Path folder)
            throws IOException {
        write(goldens, "t3_turbo", t3File, s3genFile, folder);
        for (String name : List.of("vocab.json", "merges.txt", "added_tokens.json")) {
            Files.copy(goldens.resolve("turbo_tokenizer").resolve(name), folder.resolve(name));
        }
        return folder;
    }

    /** The original's or the multilingual one's. */
    public static Path llama(
            Path goldens, String stage, String t3File, String s3genFile, Path folder)
            throws IOException {
        write(goldens, stage, t3File, s3genFile, folder);
        for (String name :
                List.of(
                        "tokenizer.json",
                        "grapheme_mtl_merged_expanded_v1.json",
                        "Cangjie5_TC.json")) {
            Files.copy(goldens.resolve(name), folder.resolve(name));
        }
        return folder;
    }

    private static void write(
            Path goldens, String stage, String t3File, String s3genFile, Path folder)
            throws IOException {
        Files.createDirectories(folder);
        weights(goldens, stage, folder, t3File);
        weights(goldens, s3genFile, folder, s3genFile);
        weights(goldens, "ve", folder, "ve");
        Files.copy(goldens.resolve("conds.pt"), folder.resolve("conds.pt"));
    }

    private static void weights(Path goldens, String stage, Path folder, String name)
            throws IOException {
        try (Safetensors from = Safetensors.open(goldens.resolve(stage + ".safetensors"))) {
            SafetensorsWriter to = new SafetensorsWriter();
            for (String tensor : from.names()) {
                StoredTensor t = from.get(tensor);
                if (!tensor.matches("(in|out|tap)\\..*") && t.dtype().isFloating()) {
                    to.add(
                            tensor,
                            DType.F32,
                            (at, values, count) -> Conversion.floats(t, at, values, 0, count),
                            t.shape());
                }
            }
            to.write(folder.resolve(name + ".safetensors"));
        }
    }
}
