package dev.skald.espeak;

import dev.skald.VoiceException;
import dev.skald.text.Phonemizer;
import java.util.List;
import java.util.Locale;

/**
 * Phonemes out of eSpeak NG, which runs as WebAssembly in a sandbox: no text can end, hang or
 * corrupt the process.
 *
 * <p>Phonemes depend on voice and text alone: each text begins in the same memory. A text that
 * eSpeak NG fails on is read word by word, and a word that it fails on letter by letter. Every
 * instance shares the process's sandboxes, one for each processor.
 */
public final class EspeakNg implements Phonemizer {
    private static final Sandboxes SANDBOXES =
            new Sandboxes(Math.max(2, Runtime.getRuntime().availableProcessors()));

    /** Of processor time. A sentence of 400 characters takes 15 ms, and 50 ms in a new process. */
    private static final long MILLIS = 300;

    private static final int CHARACTERS_A_MILLI = 4;

    private static final long MILLIS_OF_A_WORD = 50;

    /** From the text's begin to the last of its parts. */
    private static final long MILLIS_OF_A_FAILURE = 850;

    /** For the {@link java.util.ServiceLoader}. Costs nothing: data is read by the first text. */
    public EspeakNg() {}

    @Override
    public List<Clause> phonemize(String voice, String text) {
        String file = file(voice);
        String speakable = speakable(text);
        long start = System.nanoTime();
        try {
            return SANDBOXES.phonemize(
                    file, speakable, MILLIS + speakable.length() / CHARACTERS_A_MILLI);
        } catch (SandboxException e) {
            Parts parts =
                    new Parts(
                            word -> SANDBOXES.phonemize(file, word, MILLIS_OF_A_WORD),
                            start + MILLIS_OF_A_FAILURE * 1_000_000);
            List<Clause> clauses = parts.read(speakable);
            System.Logger log = System.getLogger(EspeakNg.class.getName());
            log.log(
                    System.Logger.Level.WARNING,
                    "eSpeak NG failed on \"" + Parts.shown(text) + "\" in " + voice + parts.told());
            log.log(System.Logger.Level.DEBUG, "why eSpeak NG failed", e);
            return clauses;
        }
    }

    /** The languages it speaks: {@code af}, {@code am} ... {@code en-us} ... */
    @Override
    public List<String> voices() {
        return List.copyOf(EspeakData.voices().keySet());
    }

    private static String file(String voice) {
        // A variant, en-us+f3, changes the sound alone.
        int variant = voice.indexOf('+');
        String name = variant < 0 ? voice : voice.substring(0, variant);
        String file = EspeakData.voices().get(name.toLowerCase(Locale.ROOT));
        if (file == null) {
            throw new VoiceException(
                    "eSpeak NG has no voice '"
                            + voice
                            + "': name a language such as en-us, de or fr");
        }
        return file;
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
