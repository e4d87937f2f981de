package dev.skald.espeak;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import dev.skald.text.Phonemizer.Clause;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * Random strings over all voices: none ends the process, none takes a second. A short pass here; a
 * long one by {@code main}, which takes the first seed and the end of the seeds: 7,250 strings of
 * each.
 */
class EspeakFuzzTest {
    private static final int STRINGS_OF_A_VOICE = 5;
    private static final int STRINGS_OF_A_SEED = 50;
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** Pieces that mean something to eSpeak NG, and pieces that ended it once. */
    private static final String[] PIECES = {
        ".",
        ",",
        "!",
        "?",
        "...",
        "…",
        "'",
        "\"",
        "-",
        "--",
        "---",
        "(",
        ")",
        "[",
        "]",
        "[[",
        "]]",
        "<",
        ">",
        "</p>",
        "<voice name='de'>",
        "<say-as interpret-as='characters'>",
        "&lt;",
        "&#9;",
        "_",
        "^",
        "_^_en",
        "\u0001",
        "\u0001+10S",
        "\u0002",
        "\u0003",
        "\t",
        "\n",
        "\n\n",
        " ",
        "  ",
        "0",
        "1",
        "23",
        "1e9",
        "3.14",
        "1,000,000",
        "12:30",
        "1st",
        "IV",
        "XLII",
        "$5",
        "€",
        "%",
        "²",
        "a.",
        "é.",
        "i.e.",
        "p.m.",
        "s'",
        "'-h",
        "(-Q",
        "---ल",
        "Mr.",
        "U.S.A.",
        "e.g.",
        "www.",
        "@",
        "the",
        "cat",
        "Straße",
        "naïve",
        "Привет",
        "мир",
        "你好",
        "東京",
        "한국어",
        "สวัสดี",
        "नमस्ते",
        "लच्छेद",
        "مرحبا",
        "שלום",
        "ქართული",
        "Ελλάδα",
        "አማርኛ",
        "தமிழ்",
        "മലയാളം",
        "ကို",
        "ʔ",
        "ŋ",
        "\u0301",
        "\u200d",
        "\u200b",
        "\u00ad",
        "\ufeff",
        "\ufffd",
        "\u202e",
        "😀",
        "🇩🇪",
        "𝒳",
        "\ud83d",
        "\0",
        "\u007f",
        "\u0085",
        "ﬁ",
        "Ω",
        "ß",
        "ı",
        "İ",
        "ǅ"
    };

    private record Result(long strings, long failed, long worstMillis, String worst) {}

    @Test
    void nothingEndsTheProcess() {
        Result result = fuzz(STRINGS_OF_A_VOICE, 1);
        assertThat(result.strings())
                .isEqualTo((long) STRINGS_OF_A_VOICE * EspeakData.voices().size());
        assertThat(new EspeakNg().phonemize("en-us", "hello"))
                .containsExactly(new Clause("həlˈoʊ", "", true));
    }

    /** One line a seed, so that a run that was stopped can go on with the next. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
        for (long seed = Long.parseLong(args[0]); seed < Long.parseLong(args[1]); seed++) {
            System.out.println(seed + " " + fuzz(STRINGS_OF_A_SEED, seed));
        }
    }

    private static Result fuzz(int stringsOfAVoice, long seed) {
        AtomicLong failed = new AtomicLong();
        Logger log = Logger.getLogger(EspeakNg.class.getName());
        Handler counter = new Failures(failed);
        log.addHandler(counter);
        log.setUseParentHandlers(false);
        EspeakNg espeak = new EspeakNg();
        long strings = 0;
        long worst = 0;
        String worstText = "";
        for (String voice : EspeakData.voices().keySet()) {
            Random random = new Random(seed * 31 + voice.hashCode());
            for (int i = 0; i < stringsOfAVoice; i++) {
                String text = text(random);
                long millis = millis(espeak, voice, text);
                if (millis > worst) {
                    worst = millis;
                    worstText = voice + " " + text;
                }
                strings++;
            }
        }
        log.removeHandler(counter);
        log.setUseParentHandlers(true);
        return new Result(strings, failed.get(), worst, worstText);
    }

    /** Of processor time, compilers' included: what others take of the machine does not count. */
    private static long millis(EspeakNg espeak, String voice, String text) {
        long start = PROCESS.getProcessCpuTime();
        assertThat(espeak.phonemize(voice, text)).isNotNull();
        return (PROCESS.getProcessCpuTime() - start) / 1_000_000;
    }

    /** Counts what eSpeak NG failed on, by the warnings. */
    private static final class Failures extends Handler {
        private final AtomicLong failed;

        Failures(AtomicLong failed) {
            this.failed = failed;
        }

        @Override
        public void publish(LogRecord warning) {
            failed.incrementAndGet();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Of pieces, letters of any script, and repetitions of either. */
    static String text(Random random) {
        StringBuilder text = new StringBuilder();
        List<String> used = new ArrayList<>();
        for (int n = 1 + random.nextInt(12); n > 0; n--) {
            String piece =
                    switch (random.nextInt(8)) {
                        case 0 -> Character.toString(random.nextInt(0x20, 0x7F));
                        case 1 -> Character.toString(random.nextInt(0xA0, 0x3000));
                        case 2 -> letters(random);
                        default -> PIECES[random.nextInt(PIECES.length)];
                    };
            if (random.nextInt(40) == 0) {
                piece = piece.repeat(1 + random.nextInt(200));
            }
            if (!used.isEmpty() && random.nextInt(4) == 0) {
                piece = used.get(random.nextInt(used.size()));
            }
            used.add(piece);
            text.append(piece);
            if (random.nextInt(3) == 0) {
                text.append(' ');
            }
        }
        return text.length() > 1000 ? text.substring(0, 1000) : text.toString();
    }

    private static String letters(Random random) {
        StringBuilder word = new StringBuilder();
        for (int n = 1 + random.nextInt(20); n > 0; n--) {
            word.append((char) ('a' + random.nextInt(26)));
        }
        return word.toString();
    }
}
