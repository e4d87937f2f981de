package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.engine.EngineRuntime;
import dev.skald.engine.Speaker;
import dev.skald.engine.SpeechJob;
import dev.skald.engine.SpeechPlan;
import dev.skald.nn.Rows;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.TestDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sentences of several speeches, sample by sample against each alone. */
class VitsBatchTest {
    /** What is said, and how. */
    private record Said(int[] ids, Settings settings) {}

    /** Of other lengths, in other buckets, with other noise and speeds, of other speakers. */
    private static List<Said> said(boolean speakers) {
        int other = speakers ? 4 : 0;
        return List.of(
                new Said(Voices.ids(5, 3), new Settings(.667f, 1, .8f, 0, 7, true)),
                new Said(Voices.ids(70, 4), new Settings(.3f, 1.2f, .5f, other, -8, true)),
                new Said(Voices.ids(17, 5), new Settings(0, .7f, 0, other / 2, 9, false)));
    }

    /** Everything is done twice, so that a device launches graphs. */
    @ParameterizedTest
    @ValueSource(strings = {"medium", "high-speakers", "plain-durations-speakers"})
    void aSentenceIsTheSameAmongOthers(String name) {
        assumeTrue(!onCpu(), "each alone there");
        try (VitsNetwork network = Voices.network(name)) {
            List<Said> said = said(name.contains("speakers"));
            List<float[]> alone = said.stream().map(s -> alone(network, s)).toList();
            for (int again = 0; again < 2; again++) {
                List<float[]> together = together(network, said);
                for (int i = 0; i < said.size(); i++) {
                    assertThat(together.get(i)).as("sentence %s", i).isEqualTo(alone.get(i));
                }
            }
        }
    }

    /**
     * One that is begun alone, goes on with others, whose windows are elsewhere, and ends alone.
     */
    @Test
    void aLongOneComesAndGoes() {
        assumeTrue(!onCpu(), "each alone there");
        boolean simulated = System.getProperty("skald.cuda.library") != null;
        boolean all = System.getProperty("skald.simulated", "").equals("all");
        assumeTrue(!simulated || all, "minutes on the simulator");
        try (VitsNetwork network = Voices.network("x_low")) {
            Said first = new Said(Voices.ids(90, 3), new Settings(.667f, 7, .8f, 0, 7, true));
            Said other = new Said(Voices.ids(9, 4), new Settings(.667f, 1, .8f, 0, 8, true));
            float[] alone = alone(network, first);
            assertThat(alone.length / network.hop()).isGreaterThan(700);
            List<float[]> parts = new ArrayList<>();
            try (VitsUtterance utterance = begin(network, first, "first");
                    VitsUtterance more = begin(network, other, "other")) {
                for (int window = 0; window < 2; window++) {
                    assertThat(utterance.batch() == null).isEqualTo(window == 0);
                    parts.add(utterance.next(1));
                }
                run(List.of(utterance, more));
                assertThat(more.next(1)).isEqualTo(alone(network, other));
                more.close();
                parts.add(utterance.next(1));
                assertThat(utterance.batch()).isNull();
                assertThat(utterance.hasNext()).isTrue();
                while (utterance.hasNext()) {
                    parts.add(utterance.next(1));
                }
            }
            assertThat(joined(parts)).isEqualTo(alone);
            assertThat(together(network, List.of(other, first)).getLast()).isEqualTo(alone);
        }
    }

    @Test
    void whoIsCancelledOrFailsStopsNobodyElse() {
        assumeTrue(!onCpu(), "each alone there");
        try (VitsNetwork network = Voices.network("medium-speakers")) {
            Said wanted = said(true).getFirst();
            Said other = said(true).getLast();
            Said endless = new Said(other.ids, new Settings(.667f, 1e30f, .8f, 0, 7, true));
            List<VitsUtterance> all = new ArrayList<>();
            for (Said s : List.of(other, wanted, endless, other, other)) {
                all.add(begin(network, s, all.size()));
            }
            all.get(3).cancel();
            all.get(4).close();
            run(all.subList(1, 5));
            all.getFirst().cancel();
            assertThat(all.get(1).next(1)).isEqualTo(alone(network, wanted));
            assertThat(all.get(1).hasNext()).isFalse();
            assertThatThrownBy(() -> all.get(2).next(1)).isInstanceOf(VoiceException.class);
            assertThatThrownBy(() -> all.get(3).next(1))
                    .isInstanceOf(SpeechCancelledException.class);
            assertThat(all.get(4).hasNext()).isFalse();
            run(all.subList(1, 5)); // nobody waits
            all.forEach(VitsUtterance::close);
        }
    }

