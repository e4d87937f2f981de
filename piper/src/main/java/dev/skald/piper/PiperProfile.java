package dev.skald.piper;

import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where a Piper voice's time goes, for benchmarks. */
public final class PiperProfile {
    private PiperProfile() {}

    /**
     * What a stage of the network did in each round.
     *
     * @param name {@code encoder}, {@code durations}, {@code flow} or {@code decoder}
     * @param work in the order of the rounds
     */
    public record Stage(String name, List<VitsNetwork.Work> work) {}

    /**
     * Speaks a request over and over, sentence after sentence with all threads, and tells what each
     * stage of the network took.
     *
     * @param warmUps rounds before those that count
     * @param rounds rounds that count
     * @return the stages, in the order they work in
     * @throws VoiceException if the voice is not there or damaged
     */
    public static List<Stage> measure(
            EngineContext context, SpeechRequest request, int warmUps, int rounds) {
        try (Prepared p = prepare(context, request, false)) {
            Map<String, List<VitsNetwork.Work>> profile = new LinkedHashMap<>();
            for (int round = 0; round < warmUps + rounds; round++) {
                for (int[] ids : p.utterances) {
                    try (PiperNetwork.Utterance utterance = p.network.begin(ids, p.settings)) {
                        while (utterance.hasNext()) {
                            utterance.next(p.threads);
                        }
                    }
                }
                Map<String, VitsNetwork.Work> taken = p.network.takeProfile();
                if (round >= warmUps) {
                    taken.forEach(
                            (stage, work) ->
                                    profile.computeIfAbsent(stage, s -> new ArrayList<>())
                                            .add(work));
                }
            }
            List<Stage> stages = new ArrayList<>();
            profile.forEach((name, work) -> stages.add(new Stage(name, work)));
            return stages;
        }
    }

    /**
     * The same of the first utterance's first samples, as somebody waits for them: seconds from its
     * ids on, a round each.
     */
    public static List<Double> firstSamples(
            EngineContext context, SpeechRequest request, int warmUps, int rounds) {
        try (Prepared p = prepare(context, request, true)) {
            List<Double> seconds = new ArrayList<>();
            for (int round = 0; round < warmUps + rounds; round++) {
                long start = System.nanoTime();
                try (PiperNetwork.Utterance utterance =
                        p.network.begin(p.utterances.getFirst(), p.settings)) {
                    utterance.next(p.threads);
                    if (round >= warmUps) {
                        seconds.add((System.nanoTime() - start) * 1e-9);
                    }
                }
            }
            return seconds;
        }
    }

    private record Prepared(
            VitsNetwork network, List<int[]> utterances, Settings settings, int threads)
            implements AutoCloseable {
        @Override
        public void close() {
            network.close();
        }
    }

    private static Prepared prepare(EngineContext context, SpeechRequest request, boolean awaited) {
        VoiceFiles files =
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request)));
        VoiceFiles.Opened opened = files.open(VitsNetwork::load, context);
        List<int[]> utterances = new ArrayList<>();
        PiperText text = PiperText.open(context, request);
        for (SpokenSentence sentence; (sentence = text.next()) != null; ) {
            sentence.utterances().forEach(u -> utterances.add(u.ids().ids()));
        }
        PiperVoiceConfig.Inference own = opened.config().inference();
        Settings settings =
                new Settings(
                        own.noiseScale(),
                        own.lengthScale(),
                        own.noiseWidth(),
                        opened.config().defaultSpeaker(),
                        1,
                        awaited);
        return new Prepared(
                (VitsNetwork) opened.network().get(), utterances, settings, context.threads());
    }
}
