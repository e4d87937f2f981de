package dev.skald.server.speech;

import dev.skald.InvalidRequestException;
import dev.skald.audio.codec.AudioClip;
import dev.skald.server.http.ApiError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** A recording that was sent, as a file for as long as this is open. */
public final class UploadedClip implements AutoCloseable {
    /** The largest. */
    public static final int MOST_BYTES = 10 << 20;

    /** Ten minutes may be in it, which take 100 MB: one clip is read at a time. */
    private static final ReentrantLock READING = new ReentrantLock();

    private final String param;
    private final Path folder;
    private final Path file;

    private UploadedClip(String param, Path folder) {
        this.param = param;
        this.folder = folder;
        file = folder.resolve("clip");
    }

    /**
     * @param param the parameter that it came as, for messages
     * @throws ApiError 413 if it is too large
     */
    public static UploadedClip of(String param, byte[] bytes) throws IOException {
        if (bytes.length > MOST_BYTES) {
            throw ApiError.refused(
                    413, "request_too_large", "'" + param + "' is larger than 10 MiB: cut it");
        }
        UploadedClip clip = new UploadedClip(param, Files.createTempDirectory("skald-upload"));
        try {
            Files.write(clip.file, bytes);
            return clip;
        } catch (IOException e) {
            clip.close();
            throw e;
        }
    }

    public Path file() {
        return file;
    }

    /**
     * Checks that it is a recording in which somebody can be heard.
     *
     * @throws ApiError 400 if not
     */
    public void requireAudible() {
        require(clip -> clip.requireAudible("'" + param + "'"));
    }

    /**
     * Checks that a voice can be cloned from it, as far as that can be told without a model.
     *
     * @throws ApiError 400 if not
     */
    public void requireVoice() {
        require(clip -> clip.voice("'" + param + "'"));
    }

    private void require(Consumer<AudioClip> check) {
        READING.lock();
        try {
            check.accept(AudioClip.read(file));
        } catch (InvalidRequestException e) {
            throw told(e);
        } finally {
            READING.unlock();
        }
    }

    /** What the caller is told: the name of the parameter, not of the file here. */
    public ApiError told(InvalidRequestException e) {
        return ApiError.invalid(
                param,
                "invalid_audio",
                String.valueOf(e.getMessage()).replace(file.toString(), "'" + param + "'"));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
    }
}