    /** Alone a window is computed without its surroundings' edges, in a batch with them. */
    @ParameterizedTest
    @ValueSource(strings = {"medium", "high-speakers"})
    void aWindowIsTheSameInEveryShape(String name) {
        assumeTrue(!onCpu(), "other sums there");
        try (VitsNetwork network = Voices.network(name)) {
            VitsRecordings recordings = network.recordings();
            int hop = network.hop();
            int first = VitsRecordings.FIRST;
            int needed = first + recordings.right();
            int cut = recordings.left() + 3;
            assertThat(needed).isLessThan(110);
            float[] whole = decode(network, Rows.all(128), 0, 110, true);
            assertThat(
                            Arrays.copyOf(
                                    decode(network, VitsRecordings.FIRST_WINDOW, 0, needed, false),
                                    first * hop))
                    .isEqualTo(Arrays.copyOf(whole, first * hop));
            float[] inside = decode(network, Rows.all(128), 3, 100, true);
            int to = 100 - recordings.right();
            assertThat(Arrays.copyOfRange(inside, (cut - 3) * hop, (to - 3) * hop))
                    .isEqualTo(Arrays.copyOfRange(whole, cut * hop, to * hop));
        }
    }

    /** The samples of frames [from, to) of a latent, in a window. */
    private static float[] decode(
            VitsNetwork network, Rows window, int from, int to, boolean padded) {
        int channels = network.vits().flow().channels();
        float[] latent = new float[(to - from) * channels];
        for (int i = 0; i < latent.length; i++) {
            int at = i + from * channels;
            latent[i] = (float) Math.sin(.7 * at * (1 + at % 5));
        }
        Ops ops = network.take();
        try (Ops.Scope scope = ops.scope();
                Ops.Recording<VitsRecordings.Frames> decoding =
                        network.recordings()
                                .decoder(
                                        ops,
                                        1,
                                        window,
                                        padded ? window.count() : 2 * VitsRecordings.FAR,
                                        padded)) {
            VitsRecordings.Frames frames = decoding.tensors();
            ops.write(latent, 0, frames.z().rows(0, to - from));
            if (frames.valid() != null) {
                ops.write(new int[] {to - from}, frames.valid());
            }
            decoding.replay();
            return ops.read(frames.audio());
        } finally {
            network.give(ops);
        }
    }

