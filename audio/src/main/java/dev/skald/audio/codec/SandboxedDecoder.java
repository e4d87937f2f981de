package dev.skald.audio.codec;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.WasmFunctionHandle;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import dev.skald.InvalidRequestException;
import dev.skald.SpeechCancelledException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * FLAC by dr_flac, MP3 by dr_mp3, OGG Vorbis by stb_vorbis: C compiled to WebAssembly ({@code
 * src/main/wasm}) and at build time to bytecode, so that a damaged file can reach nothing but the
 * module's own memory, 64 MB at most.
 *
 * <p>A file is decoded on a thread of its own. The bytecode looks for an interrupt in every loop: a
 * decoder that does not end is stopped at the deadline, or when the caller is interrupted.
 */
final class SandboxedDecoder {
    /** In the order of {@code skald.c}. */
    enum Kind {
        FLAC("FLAC"),
        MP3("MP3"),
        VORBIS("OGG Vorbis");

        final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    static final Duration DEADLINE = Duration.ofSeconds(120);

    private final String name;
    private final FileChannel file;
    private final Instance module;

    private SandboxedDecoder(String name, FileChannel file) {
        this.name = name;
        this.file = file;
        List<ValType> none = List.of();
        List<ValType> i32 = List.of(ValType.I32);
        List<ValType> i64 = List.of(ValType.I64);
        module =
                Instance.builder(DecodersModule.load())
                        .withMachineFactory(DecodersModule::create)
                        .withMemoryFactory(ByteArrayMemory::new)
                        .withImportValues(
                                ImportValues.builder()
                                        .addFunction(
                                                function(
                                                        "read",
                                                        List.of(ValType.I32, ValType.I32),
                                                        i32,
                                                        this::read),
                                                function("seek", i64, i32, this::seek),
                                                function("tell", none, i64, this::tell),
                                                function("size", none, i64, this::size))
                                        .build())
                        .build();
        module.export("_initialize").apply();
    }

    private static HostFunction function(
            String name, List<ValType> takes, List<ValType> gives, WasmFunctionHandle body) {
        return new HostFunction("file", name, FunctionType.of(takes, gives), body);
    }

    /**
     * The whole recording.
     *
     * @throws InvalidRequestException if it is no such recording, damaged, too long, or not decoded
     *     within the deadline
     * @throws SpeechCancelledException if the calling thread is interrupted, which it stays
     */
    static AudioClip read(String name, Path file, Kind kind, Duration deadline) throws IOException {
        FutureTask<AudioClip> task = new FutureTask<>(() -> decode(name, file, kind));
        Thread.ofPlatform().daemon().name("skald-clip").start(task);
        try {
            return task.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new InvalidRequestException(
                    name
                            + " is not decoded within "
                            + deadline.toSeconds()
                            + " s: convert it to WAV",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SpeechCancelledException("reading " + name + " was cancelled", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InvalidRequestException refused) {
                throw refused;
            }
            if (e.getCause() instanceof UncheckedIOException failed) {
                throw failed.getCause();
            }
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new InvalidRequestException(
                    name + " is a damaged " + kind.title + ": convert it to WAV", e.getCause());
        } finally {
            task.cancel(true);
        }
    }

    private static AudioClip decode(String name, Path file, Kind kind) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return new SandboxedDecoder(name, channel).decode(kind);
        }
    }

    private AudioClip decode(Kind kind) {
        if (call("open", kind.ordinal()) == 0) {
            throw new InvalidRequestException(
                    name + " has no " + kind.title + " audio that can be read: convert it to WAV");
        }
        int channels = (int) call("channels");
        MonoBuffer mono = new MonoBuffer(name, (int) call("rate"), channels);
        mono.expect(call("frames"));
        int from = (int) call("samples");
        for (int n = (int) call("read"); n > 0; n = (int) call("read")) {
            FloatBuffer block =
                    ByteBuffer.wrap(module.memory().readBytes(from, n * channels * Float.BYTES))
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .asFloatBuffer();
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int c = 0; c < channels; c++) {
                    sum += block.get();
                }
                mono.add(sum);
            }
        }
        return mono.clip();
    }

    private long call(String export, long... args) {
        return module.export(export).apply(args)[0];
    }

    // What the module asks of the file.

    private long[] read(Instance caller, long... args) {
        byte[] bytes = new byte[(int) Math.clamp(args[1], 0, 1 << 16)];
        int n = onFile(() -> file.read(ByteBuffer.wrap(bytes)));
        caller.memory().write((int) args[0], bytes, 0, Math.max(0, n));
        return new long[] {Math.max(0, n)};
    }

    private long[] seek(Instance caller, long... args) {
        return new long[] {
            onFile(
                    () -> {
                        boolean within = args[0] >= 0 && args[0] <= file.size();
                        if (within) {
                            file.position(args[0]);
                        }
                        return within ? 1 : 0;
                    })
        };
    }

    private long[] tell(Instance caller, long... args) {
        return new long[] {onFile(file::position)};
    }

    private long[] size(Instance caller, long... args) {
        return new long[] {onFile(file::size)};
    }

    private interface FileCall<T> {
        T run() throws IOException;
    }

    private static <T> T onFile(FileCall<T> call) {
        try {
            return call.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
