package dev.skald.server.elevenlabs;

import dev.skald.server.http.ApiError;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Encoding;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names of ElevenLabs' output formats: codec, rate, kilobits. The bit rate is the encoder's
 * own, whatever the name says.
 */
final class OutputFormats {
    static final String USUAL = "mp3_44100_128";

    static final List<String> NAMES =
            List.of(
                    "mp3_22050_32",
                    "mp3_24000_48",
                    "mp3_44100_32",
                    "mp3_44100_64",
                    "mp3_44100_96",
                    "mp3_44100_128",
                    "mp3_44100_192",
                    "pcm_8000",
                    "pcm_16000",
                    "pcm_22050",
                    "pcm_24000",
                    "pcm_32000",
                    "pcm_44100",
                    "pcm_48000",
                    "wav_8000",
                    "wav_16000",
                    "wav_22050",
                    "wav_24000",
                    "wav_32000",
                    "wav_44100",
                    "wav_48000",
                    "opus_48000_32",
                    "opus_48000_64",
                    "opus_48000_96",
                    "opus_48000_128",
                    "opus_48000_192",
                    "ulaw_8000",
                    "alaw_8000");

    private final AudioFormats formats;

    OutputFormats(AudioFormats formats) {
        this.formats = formats;
    }

    /**
     * @param name the usual one if null
     * @throws ApiError 400 if there is no such format
     */
    Encoding encoding(@Nullable String name) {
        String wanted = name == null ? USUAL : name;
        if (!NAMES.contains(wanted)) {
            throw ApiError.invalid(
                    "output_format",
                    "invalid_output_format",
                    "'output_format' can be " + String.join(", ", NAMES));
        }
        String[] parts = wanted.split("_");
        int rate = Integer.parseInt(parts[1]);
        return switch (parts[0]) {
            case "ulaw" -> new Encoding("audio/basic", G711.mu(), rate);
            case "alaw" -> new Encoding("audio/x-alaw-basic", G711.a(), rate);
            default ->
                    formats.encoding(parts[0], rate)
                            .orElseThrow(
                                    () ->
                                            ApiError.invalid(
                                                    "output_format",
                                                    "invalid_output_format",
                                                    "there is no encoder for " + wanted));
        };
    }
}
