package dev.skald.it.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.HttpResponse;
import com.openai.errors.BadRequestException;
import com.openai.models.audio.speech.SpeechCreateParams;
import dev.langchain4j.model.audio.TextToSpeechRequest;
import dev.langchain4j.model.openai.OpenAiTextToSpeechModel;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.springframework.ai.audio.tts.TextToSpeechPrompt;
import org.springframework.ai.audio.tts.TextToSpeechResponse;
import org.springframework.ai.openai.OpenAiAudioSpeechModel;
import org.springframework.ai.openai.OpenAiAudioSpeechOptions;

/** Clients for Java: OpenAI's own, Spring AI's and LangChain4j's. */
class JavaClientsTest {
    private static final String TEXT = "Hello from Skald. This is a second sentence.";

    private final String base = Served.ONE.url() + "/v1";
    private final OpenAIClient openai =
            OpenAIOkHttpClient.builder().baseUrl(base).apiKey("none").maxRetries(0).build();

    private static SpeechCreateParams.Builder params(String voice) {
        return SpeechCreateParams.builder().model("tts-1").voice(voice).input(TEXT);
    }

    @Test
    void openaiHearsEachFormatAndEvents() throws Exception {
        for (SpeechCreateParams.ResponseFormat format :
                List.of(
                        SpeechCreateParams.ResponseFormat.MP3,
                        SpeechCreateParams.ResponseFormat.OPUS,
                        SpeechCreateParams.ResponseFormat.FLAC,
                        SpeechCreateParams.ResponseFormat.WAV,
                        SpeechCreateParams.ResponseFormat.PCM)) {
            try (HttpResponse response =
                            openai.audio()
                                    .speech()
                                    .create(params("alloy").responseFormat(format).build());
                    InputStream body = response.body()) {
                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(body.readAllBytes().length).as("%s", format).isGreaterThan(4_000);
            }
        }
        try (HttpResponse response =
                        openai.audio()
                                .speech()
                                .create(
                                        params("verse")
                                                .streamFormat(SpeechCreateParams.StreamFormat.SSE)
                                                .build());
                InputStream body = response.body()) {
            assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("data: {\"type\":\"speech.audio.delta\"")
                    .contains("data: {\"type\":\"speech.audio.done\"");
        }
    }

    @Test
    void openaiIsToldWhatIsWrong() {
        assertThatThrownBy(() -> openai.audio().speech().create(params("nobody-at-all").build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).hasValue("voice"));
        assertThat(openai.models().list().data()).anyMatch(model -> model.id().equals("tts-1"));
    }

    @Test
    void springAiSpeaksAndStreams() {
        OpenAiAudioSpeechModel model =
                OpenAiAudioSpeechModel.builder()
                        .options(
                                OpenAiAudioSpeechOptions.builder()
                                        .baseUrl(base)
                                        .apiKey("none")
                                        .build())
                        .build();
        byte[] whole = model.call(TEXT);
        assertThat(whole.length).isGreaterThan(4_000);
        assertThat(whole[0]).isEqualTo((byte) 0xff);
        List<TextToSpeechResponse> streamed =
                Objects.requireNonNull(
                        model.stream(new TextToSpeechPrompt(TEXT)).collectList().block());
        assertThat(streamed.stream().mapToInt(r -> r.getResult().getOutput().length).sum())
                .isGreaterThan(4_000);
    }

    /** Its client is the JDK's, which offers HTTP/2 by an upgrade that carries the body. */
    @Test
    void langChain4jSpeaks() {
        OpenAiTextToSpeechModel model =
                OpenAiTextToSpeechModel.builder()
                        .baseUrl(base)
                        .apiKey("none")
                        .modelName("gpt-4o-mini-tts")
                        .voice("sage")
                        .build();
        byte[] audio =
                model.synthesize(TextToSpeechRequest.builder().text(TEXT).build())
                        .audio()
                        .binaryData();
        assertThat(audio.length).isGreaterThan(4_000);
        assertThat(audio[0]).isEqualTo((byte) 0xff);
    }
}
