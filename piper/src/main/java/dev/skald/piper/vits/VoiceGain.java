package dev.skald.piper.vits;

import dev.skald.engine.OutputGain;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How loud a voice is made. Piper raises each sentence to a peak of 1, which cannot be done before
 * the sentence has ended, and makes a quiet sentence as loud as a shout. Here one gain serves all
 * sentences of a voice: the mean of the gains that Piper's rule gives to a few fixed utterances at
 * fixed seeds. So speech is as loud as Piper's on average, windows may be heard as they come, and
 * neither seed nor text changes the gain. What would pass 1 is rounded off by a fixed curve that
 * leaves everything below {@link #KNEE} as it is.
 */
final class VoiceGain {
    /** Where the rounding off begins. */
    private static final float KNEE = 0.9f;

    /** IPA that most voices know, by codepoint; what a voice does not know is left out. */
    private static final String[] UTTERANCES = {
        "ðə bˈɜːtʃ kənˈuː slˈɪd ɑːn ðə smˈuːð plˈæŋks.",
        "ɡlˈuː ðə ʃˈiːt tə ðə dˈɑːɹk blˈuː bˈækɡɹaʊnd.",
        "ɪts ˈiːzi tə tˈɛl ðə dˈɛpθ əv ɐ wˈɛl."
    };

    private static final float LEAST_PEAK = 1e-2f;

    private final int[][] utterances;
    private final Settings settings;
    private final @Nullable Path cache;
    private float gain;

    private VoiceGain(int[][] utterances, Settings settings, @Nullable Path cache, float gain) {
        this.utterances = utterances;
        this.settings = settings;
        this.cache = cache;
        this.gain = gain;
    }

    /** A gain that is known. */
    static VoiceGain of(float gain) {
        return new VoiceGain(new int[0][], new Settings(0, 1, 0, 0, 0, false), null, gain);
    }

    /** A gain that is measured when it is first needed. */
    static VoiceGain measured(PiperVoiceConfig config) {
        return new VoiceGain(utterances(config), settings(config), null, 0);
    }

    /** A gain that was measured before, or is and then kept in {@code folder}. */
    static VoiceGain cached(Path onnx, PiperVoiceConfig config, Path folder) throws IOException {
        Path file = folder.resolve("gain-" + key(onnx));
        return new VoiceGain(utterances(config), settings(config), file, read(file));
    }

    private static String key(Path onnx) throws IOException {
        BasicFileAttributes about = Files.readAttributes(onnx, BasicFileAttributes.class);
        CRC32C crc = new CRC32C();
        crc.update(
                (onnx.toAbsolutePath() + "|" + about.lastModifiedTime())
                        .getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) crc.getValue()) + "-" + about.size();
    }

    private static float read(Path file) {
        try {
            if (Files.size(file) < 32) {
                float gain = Float.parseFloat(Files.readString(file).strip());
                return gain > 0 && gain <= 1 / LEAST_PEAK ? gain : 0;
            }
        } catch (IOException | NumberFormatException e) {
            // Not measured yet, or not readable: it is measured again.
        }
        return 0;
    }

    private static Settings settings(PiperVoiceConfig config) {
        PiperVoiceConfig.Inference own = config.inference();
        return new Settings(
                own.noiseScale(),
                own.lengthScale(),
                own.noiseWidth(),
                config.defaultSpeaker(),
                1,
                false);
    }

    private static int[][] utterances(PiperVoiceConfig config) {
        int[][] all = new int[UTTERANCES.length][];
        for (int i = 0; i < all.length; i++) {
            all[i] = ids(UTTERANCES[i], config);
        }
        return all;
    }

    private static int[] ids(String phonemes, PiperVoiceConfig config) {
        List<Integer> pad = config.phonemeIds().getOrDefault("_", List.of());
        IntStream.Builder ids = IntStream.builder();
        add(ids, config.phonemeIds().get("^"));
        phonemes.codePoints()
                .forEach(
                        c -> {
                            add(ids, pad);
                            add(ids, config.phonemeIds().get(Character.toString(c)));
                        });
        add(ids, pad);
        add(ids, config.phonemeIds().get("$"));
        return ids.build().toArray();
    }

    private static void add(IntStream.Builder to, @Nullable List<Integer> ids) {
        if (ids != null) {
            for (int id : ids) {
                to.add(id);
            }
        }
    }

    /** The voice's gain, measured if need be. */
    synchronized float gain(VitsNetwork network) {
        if (gain == 0) {
            float measured = measure(network);
            gain = measured;
            if (cache != null) {
                write(cache, measured);
            }
        }
        return gain;
    }

    private float measure(VitsNetwork network) {
        double sum = 0;
        for (int[] ids : utterances) {
            float peak = 0;
            try (var utterance = network.begin(ids, settings)) {
                while (utterance.hasNext()) {
                    for (float v : utterance.next(2)) {
                        peak = Math.max(peak, Math.abs(v));
                    }
                }
            }
            sum += 1 / Math.max(peak, LEAST_PEAK);
        }
        // Two digits more than anyone hears, and the same on every machine.
        return Math.round(sum / utterances.length * 1000) / 1000f;
    }

    /** The next start measures again if this cannot be written. */
    private static void write(Path file, float gain) {
        try {
            Path folder = file.getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            try (WholeFile whole = WholeFile.beside(file)) {
                whole.channel().write(StandardCharsets.US_ASCII.encode(Float.toString(gain)));
                whole.keep();
            }
        } catch (IOException e) {
            System.getLogger(VoiceGain.class.getName())
                    .log(System.Logger.Level.DEBUG, "the voice's gain is not kept", e);
        }
    }

    OutputGain outputGain(VitsNetwork network, float volume) {
        float raise = gain(network);
        return window -> {
            for (int i = 0; i < window.length; i++) {
                float v = rounded(window[i] * raise) * volume;
                window[i] = v > 1f ? 1f : v < -1f ? -1f : v;
            }
        };
    }

    private static float rounded(float v) {
        float size = Math.abs(v);
        if (size <= KNEE) {
            return v;
        }
        float over = (size - KNEE) / (1 - KNEE);
        return Math.copySign(KNEE + (1 - KNEE) * (float) Math.tanh(over), v);
    }
}
