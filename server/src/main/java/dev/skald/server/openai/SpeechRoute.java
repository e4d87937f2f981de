package dev.skald.server.openai;

import dev.skald.AudioChunk;
import dev.skald.EngineUnavailableException;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.TimedText;
import dev.skald.VoiceException;
import dev.skald.audio.resample.StreamResampler;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/audio/speech}: audio as it is made, or as server-sent events. */
final class SpeechRoute {
    /** Shorter texts are spoken before the first byte of a WAV leaves: its sizes are true then. */
    private static final int WHOLE_CHARACTERS = 60;

    private final Skald skald;
    private final AudioFormats formats;
    private final int maxCharacters;
    private final OpenAiRoutes.SpeechGate gate;

    SpeechRoute(
            Skald skald, AudioFormats formats, int maxCharacters, OpenAiRoutes.SpeechGate gate) {
        this.skald = skald;
        this.formats = formats;
        this.maxCharacters = maxCharacters;
        this.gate = gate;
    }

    void serve(Exchange exchange) throws IOException {
        JsonNode body = exchange.json();
        SpeechCall call = SpeechCall.of(body, maxCharacters);
        AudioEncoderProvider encoder = formats.encoder(call.format());
        SpeechRequest request = request(call, body);
        try (Admission.Place place = gate.enter(exchange)) {
            speak(exchange, call, encoder, request);
        }
    }

    /** What a body asks for, checked. */
    SpeechRequest request(JsonNode body) {
        return request(SpeechCall.of(body, maxCharacters), body);
    }

    private SpeechRequest request(SpeechCall call, JsonNode body) {
        Mode mode = ModelNames.mode(call.model());
        Optional<VoiceNames.Choice> voice = VoiceNames.choose(call.voice(), mode, skald.voices());
        try {
            SpeechRequest.Builder request =
                    SpeechRequest.builder(call.input())
                            .mode(mode)
                            .speed(call.speed())
                            .timestamps(call.timestamps());
            voice.ifPresent(
                    v -> {
                        request.voice(v.voice());
                        v.speaker().ifPresent(request::speaker);
                    });
            call.language().ifPresent(request::language);
            call.seed().ifPresent(request::seed);
            OwnKeys.apply(body, request);
            return request.build();
        } catch (InvalidRequestException e) {
            throw ApiError.invalid(null, "invalid_value", message(e));
        }
    }

    private void speak(
            Exchange exchange, SpeechCall call, AudioEncoderProvider encoder, SpeechRequest request)
            throws IOException {
        Speech speech = told(() -> skald.speak(request));
        try (speech) {
            exchange.onLeave(speech::cancel);
            Iterator<AudioChunk> chunks = speech.iterator();
            // The first chunk decides: until it is there, an error still has a status.
            if (!told(chunks::hasNext)) {
                throw ApiError.invalid(
                        "input", "nothing_to_say", "there is no word and no number in 'input'");
            }
            String model = speech.choice().mode().toString();
            gate.began(exchange, model);
            try {
                if (call.events()) {
                    events(exchange, call, encoder, speech, chunks);
                } else if (call.format().equals("wav")
                        && call.input().length() <= WHOLE_CHARACTERS) {
                    whole(exchange, call, encoder, speech, chunks);
                } else {
                    exchange.head(AudioFormats.mediaType(call.format(), encoder));
                    OutputStream body = exchange.body();
                    encode(call, encoder, speech, chunks, body);
                    speech.report().check();
                    body.close(); // only what is whole is ended
                }
            } catch (SpeechCancelledException e) {
                throw new IOException("the caller has left", e);
            }
            gate.ended(exchange, model, speech.voice().id(), speech.report());
        }
    }

    private static void encode(
            SpeechCall call,
            AudioEncoderProvider encoder,
            Speech speech,
            Iterator<AudioChunk> chunks,
            OutputStream to)
            throws IOException {
        encode(call, encoder, speech, chunks, to, words -> {});
    }

    /** Gets the words of each chunk before its audio. */
    private interface WordSink {
        void words(List<TimedText> words) throws IOException;
    }

    private static void encode(
            SpeechCall call,
            AudioEncoderProvider encoder,
            Speech speech,
            Iterator<AudioChunk> chunks,
            OutputStream to,
            WordSink sink)
            throws IOException {
        int rate = AudioFormats.sampleRate(call.format(), speech.sampleRate());
        StreamResampler resampler = new StreamResampler(speech.sampleRate(), rate);
        try (AudioEncoder audio = encoder.open(to, rate)) {
            while (chunks.hasNext()) {
                AudioChunk chunk = chunks.next();
                sink.words(chunk.words());
                float[] samples = resampler.push(chunk.samples(), 0, chunk.samples().length);
                audio.write(samples, 0, samples.length);
            }
            float[] rest = resampler.finish();
            audio.write(rest, 0, rest.length);
        }
    }

    /** A WAV of known length. */
    private static void whole(
            Exchange exchange,
            SpeechCall call,
            AudioEncoderProvider encoder,
            Speech speech,
            Iterator<AudioChunk> chunks)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        told(
                () -> {
                    encode(call, encoder, speech, chunks, bytes);
                    speech.report().check();
                    return bytes;
                });
        byte[] wav = bytes.toByteArray();
        ByteBuffer.wrap(wav)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4, wav.length - 8)
                .putInt(40, wav.length - 44);
        exchange.send(200, AudioFormats.mediaType(call.format(), encoder), wav);
    }

    private static void events(
            Exchange exchange,
            SpeechCall call,
            AudioEncoderProvider encoder,
            Speech speech,
            Iterator<AudioChunk> chunks)
            throws IOException {
        exchange.head("text/event-stream");
        OutputStream body = exchange.body();
        EventStream events = new EventStream(body);
        try {
            encode(call, encoder, speech, chunks, events, events::words);
            speech.report().check();
            events.done(call.input(), speech.report().seconds());
        } catch (SpeechCancelledException e) {
            throw e;
        } catch (SkaldException e) {
            // An event tells it: a stream that merely ended would look complete.
            events.failed(error(e));
        }
        body.close();
    }

    /** Work whose failures become statuses. */
    private interface Work<T> {
        T run() throws IOException;
    }

    private static <T> T told(Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (SpeechCancelledException e) {
            throw new IOException("the caller has left", e);
        } catch (SkaldException e) {
            throw error(e);
        }
    }

    static ApiError error(SkaldException e) {
        return switch (e) {
            case VoiceException v -> ApiError.invalid("voice", "voice_not_found", message(v));
            case InvalidRequestException r -> ApiError.invalid(null, "invalid_value", message(r));
            case EngineUnavailableException u ->
                    ApiError.failed(503, "model_unavailable", message(u));
            default -> ApiError.failed(500, "speech_failed", message(e));
        };
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