    /** Two sentences each, through the scheduler; one is given up. */
    @Test
    void speechesAtOnceAreThoseAlone() {
        assumeTrue(!onCpu(), "each alone there");
        EngineContext context =
                EngineContext.builder().device(TestDevice.name()).threads(3).build();
        try (VitsNetwork network = Voices.network("medium-speakers");
                EngineRuntime runtime = EngineRuntime.open(context, VitsNetwork.AUTO)) {
            List<Said> said = new ArrayList<>();
            List<float[]> alone = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                said.add(new Said(Voices.ids(4 + 2 * i, i), new Settings(1, 1, 1, i % 5, i, true)));
                alone.add(alone(network, said.get(i)));
            }
            List<Speaker> speakers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                speakers.add(runtime.speak(plan(network, said.subList(i, i + 2))));
                speakers.get(i).begin();
            }
            speakers.get(2).close();
            speakers.add(runtime.speak(plan(network, said.subList(6, 8))));
            speakers.getLast().whole();
            for (int i : new int[] {0, 1, 3, 4, 5}) {
                List<float[]> parts = new ArrayList<>();
                for (AudioChunk c = speakers.get(i).next(); c != null; c = speakers.get(i).next()) {
                    parts.add(c.samples());
                }
                int first = i == 5 ? 6 : i;
                assertThat(joined(parts))
                        .as("speech %s", i)
                        .isEqualTo(joined(alone.subList(first, first + 2)));
            }
        }
    }

    private static SpeechPlan plan(VitsNetwork network, List<Said> said) {
        Iterator<Said> all = said.iterator();
        SpeechRequest request = SpeechRequest.builder("x").sentenceSilence(0).build();
        Voice voice = new Voice("v", Mode.FAST, "en", "", 22_050, List.of(), "CC0");
        return SpeechPlan.builder(request, voice, 22_050)
                .ahead(2)
                .build(
                        () -> {
                            if (!all.hasNext()) {
                                return null;
                            }
                            Said next = all.next();
                            return new SpeechPlan.Piece(
                                    "x",
                                    0,
                                    true,
                                    false,
                                    whole -> new Job(begin(network, next, said)));
                        });
    }

    /** An utterance as {@code PiperScript} has it. */
    private record Job(VitsUtterance utterance) implements SpeechJob {
        @Override
        public Step next(int threads) {
            float[] samples = utterance.next(threads);
            return new Step(samples, !utterance.hasNext());
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

    /** Nor two sentences of one speech, nor anything on a CPU. */
    @Test
    void oneSpeechAloneIsNoBatch() {
        try (VitsNetwork network = Voices.network("medium")) {
            Said said = said(false).getFirst();
            try (VitsUtterance first = begin(network, said, "a");
                    VitsUtterance second = begin(network, said, "a")) {
                assertThat(first.batch()).isNull();
                assertThat(second.batch()).isNull();
                assertThat(alone(network, said)).startsWith(first.next(1));
                try (VitsUtterance other = begin(network, said, "b")) {
                    assertThat(other.batch() == null).isEqualTo(onCpu());
                    assertThat(second.batch()).isNull(); // until its next window
                }
                try (VitsUtterance another = begin(network, said, "a")) {
                    assertThat(another.batch()).isNull();
                }
            }
        }
    }

    /** The last stages of a long window, one sentence after the other. */
    @Test
    void whatFillsTheDeviceIsDecodedOneByOne() {
        assumeTrue(!onCpu(), "each alone there");
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            Vits vits = Vits.load(parameters, OnnxVoice.of(Voices.file(Voices.bytes("medium"))), 2);
            int channels = vits.flow().channels();
            int hop = vits.decoder().hop();
            float[] values = new float[2 * 6 * channels];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.sin(i);
            }
            List<float[]> few = new ArrayList<>();
            List<float[]> many = new ArrayList<>();
            for (int rows : new int[] {6, 1600}) {
                try (Ops.Scope scope = ops.scope()) {
                    Tensor z = ops.zeros(2, rows, channels);
                    Tensor audio = ops.tensor(2, rows * hop, 1);
                    for (int i = 0; i < 2; i++) {
                        ops.write(values, i * 6 * channels, z.batch(i).rows(0, 6));
                    }
                    vits.decoder()
                            .decode(
                                    ops,
                                    z.valid(ops.ints(6, 4)),
                                    Rows.all(rows),
                                    rows,
                                    null,
                                    audio);
                    List<float[]> samples = rows == 6 ? few : many;
                    samples.add(ops.read(audio.batch(0).rows(0, 6 * hop)));
                    samples.add(ops.read(audio.batch(1).rows(0, 4 * hop)));
                }
            }
            assertThat(many.getFirst()).isEqualTo(few.getFirst());
            assertThat(many.getLast()).isEqualTo(few.getLast());
        }
    }

    private static VitsUtterance begin(VitsNetwork network, Said said, Object speech) {
        return (VitsUtterance) network.begin(said.ids, said.settings, speech);
    }

    private static float[] alone(VitsNetwork network, Said said) {
        return Voices.collect((VitsUtterance) network.begin(said.ids, said.settings));
    }

    /** The next samples of all, as the scheduler has them computed. */
    private static void run(List<VitsUtterance> all) {
        SpeechJob.Batch batch = Objects.requireNonNull(all.getFirst().batch());
        all.forEach(VitsUtterance::joins);
        batch.run();
    }

    /** As speeches of their own, as the scheduler has them. */
    private static List<float[]> together(VitsNetwork network, List<Said> said) {
        List<VitsUtterance> all = new ArrayList<>();
        List<List<float[]>> samples = new ArrayList<>();
        for (Said s : said) {
            all.add(begin(network, s, s));
            samples.add(new ArrayList<>());
        }
        all.getFirst().close(); // begun before there were others: it would go first by itself
        all.set(0, begin(network, said.getFirst(), said.getFirst()));
        while (all.stream().anyMatch(VitsUtterance::hasNext)) {
            run(all.stream().filter(VitsUtterance::hasNext).toList());
            for (int i = 0; i < all.size(); i++) {
                if (all.get(i).hasNext()) {
                    samples.get(i).add(all.get(i).next(1));
                }
            }
        }
        all.forEach(VitsUtterance::close);
        return samples.stream().map(VitsBatchTest::joined).toList();
    }

    private static float[] joined(List<float[]> parts) {
        float[] all = new float[0];
        for (float[] more : parts) {
            int at = all.length;
            all = Arrays.copyOf(all, at + more.length);
            System.arraycopy(more, 0, all, at, more.length);
        }
        return all;
    }

    private static boolean onCpu() {
        try (Devices.Lease device = Devices.open(TestDevice.name(), 1)) {
            return !device.backend().quick();
        }
    }
}
