package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.AudioChunk;
import dev.skald.SpeechRequest;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.engine.OutputGain;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When words are heard: the audio of this network says which id each sample belongs to. */
class WordTimesTest {
    private static final String TEXT =
            "Dr. Smith paid $5 for the end of it. \"So,\" she said: U.S. law, at 3:45 pm!\n\n"
                    + "The **well-known** cafés of the 1990s — and/or 12.5% of them.";

    @TempDir Path folder;
    private Path voice = Path.of("voice.onnx");
    private PiperVoiceConfig config = config();

    private static PiperVoiceConfig config() {
        try {
            return PiperIdsTest.config("plain");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @BeforeEach
    void voice() throws IOException {
        voice = folder.resolve("voice.onnx");
        Files.writeString(voice, "");
        String json = PiperIdsTest.resource("plain.onnx.json");
        Files.writeString(folder.resolve("voice.onnx.json"), json);
        config = config();
    }

    /** Three to seven samples an id, each with the value id / 1000, in windows of 50. */
    private static final class Telling implements PiperNetwork {
        @Override
        public Utterance begin(int[] ids, Settings settings) {
            int[] ends = new int[ids.length];
            for (int i = 0, end = 0; i < ids.length; i++) {
                end += 3 + (ids[i] + i) % 5;
                ends[i] = end;
            }
            float[] all = new float[ends[ids.length - 1]];
            for (int i = 0, at = 0; i < ids.length; at = ends[i++]) {
                Arrays.fill(all, at, ends[i], ids[i] / 1000f);
            }
            return new Utterance() {
                private int at;

                @Override
                public boolean hasNext() {
                    return at < all.length;
                }

                @Override
                public float[] next(int threads) {
                    int from = at;
                    at = Math.min(all.length, at + 50);
                    return Arrays.copyOfRange(all, from, at);
                }

                @Override
                public int[] ends() {
                    return ends;
                }

                @Override
                public void cancel() {}

                @Override
                public void close() {}
            };
        }

        @Override
        public OutputGain outputGain(float volume) {
            return OutputGain.fixed(1);
        }

        @Override
        public void close() {}
    }

    private record Spoken(List<TimedText> words, int[] ids) {
        /** The ids that are heard from one sample to another, each once for each time. */
        String heard(long from, long to, PiperVoiceConfig config) {
            StringBuilder said = new StringBuilder();
            for (int i = (int) from; i < to; i++) {
                if (ids[i] > 2 && (i == from || ids[i] != ids[i - 1])) {
                    int id = ids[i];
                    config.phonemeIds().entrySet().stream()
                            .filter(e -> e.getValue().getFirst() == id)
                            .forEach(e -> said.append(e.getKey()));
                }
            }
            return said.toString();
        }
    }

    private Spoken speak(SpeechRequest.Builder request, Timestamps level) {
        EngineContext context =
                EngineContext.builder().home(folder).threads(2).offline(true).build();
        PiperEngine engine = new PiperEngine(context, (onnx, c, on) -> new Telling());
        List<TimedText> words = new ArrayList<>();
        List<AudioChunk> chunks = new ArrayList<>();
        long samples = 0;
        try (AudioSource source = engine.speak(request.voice(voice).timestamps(level).build())) {
            for (AudioChunk chunk; (chunk = source.next()) != null; ) {
                for (TimedText word : chunk.words()) {
                    // Never later than its last sample.
                    assertThat(word.end()).isGreaterThanOrEqualTo(samples);
                }
                words.addAll(chunk.words());
                chunks.add(chunk);
                samples += chunk.samples().length;
            }
        } finally {
            engine.close();
        }
        int[] ids =
                chunks.stream()
                        .flatMapToInt(
                                c ->
                                        IntStream.range(0, c.samples().length)
                                                .map(i -> Math.round(c.samples()[i] * 1000)))
                        .toArray();
        long end = 0;
        int place = 0;
        for (TimedText word : words) {
            assertThat(word.start()).isGreaterThanOrEqualTo(end);
            assertThat(word.end()).isGreaterThanOrEqualTo(word.start());
            assertThat(word.offset()).isGreaterThanOrEqualTo(place);
            end = word.end();
            place = word.offset() + word.length();
        }
        assertThat(end).isLessThanOrEqualTo(ids.length);
        return new Spoken(words, ids);
    }

    @Test
    void aWordLastsAsLongAsItsPhonemes() {
        Spoken spoken = speak(SpeechRequest.builder(TEXT).sentenceSilence(0.01), Timestamps.WORD);
        List<String> heard =
                spoken.words().stream()
                        .map(w -> w.text() + " " + spoken.heard(w.start(), w.end(), config))
                        .toList();
        assertThat(spoken.words())
                .extracting(TimedText::text)
                .containsExactly(
                        "Dr.",
                        "Smith",
                        "paid",
                        "$5",
                        "for",
                        "the",
                        "end",
                        "of",
                        "it",
                        "So",
                        "she",
                        "said",
                        "U.S.",
                        "law",
                        "at",
                        "3:45 pm",
                        "The",
                        "well-known",
                        "cafés",
                        "of",
                        "the",
                        "1990s",
                        "and/or",
                        "12.5%",
                        "of",
                        "them");
        assertThat(heard)
                .startsWith("Dr. dˈɑːktɚ", "Smith smˈɪθ", "paid pˈeɪd", "$5 fˈaɪv dˈɑːlɚz");
        assertThat(heard)
                .contains("end ˈɛnd", "she ʃiː", "said sˈɛd", "law lˈɔː", "well-known wˈɛlnˈoʊn");
        // What is heard between words is no word.
        long at = 0;
        for (TimedText word : spoken.words()) {
            assertThat(spoken.heard(at, word.start(), config)).matches("[ ,.:;!?—-]*");
            assertThat(spoken.heard(word.start(), word.end(), config)).isNotBlank();
            at = word.end();
        }
        assertThat(spoken.heard(at, spoken.ids().length, config)).matches("[ ,.!?]*");
        assertThat(spoken.words().stream().map(TimedText::shown).collect(Collectors.joining()))
                .startsWith("Dr. Smith paid $5 for the end of it.\"So,\" she said: ");
    }

    @Test
    void sentencesAreToldAsWholes() {
        Spoken spoken = speak(SpeechRequest.builder(TEXT), Timestamps.SENTENCE);
        assertThat(spoken.words().getFirst().text())
                .isEqualTo("Dr. Smith paid $5 for the end of it");
        assertThat(spoken.words()).allMatch(w -> w.level() == Timestamps.SENTENCE);
        assertThat(spoken.words()).extracting(TimedText::sentence).contains(0, 1, 2);
    }

    @Test
    void nothingIsToldThatNobodyAskedFor() {
        assertThat(speak(SpeechRequest.builder(TEXT), Timestamps.NONE).words()).isEmpty();
    }

    @Test
    void timesDoNotDriftInALongTextThatIsReadAsItComes() {
        String text = (TEXT + "\n\n").repeat(400); // an hour of speech
        Spoken spoken =
                speak(
                        SpeechRequest.builder(new StringReader(text)).sentenceSilence(0.001),
                        Timestamps.WORD);
        List<TimedText> words = spoken.words();
        assertThat(words).hasSize(400 * 26);
        for (int i = 0; i < words.size(); i++) {
            TimedText word = words.get(i);
            String first = spoken.heard(words.get(i % 26).start(), words.get(i % 26).end(), config);
            assertThat(spoken.heard(word.start(), word.end(), config)).isEqualTo(first);
            assertThat(text.substring(word.offset(), word.offset() + word.length()))
                    .isEqualTo(word.text());
        }
    }
}
