package dev.skald.espeak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.VoiceException;
import dev.skald.text.Phonemizer.Clause;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EspeakNgTest {
    private final EspeakNg espeak = new EspeakNg();

    @Test
    void clausesCarryTheirTerminators() {
        assertThat(espeak.phonemize("en-us", "Hello, world. How are you? Fine: good; bye!"))
                .containsExactly(
                        new Clause("həlˈoʊ", ",", false),
                        new Clause("wˈɜːld", ".", true),
                        new Clause("hˈaʊ ɑːɹ juː", "?", true),
                        new Clause("fˈaɪn", ":", false),
                        new Clause("ɡˈʊd", ";", false),
                        new Clause("bˈaɪ", "!", true));
    }

    @Test
    void endOfTextEndsTheSentenceWithoutASymbol() {
        assertThat(espeak.phonemize("en-us", "hello"))
                .containsExactly(new Clause("həlˈoʊ", "", true));
    }

    @ParameterizedTest
    @CsvSource({"de,Guten Tag", "fr,Bonjour", "ru,Привет", "ar,مرحبا", "cmn,你好", "es,Hola"})
    void speaksManyLanguages(String voice, String text) {
        assertThat(espeak.phonemize(voice, text))
                .singleElement()
                .satisfies(c -> assertThat(c.phonemes()).isNotBlank());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xx-nowhere", "../../etc/passwd", "en-us\0", "a b", "ünknown"})
    void unknownVoiceIsOneLine(String voice) {
        assertThatThrownBy(() -> espeak.phonemize(voice, "hello"))
                .isInstanceOf(VoiceException.class)
                .hasMessageStartingWith("eSpeak NG has no voice '" + voice + "'");
    }

    @Test
    void anUnknownVoiceLeavesTheNextTextAlone() {
        List<Clause> before = espeak.phonemize("de", "Guten Tag");
        assertThatThrownBy(() -> espeak.phonemize("nope", "x")).isInstanceOf(VoiceException.class);
        assertThat(espeak.phonemize("de", "Guten Tag")).isEqualTo(before);
    }

    @Test
    void nulAndLoneSurrogatesAreLeftOut() {
        assertThat(EspeakNg.speakable("a\0b\ud800c\udc00d")).isEqualTo("abcd");
        assertThat(EspeakNg.speakable("\0")).isEmpty();
        assertThat(EspeakNg.speakable("a😀b")).isEqualTo("a😀b");
        assertThat(espeak.phonemize("en-us", "hel\0lo\ud83d"))
                .isEqualTo(espeak.phonemize("en-us", "hello"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\n", "...", "!?", "…", "😀", "\u0301", "([", "\ufeff"})
    void whatCannotBeSpokenDoesNoHarm(String text) {
        assertThat(espeak.phonemize("en-us", text)).isNotNull();
        assertThat(espeak.phonemize("en-us", "hello")).hasSize(1);
    }

    @Test
    void listsItsVoices() {
        assertThat(espeak.voices())
                .contains("en-us", "en-gb", "de", "fr", "ru", "cmn", "zh", "pt-pt", "no")
                .isSorted()
                .allSatisfy(voice -> assertThat(espeak.phonemize(voice, "a")).isNotEmpty());
    }

    @Test
    void threadsGetWhatOneThreadGets() throws Exception {
        List<String> voices = List.of("en-us", "de", "fr", "es");
        String text = "Ana takes 3 trains, and then? No.";
        List<List<Clause>> alone = voices.stream().map(v -> espeak.phonemize(v, text)).toList();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Callable<Integer>> jobs =
                    Stream.iterate(0, i -> i + 1)
                            .limit(4)
                            .map(
                                    i ->
                                            (Callable<Integer>)
                                                    () -> {
                                                        for (int n = 0; n < 50; n++) {
                                                            assertThat(
                                                                            espeak.phonemize(
                                                                                    voices.get(i),
                                                                                    text))
                                                                    .isEqualTo(alone.get(i));
                                                        }
                                                        return i;
                                                    })
                            .toList();
            for (Future<Integer> done : pool.invokeAll(jobs)) {
                done.get();
            }
        }
    }

    /** The voices of the jar are those of its files, found as {@code espeak_ListVoices} does. */
    @Test
    void theListOfVoicesIsThatOfTheFiles() throws Exception {
        Path root = Path.of("target/classes/dev/skald/espeak/data/lang");
        SortedMap<String, String> files = new TreeMap<>();
        Map<String, Integer> priorities = new HashMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path voice : all.filter(Files::isRegularFile).sorted().toList()) {
                String file = root.relativize(voice).toString().replace('\\', '/');
                put(files, priorities, file.substring(file.lastIndexOf('/') + 1), 0, file);
                for (String line : Files.readAllLines(voice)) {
                    String[] words = line.strip().split("\\s+");
                    if (words[0].equals("language")) {
                        int priority = words.length > 2 ? Integer.parseInt(words[2]) : 5;
                        put(files, priorities, words[1], priority, file);
                    }
                }
            }
        }
        assertThat(EspeakData.voices()).isEqualTo(files);
    }

    private static void put(
            Map<String, String> files,
            Map<String, Integer> priorities,
            String code,
            int priority,
            String file) {
        String name = code.toLowerCase(Locale.ROOT);
        Integer known = priorities.get(name);
        if (known == null || priority < known) {
            files.put(name, file);
            priorities.put(name, priority);
        }
    }

    @Test
    void aVariantSpeaksAsItsLanguage() {
        assertThat(espeak.phonemize("en-us+f3", "hello"))
                .isEqualTo(espeak.phonemize("EN-US", "hello"));
    }

    @Test
    void foreignWordsAreReadAsTheirLanguage() {
        assertThat(espeak.phonemize("ru", "Привет London"))
                .singleElement()
                .satisfies(c -> assertThat(c.phonemes()).contains("(en)"));
    }

    /** What a text leaves behind is gone before the next, whatever it was. */
    @Test
    void phonemesDependOnTheTextAlone() {
        List<Clause> before = espeak.phonemize("ru", "Привет London 23.");
        espeak.phonemize("ru", "<say-as interpret-as=\"tts:char\">Tokyo [[aI]] 東京");
        espeak.phonemize("ja", "東京 \u0001+10S London");
        assertThat(espeak.phonemize("ru", "Привет London 23.")).isEqualTo(before);
    }

    @Test
    void aLongTextIsReadToItsEnd() {
        String text = "This is a sentence of a long text, and it goes on. ".repeat(500);
        assertThat(espeak.phonemize("en-us", text)).hasSize(1000);
    }
}
