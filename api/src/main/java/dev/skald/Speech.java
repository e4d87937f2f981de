package dev.skald;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Failures;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.jspecify.annotations.Nullable;

/**
 * Text being spoken: a stream of {@link AudioChunk}s that can be taken once, in one of several
 * forms.
 *
 * <p>Chunks are made a little ahead of being taken, the first long before the last. One thread
 * takes them; {@link #cancel} may be called by any. Whoever takes chunks one by one closes the
 * speech; the methods that take all of it close it themselves.
 */
public final class Speech implements Iterable<AudioChunk>, AutoCloseable {
    private final AudioSource source;
    private final EngineChoice choice;
    private final SpeechReport.Builder report;
    private final boolean mute;
    private final boolean checks;
    private final List<TimedText> words = new ArrayList<>();
    private Consumer<AudioChunk> watcher = chunk -> {};
    private boolean live;
    private boolean taken;
    private boolean ended;

    /**
     * @param mute whether silence is what was asked for
     * @param checks whether what comes out is checked
     */
    Speech(AudioSource source, EngineChoice choice, boolean mute, boolean checks) {
        this.source = source;
        this.choice = choice;
        this.mute = mute;
        this.checks = checks;
        this.report = new SpeechReport.Builder(source.sampleRate());
    }

    /** Which engine speaks and why. */
    public EngineChoice choice() {
        return choice;
    }

    public Voice voice() {
        return source.voice();
    }

    /** Hertz of every chunk. */
    public int sampleRate() {
        return source.sampleRate();
    }

    /** What has come out so far; complete once the last chunk was taken. */
    public SpeechReport report() {
        return report.build();
    }

    /**
     * When which word, or sentence, of the request's text is heard: those of the audio taken so
     * far, all of them once the last chunk was taken. Empty unless the request asks for {@link
     * Timestamps}. Who follows the speech as it is heard takes {@link AudioChunk#words} instead.
     */
    public List<TimedText> words() {
        return List.copyOf(words);
    }

    /** Where the time went so far, stage by stage; empty if the engine does not tell. */
    public List<StageWork> stages() {
        return source.stages();
    }

    /** Tells {@code watcher} of each chunk as it is taken, in the taking thread: for progress. */
    public Speech onChunk(Consumer<AudioChunk> watcher) {
        this.watcher = watcher;
        return this;
    }

    /**
     * Somebody listens while a file is written: chunks are to come soon. Otherwise {@link
     * #writeTo(Path)} and {@link #samples} may let the engine make larger pieces, which is cheaper.
     */
    public Speech live() {
        live = true;
        return this;
    }

    /** The chunks as they are made. Can be called once. */
    @Override
    public Iterator<AudioChunk> iterator() {
        if (taken) {
            throw new IllegalStateException("a speech can be taken once; speak the request again");
        }
        taken = true;
        return new Iterator<>() {
            private @Nullable AudioChunk ahead;

            @Override
            public boolean hasNext() {
                if (ahead == null && !ended) {
                    ahead = Failures.<@Nullable AudioChunk>call(source::next);
                    if (ahead == null) {
                        ended = true;
                        report.end();
                    } else {
                        report.add(ahead);
                        words.addAll(ahead.words());
                        watcher.accept(ahead);
                    }
                }
                return ahead != null;
            }

            @Override
            public AudioChunk next() {
                if (!hasNext() || ahead == null) {
                    throw new NoSuchElementException();
                }
                AudioChunk chunk = ahead;
                ahead = null;
                return chunk;
            }
        };
    }

    /** The chunks as a stream; closing it closes the speech. */
    public Stream<AudioChunk> chunks() {
        return StreamSupport.stream(spliterator(), false).onClose(this::close);
    }

    /** All of it as mono PCM in [-1, 1], held in memory. Closes the speech. */
    public float[] samples() {
        return Failures.call(this::all);
    }

    private float[] all() {
        try (this) {
            awaitAll();
            List<AudioChunk> all = chunks().toList();
            int total = 0;
            for (AudioChunk chunk : all) {
                total = Math.addExact(total, chunk.samples().length);
            }
            float[] samples = new float[total];
            int at = 0;
            for (AudioChunk chunk : all) {
                System.arraycopy(chunk.samples(), 0, samples, at, chunk.samples().length);
                at += chunk.samples().length;
            }
            checked();
            return samples;
        }
    }

    /**
     * All of it into a file in the format its extension names. The file appears under its name only
     * when it is complete and its audio was found good. Closes the speech.
     *
     * @throws InvalidAudioException if what came out is not speech; no file is left then
     */
    public SpeechReport writeTo(Path file) {
        return writeTo(file, format(file));
    }

    /** As {@link #writeTo(Path)}, in the named format whatever the file is called. */
    public SpeechReport writeTo(Path file, String format) {
        return Failures.call(() -> written(file, format));
    }

