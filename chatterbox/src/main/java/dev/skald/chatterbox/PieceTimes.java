package dev.skald.chatterbox;

import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.chatterbox.SentenceGroups.Group;
import dev.skald.chatterbox.SentenceGroups.Part;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.t3.TextAttention;
import dev.skald.tensor.Ops;
import dev.skald.text.SentenceTrace;
import dev.skald.text.SourceWord;
import dev.skald.text.origins.Origins;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When the words of a piece are heard: where a model has heads that follow the text, by what they
 * attend to, to the speech token (40 ms); else the piece as a whole, once it has ended. For one
 * thread.
 */
final class PieceTimes implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final Ops ops;
    private final T3Prompt prompt;
    private final int[] ids;
    private final Group group;
    private final int index;
    private final boolean aligned;
    private final List<Span> spans = new ArrayList<>();
    private @Nullable TextAttention attention;
    private int told;
    private long toldTo;

    /** A word, or a sentence, and the text tokens that it is. */
    private record Span(SourceWord word, int from, int to) {}

    PieceTimes(
            Checkpoint checkpoint,
            Ops ops,
            T3Prompt prompt,
            int[] ids,
            Group group,
            Utterance.Settings settings,
            int index) {
        this.checkpoint = checkpoint;
        this.ops = ops;
        this.prompt = prompt;
        this.ids = ids;
        this.group = group;
        this.index = index;
        aligned = TextAttention.knows(checkpoint.t3());
        if (aligned) {
            String spoken = checkpoint.model().punctuation().apply(group.text());
            Origins origins = Origins.between(group.text(), spoken);
            for (Part part : group.parts()) {
                List<SourceWord> words = part.words();
                if (group.level() == Timestamps.WORD) {
                    words.forEach(w -> spans.add(span(w, spoken, origins, settings)));
                } else if (!words.isEmpty()) {
                    spans.add(span(part.trace().joined(words), spoken, origins, settings));
                }
            }
        }
    }

    /** Text tokens up to a place are those of the text up to there: none joins two words. */
    private Span span(
            SourceWord word, String spoken, Origins origins, Utterance.Settings settings) {
        int from = 0;
        while (from < spoken.length() && origins.end(from) <= word.from()) {
            from++;
        }
        int to = from;
        while (to < spoken.length() && origins.start(to) < word.to()) {
            to++;
        }
        return new Span(word, tokens(spoken, from, settings), tokens(spoken, to, settings));
    }

    private int tokens(String spoken, int to, Utterance.Settings settings) {
        String before = spoken.substring(0, to);
        return 1 + checkpoint.tokenizer().encode(before, settings.language()).length;
    }

    /**
     * What is heard to its end by now and was not told yet.
     *
     * @param tokens the speech tokens that were drawn, of which there are {@code count}
     * @param samples that were made of them
     * @param last whether all were made
     */
    List<TimedText> heard(int[] tokens, int count, long samples, boolean last) {
        if (!aligned) {
            return last ? List.of(whole(samples)) : List.of();
        }
        TextAttention follows = attention;
        if (follows == null) {
            int limit = RunawayGuard.most(SpokenLength.of(group.text()));
            follows = checkpoint.decoder().attention(ops, prompt, ids, limit);
            attention = follows;
        }
        int[] path = TextPath.of(follows.follow(tokens, count), ids.length, last);
        List<TimedText> heard = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < spans.size(); i++) {
            Span span = spans.get(i);
            while (at < count && path[at] < span.from) {
                at++;
            }
            long start = at * (long) S3Gen.SAMPLES_A_TOKEN;
            while (at < count && path[at] < span.to) {
                at++;
            }
            if (i < told) {
                continue;
            }
            long end = at * (long) S3Gen.SAMPLES_A_TOKEN;
            if (!last && (at == count || end > samples)) {
                break;
            }
            start = Math.clamp(start, toldTo, Math.max(toldTo, samples));
            toldTo = Math.clamp(end, start, Math.max(start, samples));
            heard.add(timed(group.level(), span.word, start, toldTo));
            told++;
        }
        return heard;
    }

    private TimedText whole(long samples) {
        List<SentenceTrace> traces = group.parts().stream().map(Part::trace).toList();
        return timed(Timestamps.SENTENCE, SentenceTrace.whole(traces), 0, samples);
    }

    private TimedText timed(Timestamps level, SourceWord word, long start, long end) {
        return new TimedText(
                level,
                word.text(),
                word.shown(),
                word.offset(),
                word.length(),
                start,
                end,
                S3Gen.SAMPLE_RATE,
                index);
    }

    /** What is drawn again is followed anew. */
    @Override
    public void close() {
        if (attention != null) {
            attention.close();
            attention = null;
        }
    }
}
