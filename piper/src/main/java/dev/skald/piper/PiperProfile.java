package dev.skald.piper;

import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Where a Piper voice's time goes, for benchmarks. */
public final class PiperProfile {
    private PiperProfile() {}

    /**
     * Speaks a request over and over, sentence after sentence with all threads, and tells what each
     * stage of the network took.
     *
     * @param warmUps rounds before those that count
     * @param rounds rounds that count
     * @return stage ({@code encoder}, {@code durations}, {@code flow}, {@code decoder}) to its time
     *     and work over all counted rounds
     * @throws VoiceException if the voice is not there or damaged
     */
    public static Map<String, VitsNetwork.Work> measure(
            EngineContext context, SpeechRequest request, int warmUps, int rounds) {
        VoiceFiles files =
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request)));
        int threads = context.threads();
        VoiceFiles.Opened opened =
                files.open(VitsNetwork::load, threads, context.home().resolve("cache"));
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
                        1);
        try (VitsNetwork network = (VitsNetwork) opened.network().get()) {
            for (int round = 0; round < warmUps + rounds; round++) {
                if (round == warmUps) {
                    network.takeProfile();
                }
                for (int[] ids : utterances) {
                    try (PiperNetwork.Utterance utterance = network.begin(ids, settings, threads)) {
                        while (utterance.hasNext()) {
                            utterance.next();
                        }
                    }
                }
            }
            return network.takeProfile();
        }
    }
}