    private SpeechReport written(Path file, String format) {
        try (this) {
            AudioEncoderProvider encoder = encoder(format);
            if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
                // A device or a pipe cannot be replaced; write into it.
                try (OutputStream out = Files.newOutputStream(file)) {
                    return writeTo(out, encoder);
                }
            }
            Path target = Files.isSymbolicLink(file) ? file.toRealPath() : file.toAbsolutePath();
            Path folder = target.getParent();
            if (Files.isDirectory(target)) {
                throw new InvalidRequestException(file + " is a folder: name a file in it");
            }
            if (folder == null || !Files.isDirectory(folder)) {
                throw new SkaldException(
                        "the folder of " + file + " does not exist: make it first",
                        new NoSuchFileException(String.valueOf(folder)));
            }
            awaitAll();
            try (WholeFile whole = WholeFile.beside(target)) {
                try (AudioEncoder sink = encoder.open(whole.channel(), sampleRate())) {
                    writeAll(sink, iterator());
                }
                SpeechReport done = checked();
                whole.keep();
                return done;
            }
        } catch (IOException e) {
            throw new SkaldException("cannot write " + file + ": " + reason(e), e);
        }
    }

    private void awaitAll() {
        if (!live) {
            source.whole();
        }
    }

    /** All of it into a stream as it is made, in the named format; the stream stays open. */
    public SpeechReport writeTo(OutputStream out, String format) {
        try (this) {
            return Failures.call(() -> writeTo(out, encoder(format)));
        }
    }

    private SpeechReport writeTo(OutputStream out, AudioEncoderProvider format) {
        try {
            Iterator<AudioChunk> chunks = iterator();
            if (!chunks.hasNext()) {
                // Told before a header is written.
                return checked();
            }
            try (AudioEncoder sink = format.open(out, sampleRate())) {
                writeAll(sink, chunks);
            }
            out.flush();
            return checked();
        } catch (IOException e) {
            throw new SkaldException("cannot write the audio: " + reason(e), e);
        }
    }

    private SpeechReport checked() {
        SpeechReport done = report.build();
        if (done.chunks() == 0) {
            throw new InvalidRequestException(
                    "there is nothing to say in the text: no word, no number");
        }
        if (!checks) {
            return done;
        }
        done.check();
        if (done.silent() && !mute) {
            throw new InvalidAudioException(
                    "only silence came out: the voice may be damaged, install it again");
        }
        return done;
    }

    private static void writeAll(AudioEncoder sink, Iterator<AudioChunk> chunks)
            throws IOException {
        while (chunks.hasNext()) {
            AudioChunk chunk = chunks.next();
            sink.write(chunk.samples(), 0, chunk.samples().length);
        }
    }

    /**
     * The speech as it is made, as 16-bit signed little-endian mono PCM of unknown length. Closing
     * the stream closes the speech.
     */
    public AudioInputStream toAudioInputStream() {
        AudioFormat format = new AudioFormat(sampleRate(), 16, 1, true, false);
        return new AudioInputStream(
                new PcmInputStream(iterator(), this), format, AudioSystem.NOT_SPECIFIED);
    }

    /** Stops the work; whoever awaits a chunk gets a {@link SpeechCancelledException}. */
    public void cancel() {
        Failures.run(source::cancel);
    }

    @Override
    public void close() {
        Failures.run(source::close);
    }

    /** The names of the formats speech can be written in. */
    public static List<String> formats() {
        return encoders().flatMap(p -> p.formats().stream()).sorted().toList();
    }

    private static String format(Path file) {
        Path name = file.getFileName();
        String text = name == null ? "" : name.toString();
        int dot = text.lastIndexOf('.');
        return dot < 0 ? "wav" : text.substring(dot + 1);
    }

    private static AudioEncoderProvider encoder(String format) {
        String wanted = format.toLowerCase(Locale.ROOT);
        return encoders()
                .filter(p -> p.formats().contains(wanted))
                .findFirst()
                .orElseThrow(
                        () ->
                                new InvalidRequestException(
                                        "cannot write '"
                                                + format
                                                + "' files: use "
                                                + formats().stream()
                                                        .collect(Collectors.joining(" or "))));
    }

    private static Stream<AudioEncoderProvider> encoders() {
        return ServiceLoader.load(AudioEncoderProvider.class, Speech.class.getClassLoader())
                .stream()
                .map(ServiceLoader.Provider::get);
    }

    static String reason(IOException e) {
        if (e instanceof java.nio.file.AccessDeniedException) {
            return "no permission";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    private static final class PcmInputStream extends InputStream {
        private final Iterator<AudioChunk> chunks;
        private final Speech speech;
        private byte[] bytes = new byte[0];
        private int at;

        PcmInputStream(Iterator<AudioChunk> chunks, Speech speech) {
            this.chunks = chunks;
            this.speech = speech;
        }

        @Override
        public int read() {
            return fill() ? bytes[at++] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int n = Math.min(length, bytes.length - at);
            System.arraycopy(bytes, at, into, offset, n);
            at += n;
            return n;
        }

        private boolean fill() {
            while (at == bytes.length) {
                if (!chunks.hasNext()) {
                    return false;
                }
                bytes = pcm16(chunks.next().samples());
                at = 0;
            }
            return true;
        }

        @Override
        public void close() {
            speech.close();
        }
    }

    /** 16-bit little-endian PCM: clipped, scaled by 32767 and cut towards zero, as Piper does. */
    private static byte[] pcm16(float[] samples) {
        byte[] bytes = new byte[samples.length * 2];
        for (int i = 0; i < samples.length; i++) {
            int v = (int) (Math.max(-1f, Math.min(1f, samples[i])) * 32767f);
            bytes[2 * i] = (byte) v;
            bytes[2 * i + 1] = (byte) (v >> 8);
        }
        return bytes;
    }
}
