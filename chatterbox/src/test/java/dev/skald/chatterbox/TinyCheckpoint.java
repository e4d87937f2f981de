package dev.skald.chatterbox;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.tensor.io.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small checkpoints in the official layout, from the weights of the golden set. */
final class TinyCheckpoint {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");

    private TinyCheckpoint() {}

    /** One that says the same token for ever, or stops at once. */
    static Path always(int token, ChatterboxModel model, Path folder) throws IOException {
        write(model, folder);
        Path file = folder.resolve(model.t3File() + ".safetensors");
        Path before = Files.move(file, folder.resolve("before"));
        try (Safetensors from = Safetensors.open(before)) {
            SafetensorsWriter to = new SafetensorsWriter();
            for (String name : from.names()) {
                StoredTensor t = from.get(name);
                to.add(
                        name,
                        DType.F32,
                        (at, values, count) -> {
                            Conversion.floats(t, at, values, 0, count);
                            if (name.equals("speech_head.bias") && at <= token) {
                                values[Math.toIntExact(token - at)] = 1e4f;
                            }
                        },
                        t.shape());
            }
            to.write(file);
        }
        return folder;
    }

    /** Leaves a tensor out of a file, or makes it one of integers. */
    static void damage(Path file, String tensor, boolean integers) throws IOException {
        Path before = Files.move(file, file.resolveSibling("before"));
        try (Safetensors from = Safetensors.open(before)) {
            SafetensorsWriter to = new SafetensorsWriter();
            for (String name : from.names()) {
                StoredTensor t = from.get(name);
                if (!name.equals(tensor)) {
                    to.add(
                            name,
                            DType.F32,
                            (at, values, count) -> Conversion.floats(t, at, values, 0, count),
                            t.shape());
                } else if (integers) {
                    to.add(name, new int[Math.toIntExact(t.size())], t.shape());
                }
            }
            to.write(file);
        }
    }

    static Path write(ChatterboxModel model, Path folder) throws IOException {
        Files.createDirectories(folder);
        String t3 =
                model.turbo()
                        ? "t3_turbo"
                        : model.multilingual() ? "t3_multilingual" : "t3_original";
        weights(t3, folder.resolve(model.t3File() + ".safetensors"));
        weights(model.s3genFile(), folder.resolve(model.s3genFile() + ".safetensors"));
        weights("ve", folder.resolve("ve.safetensors"));
        Files.copy(GOLDENS.resolve("conds.pt"), folder.resolve("conds.pt"));
        for (String name :
                List.of(
                        "tokenizer.json",
                        "grapheme_mtl_merged_expanded_v1.json",
                        "Cangjie5_TC.json")) {
            if (!model.turbo()) {
                Files.copy(GOLDENS.resolve(name), folder.resolve(name));
            }
        }
        if (model.turbo()) {
            for (String name : List.of("vocab.json", "merges.txt", "added_tokens.json")) {
                Files.copy(GOLDENS.resolve("turbo_tokenizer").resolve(name), folder.resolve(name));
            }
        }
        return folder;
    }

    private static void weights(String stage, Path file) throws IOException {
        try (Safetensors from = Safetensors.open(GOLDENS.resolve(stage + ".safetensors"))) {
            SafetensorsWriter to = new SafetensorsWriter();
            for (String name : from.names()) {
                StoredTensor t = from.get(name);
                if (!name.matches("(in|out|tap)\\..*") && t.dtype().isFloating()) {
                    to.add(
                            name,
                            DType.F32,
                            (at, values, count) -> Conversion.floats(t, at, values, 0, count),
                            t.shape());
                }
            }
            to.write(file);
        }
    }
}
