package dev.skald.chatterbox;

import dev.skald.SpeechCancelledException;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.S3GenBatch;
import dev.skald.chatterbox.s3gen.S3GenStream;
import dev.skald.chatterbox.t3.SharedDecoder.Sequence;
import dev.skald.chatterbox.t3.T3Config;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.text.TextTokenizer;
import dev.skald.chatterbox.voice.SpeechTokenizer;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.engine.SpeechJob;
import dev.skald.tensor.Ops;
import dev.skald.tensor.decode.SamplerSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One piece of text on its way to sound: tokens are drawn, and spoken while they are drawn. For one
 * thread.
 */
final class Utterance implements SpeechJob {
    private static final System.Logger LOG = System.getLogger(Utterance.class.getName());

    /** Turbo gets three tokens of silence at the end (official {@code tts_turbo.py}). */
    private static final int[] SILENCE = {4299, 4299, 4299};

    /** Speech takes about so many tokens a letter: 25 a second for 15. */
    private static final double TOKENS_A_LETTER = 25 / 15.0;

    private static final int REDRAWS = 2;

    /** 5 ms, so that no piece ends in a click. */
    private static final int FADE_OUT = S3Gen.SAMPLE_RATE / 200;

    private final Checkpoint checkpoint;
    private final Supplier<Ops> ops;
    private final Settings settings;
    private final T3Prompt prompt;
    private final int[] ids;
    private final String text;
    private final @Nullable PieceTimes times;
    private final int index;
    private final boolean whole;
    private final Stages stages;
    private Draw draw;

    /** What is being computed together with others. */
    private volatile S3GenStream.@Nullable Piece asked;

    private int redraws;
    private int[] pending = new int[64]; // drawn and not yet handed on
    private int count;
    private boolean spoke;
    private long made; // samples
    private int[] said = new int[64]; // all tokens of sound that were drawn
    private int tokens;
    private volatile boolean cancelled;

    /** What a request asks of every piece: the voice, emotion, sampler, language and seed. */
    record Settings(
            VoiceConditionals voice,
            float emotion,
            SamplerSettings sampler,
            Optional<String> language,
            long seed) {}

    /** One try at the piece. */
    private record Draw(Sequence tokens, RunawayGuard guard, S3GenStream sound) {}

    /**
     * @param ops of the request, for what is not computed with others
     * @param group the text as it will be said
     * @param index which piece of the request it is; each draws its own random numbers
     * @param whole whether it is spoken in one go, which is cheaper: nobody listens before the end
     * @param stages gets what each stage took
     * @throws IllegalArgumentException if text or voice do not fit the model
     */
    Utterance(
            Checkpoint checkpoint,
            Supplier<Ops> ops,
            Settings settings,
            SentenceGroups.Group group,
            int index,
            boolean whole,
            Stages stages) {
        String piece = group.text();
        this.checkpoint = checkpoint;
        this.ops = ops;
        this.settings = settings;
        this.index = index;
        this.whole = whole;
        this.stages = stages;
        ChatterboxModel model = checkpoint.model();
        int[] heard = settings.voice().promptTokens();
        int most = model.cloning().promptTokens();
        prompt =
                new T3Prompt(
                        settings.voice().speaker(),
                        heard.length > most ? Arrays.copyOf(heard, most) : heard,
                        settings.emotion());
        ids = ids(checkpoint, piece, settings.language());
        text = piece;
        times =
                group.parts().isEmpty()
                        ? null
                        : new PieceTimes(
                                checkpoint, ops.get(), prompt, ids, group, settings, index);
        draw = draw(0);
    }

    /** The ids that enter T3. */
    static int[] ids(Checkpoint checkpoint, String text, Optional<String> language) {
        return ids(checkpoint.model(), checkpoint.tokenizer(), text, language);
    }

    static int[] ids(
            ChatterboxModel model,
            TextTokenizer tokenizer,
            String text,
            Optional<String> language) {
        int[] plain = tokenizer.encode(model.punctuation().apply(text), language);
        if (model.turbo()) {
            return plain;
        }
        int[] framed = new int[plain.length + 2];
        framed[0] = T3Config.START_TEXT;
        System.arraycopy(plain, 0, framed, 1, plain.length);
        framed[plain.length + 1] = T3Config.STOP_TEXT;
        return framed;
    }

    private Draw draw(int number) {
        int length = SpokenLength.of(text);
        int stream = index * (REDRAWS + 1) + number;
        S3GenStream sound =
                checkpoint.s3gen().stream(
                        settings.voice().reference(),
                        settings.seed() + 0x9E3779B97F4A7C15L * stream,
                        checkpoint.sounds() != null,
                        this::check);
        sound.expect((int) (length * TOKENS_A_LETTER));
        return new Draw(
                checkpoint
                        .decoder()
                        .sequence(
                                prompt,
                                ids,
                                settings.sampler(),
                                settings.seed(),
                                stream,
                                RunawayGuard.most(length)),
                new RunawayGuard(length),
                sound);
    }

    @Override
    public @Nullable Batch batch() {
        S3GenStream.Piece piece = asked;
        if (piece != null) {
            return piece.done() ? null : checkpoint.sounds();
        }
        return draw.tokens.waits() ? checkpoint.decoder() : null;
    }

