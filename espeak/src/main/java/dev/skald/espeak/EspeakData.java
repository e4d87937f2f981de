package dev.skald.espeak;

import dev.skald.SkaldException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** eSpeak NG's data files and voices, as they lie in the jar. */
final class EspeakData {
    /** What the module has instead of a folder: all it asks for lies below. */
    private static final String ROOT = "data/";

    /** A dictionary is asked for its length, then read, and again by the next foreign word. */
    private static final Map<String, SoftReference<byte[]>> READ = new ConcurrentHashMap<>();

    private EspeakData() {}

    /** A file as the module names it, {@code data/en_dict}; {@code null} if there is none. */
    static byte @Nullable [] file(String path) {
        SoftReference<byte[]> known = READ.get(path);
        byte[] bytes = known == null ? null : known.get();
        if (bytes == null && path.startsWith(ROOT) && !path.contains("..")) {
            bytes = resource(path);
            if (bytes != null) {
                READ.put(path, new SoftReference<>(bytes));
            }
        }
        return bytes;
    }

    private static byte @Nullable [] resource(String name) {
        // A folder of an unpacked jar reads as a list of names, and the names of files as none.
        if (name.endsWith("/") || name.equals("data/config")) {
            return null;
        }
        try (InputStream in = EspeakData.class.getResourceAsStream(name)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new SkaldException("cannot read " + name + " in the jar of skald-espeak", e);
        }
    }

    /**
     * Each voice and language code in lower case, with its file below {@code lang/}: {@code zh} is
     * {@code sit/cmn}. Those of {@code espeak_ListVoices}; a test makes them again from the files.
     */
    static SortedMap<String, String> voices() {
        return Voices.FILES;
    }

    private static final class Voices {
        static final SortedMap<String, String> FILES = read();

        private static SortedMap<String, String> read() {
            SortedMap<String, String> files = new TreeMap<>();
            try (BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    java.util.Objects.requireNonNull(
                                            EspeakData.class.getResourceAsStream("voices.txt")),
                                    StandardCharsets.US_ASCII))) {
                for (String line; (line = lines.readLine()) != null; ) {
                    int space = line.indexOf(' ');
                    files.put(line.substring(0, space), line.substring(space + 1));
                }
            } catch (IOException e) {
                throw new SkaldException("cannot read the voices in the jar of skald-espeak", e);
            }
            return files;
        }
    }
}
