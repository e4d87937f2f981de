package dev.skald.piper;

import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.engine.SpeechJob;
import dev.skald.engine.SpeechPlan;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.text.SourceWord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A request's utterances in order. Read by one thread. */
final class PiperScript implements SpeechPlan.Script {
    private static final System.Logger LOG = System.getLogger(PiperScript.class.getName());

    private final String voice;
    private final PiperText text;
    private final Supplier<PiperNetwork> network;
    private final Settings settings;
    private final Timestamps timestamps;
    private final int sampleRate;
    private final Deque<SpeechPlan.Piece> pieces = new ArrayDeque<>();
    private final Map<String, Integer> unknown = new TreeMap<>();
    private int sentences;
    private long utterances;
    private boolean afterBlock;

    /**
     * @param timestamps what the text was asked to trace
     * @param sampleRate of the voice
     */
    PiperScript(
            String voice,
            PiperText text,
            Supplier<PiperNetwork> network,
            Settings settings,
            Timestamps timestamps,
            int sampleRate) {
        this.voice = voice;
        this.text = text;
        this.network = network;
        this.settings = settings;
        this.timestamps = timestamps;
        this.sampleRate = sampleRate;
    }

    @Override
    public SpeechPlan.@Nullable Piece next() {
        while (pieces.isEmpty()) {
            SpokenSentence sentence = text.next();
            if (sentence == null) {
                if (!unknown.isEmpty()) {
                    LOG.log(
                            System.Logger.Level.DEBUG,
                            "phonemes left out because voice {0} does not know them: {1}",
                            voice,
                            unknown);
                }
                return null;
            }
            add(sentence);
        }
        return pieces.remove();
    }

    private void add(SpokenSentence sentence) {
        List<SpokenSentence.Utterance> speakable = new ArrayList<>();
        for (SpokenSentence.Utterance one : sentence.utterances()) {
            if (one.speakable()) {
                speakable.add(one);
            }
        }
        for (SpokenSentence.Utterance one : speakable) {
            int[] ids = one.ids().ids();
            long number = utterances++;
            int index = sentences;
            pieces.add(
                    new SpeechPlan.Piece(
                            sentence.normalized(),
                            sentences,
                            one == speakable.getLast(),
                            afterBlock && one == speakable.getFirst(),
                            whole ->
                                    new Job(
                                            network.get()
                                                    .begin(ids, settings(number, !whole), this),
                                            one,
                                            index)));
        }
        afterBlock = speakable.isEmpty() ? afterBlock : sentence.endsBlock();
        sentences += speakable.isEmpty() ? 0 : 1;
        sentence.unknown().forEach((p, n) -> unknown.merge(p, n, Integer::sum));
    }

    /** Each utterance has its own noise, which depends on nothing but the seed and its place. */
    private Settings settings(long utterance, boolean heard) {
        return new Settings(
                settings.noiseScale(),
                settings.lengthScale(),
                settings.noiseWidth(),
                settings.speaker(),
                settings.seed() + utterance * 0x9E3779B97F4A7C15L,
                heard && utterance == 0);
    }

    /** An utterance's windows, one a step, and the silence behind the last. */
    private final class Job implements SpeechJob {
        private final PiperNetwork.Utterance utterance;
        private final SpokenSentence.Utterance said;
        private final int sentence;
        private int told;

        Job(PiperNetwork.Utterance utterance, SpokenSentence.Utterance said, int sentence) {
            this.utterance = utterance;
            this.said = said;
            this.sentence = sentence;
        }

        @Override
        public Step next(int threads) {
            float[] samples = utterance.next(threads);
            boolean last = !utterance.hasNext();
            return new Step(
                    last && said.silence() > 0
                            ? Arrays.copyOf(samples, samples.length + said.silence())
                            : samples,
                    last,
                    told == said.words().size() ? List.of() : words());
        }

        /** The words that were not told yet and whose ids have a length now. */
        private List<TimedText> words() {
            int[] ends = utterance.ends();
            List<TimedText> words = new ArrayList<>();
            for (; told < said.words().size(); told++) {
                SpokenSentence.SpokenWord word = said.words().get(told);
                if (word.to() > ends.length) {
                    break;
                }
                SourceWord source = word.word();
                words.add(
                        new TimedText(
                                timestamps,
                                source.text(),
                                source.shown(),
                                source.offset(),
                                source.length(),
                                word.from() == 0 ? 0 : ends[word.from() - 1],
                                word.to() == 0 ? 0 : ends[word.to() - 1],
                                sampleRate,
                                sentence));
            }
            return words;
        }

        @Override
        public @Nullable Batch batch() {
            return utterance.batch();
        }

        @Override
        public void joins() {
            utterance.joins();
        }

        @Override
        public void cancel() {
            utterance.cancel();
        }

        @Override
        public void close() {
            utterance.close();
        }
    }
}
