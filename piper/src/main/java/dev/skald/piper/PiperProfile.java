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
        VoiceFiles files =
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request)));
        int threads = context.threads();
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
                        false);
        try (VitsNetwork network = (VitsNetwork) opened.network().get()) {
            Map<String, List<VitsNetwork.Work>> profile = new LinkedHashMap<>();
            for (int round = 0; round < warmUps + rounds; round++) {
                for (int[] ids : utterances) {
                    try (PiperNetwork.Utterance utterance = network.begin(ids, settings)) {
                        while (utterance.hasNext()) {
                            utterance.next(threads);
                        }
                    }
                }
                Map<String, VitsNetwork.Work> taken = network.takeProfile();
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
}
