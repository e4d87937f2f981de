package dev.skald.chatterbox;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.tensor.io.StoredTensor;
import dev.skald.testkit.GoldenCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
        return model.turbo()
                ? GoldenCheckpoint.turbo(GOLDENS, model.t3File(), model.s3genFile(), folder)
                : GoldenCheckpoint.llama(
                        GOLDENS,
                        model.multilingual() ? "t3_multilingual" : "t3_original",
                        model.t3File(),
                        model.s3genFile(),
                        folder);
    }
}
