package dev.skald.espeak;

import dev.skald.VoiceException;
import dev.skald.text.Phonemizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Phonemes out of eSpeak NG.
 *
 * <p>The library is global state that is not safe for threads, so the process has one of it behind
 * one lock: every instance shares it, and threads wait for each other (6 to 9 microseconds a
 * character).
 */
public final class EspeakNg implements Phonemizer {
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static @Nullable EspeakLibrary shared;

    /** Read when first needed: it makes the library look into each of its 130 voices. */
    private static @Nullable SortedMap<String, String> names;

    private final EspeakLibrary library;

    private EspeakNg(EspeakLibrary library) {
        this.library = library;
    }

    /**
     * Extracts the library and its data if that was not done before, and loads it if this process
     * has not yet; the first folder given stays the process's.
     *
     * @param cache the folder of caches in the Skald home; may not exist yet
     * @throws dev.skald.EngineUnavailableException if there is no library for this machine
     * @throws dev.skald.SkaldException if it cannot be extracted or loaded
     */
    public static EspeakNg open(Path cache) {
        LOCK.lock();
        try {
            EspeakLibrary library = shared;
            if (library == null) {
                library = EspeakLibrary.load(EspeakFiles.extracted(cache.toAbsolutePath()));
                shared = library;
            }
            return new EspeakNg(library);
        } finally {
            LOCK.unlock();
        }
    }

    @Override
    public List<Clause> phonemize(String voice, String text) {
        String speakable = speakable(text);
        LOCK.lock();
        try {
            // Set anew for each text as piper1-gpl does: what the last text left behind is reset.
            if (!valid(voice) || !library.setVoice(voice) && !setByCode(voice)) {
                throw new VoiceException(
                        "eSpeak NG has no voice '"
                                + voice
                                + "': name a language such as en-us, de or fr");
            }
            return library.phonemes(speakable);
        } finally {
            LOCK.unlock();
        }
    }

    /** The languages it speaks: {@code af}, {@code am} ... {@code en-us} ... */
    @Override
    public List<String> voices() {
        LOCK.lock();
        try {
            return List.copyOf(names().keySet());
        } finally {
            LOCK.unlock();
        }
    }

    /** The library finds a voice by its file ({@code cmn}) but not by its language ({@code zh}). */
    private boolean setByCode(String code) {
        String name = names().get(code.toLowerCase(Locale.ROOT));
        return name != null && library.setVoice(name);
    }

    private SortedMap<String, String> names() {
        SortedMap<String, String> known = names;
        if (known == null) {
            known = library.voices();
            names = known;
        }
        return known;
    }

    /** It opens files by the voice's name: let no name leave its folder. */
    private static boolean valid(String voice) {
        if (voice.isEmpty() || voice.length() > 40) {
            return false;
        }
        for (int i = 0; i < voice.length(); i++) {
            char c = voice.charAt(i);
            boolean known =
                    c >= 'a' && c <= 'z'
                            || c >= 'A' && c <= 'Z'
                            || c >= '0' && c <= '9'
                            || c == '-'
                            || c == '_'
                            || c == '+';
            if (!known) {
                return false;
            }
        }
        return true;
    }

    /** Without NUL, which would cut the text, and lone surrogates, which UTF-8 cannot say. */
    static String speakable(String text) {
        StringBuilder out = null;
        int length = text.length();
        for (int i = 0; i < length; ) {
            int c = text.codePointAt(i);
            int next = i + Character.charCount(c);
            boolean bad = c == 0 || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
            if (bad && out == null) {
                out = new StringBuilder(length).append(text, 0, i);
            } else if (!bad && out != null) {
                out.appendCodePoint(c);
            }
            i = next;
        }
        return out == null ? text : out.toString();
    }
}