    /** Takes the tokens that were drawn; speaks what can be spoken then. */
    @Override
    public Step next(int threads) {
        try {
            check();
            Step sound = sound(threads);
            if (sound != null) {
                return sound;
            }
            if (!draw.tokens.joined()) {
                draw.tokens.join();
            }
            // One by one, as if each had been drawn for this piece alone.
            for (int token; (token = draw.tokens.next()) != Sequence.NONE; ) {
                Step step = take(token, threads);
                if (step != null) {
                    return step;
                }
            }
            return Step.SILENT;
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    /** Null if the next token can be taken. */
    private @Nullable Step take(int token, int threads) {
        if (draw.tokens.count() == 1) {
            stages.prefill(draw.tokens.takeNanos(), draw.tokens.positions());
        } else {
            stages.decode(draw.tokens.takeNanos());
        }
        boolean end = token == Sequence.END;
        if (!end && !isSound(token)) {
            return null; // no sound belongs to it
        }
        boolean loop = !end && add(token);
        if (end || loop) {
            if (!spoke && draw.guard.tooShort() && redraws < REDRAWS) {
                redraw(loop ? "it repeats itself" : "it ends too soon");
                return Step.SILENT;
            }
            end(loop);
            Step sound = sound(threads);
            return sound == null ? step(new float[0], true) : sound;
        }
        if (whole) {
            return null;
        }
        draw.sound.add(handOn(count - draw.guard.doubtful()));
        return sound(threads);
    }

    /**
     * The next piece of sound that is due: computed here, or with those of others, and then silent
     * until it is there. Null if none is due.
     */
    private @Nullable Step sound(int threads) {
        S3GenStream.Piece piece = asked;
        if (piece == null) {
            piece = draw.sound.due();
            if (piece == null) {
                return null;
            }
            S3GenBatch together = checkpoint.sounds();
            if (together != null) {
                asked = piece;
                together.add(piece);
                return Step.SILENT;
            }
            Ops on = ops.get();
            on.threads(threads);
            piece.compute(on);
        } else if (!piece.done()) {
            return Step.SILENT;
        }
        asked = null;
        float[] samples = piece.samples();
        spoke |= samples.length > 0;
        return step(piece.last() ? ending(samples) : samples, piece.last());
    }

    /** The samples, and when the words were heard that end with them. */
    private Step step(float[] samples, boolean last) {
        made += samples.length;
        stages.sound(draw.sound.takeWork());
        return new Step(
                samples, last, times == null ? List.of() : times.heard(said, tokens, made, last));
    }

    private void check() {
        if (cancelled) {
            throw new SpeechCancelledException("the speech was cancelled");
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    private void redraw(String why) {
        LOG.log(
                System.Logger.Level.DEBUG,
                "piece {0}: drawn again after {1} tokens: {2}",
                index,
                draw.guard.count(),
                why);
        stages.intervened();
        close();
        count = 0;
        tokens = 0;
        draw = draw(++redraws);
    }

    /** Takes a token; tells whether the last ones are a loop. */
    private boolean add(int token) {
        if (count == pending.length) {
            pending = Arrays.copyOf(pending, 2 * count);
        }
        pending[count++] = token;
        if (times != null) {
            if (tokens == said.length) {
                said = Arrays.copyOf(said, 2 * tokens);
            }
            said[tokens++] = token;
        }
        return draw.guard.add(token);
    }

    /** The first {@code most} of the tokens that were not yet handed on. */
    private int[] handOn(int most) {
        int n = Math.clamp(most, 0, count);
        int[] taken = Arrays.copyOf(pending, n);
        System.arraycopy(pending, n, pending, 0, count - n);
        count -= n;
        return taken;
    }

    /** Hands the last tokens on. */
    private void end(boolean loop) {
        if (draw.guard.count() == 0) {
            LOG.log(System.Logger.Level.WARNING, "the model said nothing for \"{0}\"", text);
        } else if (loop || !draw.tokens.stopped()) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "piece {0}: cut after {1} tokens: {2}",
                    index,
                    draw.guard.count(),
                    loop ? "it repeats itself" : "too many for its text");
            stages.intervened();
        }
        int[] rest = handOn(loop ? count - draw.guard.doubtful() : count);
        draw.sound.end(flowTokens(checkpoint.model(), rest));
        draw.tokens.close(); // its place is for others while the rest becomes sound
    }

    /** The last samples as they are heard. */
    private float[] ending(float[] samples) {
        float[] last = ending(checkpoint.model(), samples, draw.guard.count());
        int fade = Math.min(FADE_OUT, last.length);
        for (int i = 0; i < fade; i++) {
            last[last.length - 1 - i] *= i / (float) fade;
        }
        return last;
    }

    /**
     * The last samples without what a model is known to end with: the token before the stop decodes
     * to noise in the multilingual one ({@code mtl_tts.py}).
     */
    static float[] ending(ChatterboxModel model, float[] samples, int tokens) {
        return model.multilingual() && tokens > 1
                ? Arrays.copyOf(samples, Math.max(0, samples.length - S3Gen.SAMPLES_A_TOKEN))
                : samples;
    }

    /** The tokens that become sound: no start or stop tokens; silence behind Turbo's. */
    static int[] flowTokens(ChatterboxModel model, int[] drawn) {
        IntStream sounds = Arrays.stream(drawn).filter(Utterance::isSound);
        return (model.turbo() ? IntStream.concat(sounds, Arrays.stream(SILENCE)) : sounds)
                .toArray();
    }

    private static boolean isSound(int token) {
        return token < SpeechTokenizer.CODES;
    }

    @Override
    public void close() {
        if (times != null) {
            times.close();
        }
        S3GenStream.Piece piece = asked;
        S3GenBatch together = checkpoint.sounds();
        if (piece != null && together != null) {
            together.remove(piece);
        }
        stages.sound(draw.sound.takeWork());
        draw.tokens.close();
    }
}
