package dev.skald.cli.speak;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.ChatterboxText;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.piper.PiperText;
import dev.skald.piper.SpokenSentence;
import dev.skald.piper.SpokenSentence.Utterance;
import dev.skald.text.Lexicon;
import dev.skald.text.TextFrontEnd;
import dev.skald.voices.VoiceLibrary;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/** {@code skald text}. */
@Command(
        name = "text",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Show what will be said: sentences, as read, phonemes, ids.")
public final class TextCommand implements Callable<Integer> {
    private final Console console;

    @Mixin TextSource source = new TextSource();

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(names = "--normalized", description = "Print the normalised text alone.")
    boolean normalized;

    @Mixin SpeechOptions options = new SpeechOptions();

    public TextCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        try (Reader text = source.open(console.io())) {
            SpeechRequest request = options.request(text);
            if (normalized) {
                normalized(text, request);
                return ExitCode.OK.number;
            }
            boolean piper = request.model().filter("piper"::equals).isPresent();
            if (request.mode() == Mode.CINEMATIC || request.model().isPresent() && !piper) {
                pieces(ChatterboxText.open(console.engineContext(), request));
                return ExitCode.OK.number;
            }
            PiperText sentences = PiperText.open(console.engineContext(), request);
            if (json) {
                json(sentences);
            } else {
                human(sentences);
            }
        }
        return ExitCode.OK.number;
    }

    /** Needs no voice, only the language of one. */
    private void normalized(Reader text, SpeechRequest request) throws IOException {
        StringWriter whole = new StringWriter();
        text.transferTo(whole);
        String language =
                request.language().or(() -> request.voice().flatMap(this::languageOf)).orElse("en");
        console.io()
                .out()
                .println(
                        new TextFrontEnd(language, Lexicon.of(request), request.format())
                                .normalize(whole.toString()));
    }

    private Optional<String> languageOf(String voice) {
        return VoiceLibrary.at(console.globals().home()).find(voice).map(v -> v.info().language());
    }

    private void human(PiperText sentences) {
        PrintStream out = console.io().out();
        int number = 1;
        for (SpokenSentence s = sentences.next(); s != null; s = sentences.next()) {
            out.println(number++ + ". " + s.source());
            out.println("   read as   " + s.normalized());
            for (Utterance utterance : s.utterances()) {
                out.println("   phonemes  " + phonemes(utterance));
                out.println("   ids       " + joined(utterance.ids().ids()));
            }
            if (!s.unknown().isEmpty()) {
                out.println("   left out  " + s.unknown());
            }
        }
    }

    private void json(PiperText sentences) {
        json(
                "sentences",
                out -> {
                    for (SpokenSentence s = sentences.next(); s != null; s = sentences.next()) {
                        sentence(out, s);
                    }
                });
    }

    private void json(String name, Consumer<JsonGenerator> content) {
        JsonMapper mapper =
                JsonMapper.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
        // Written as it is read: a book needs no more memory than a line.
        try (JsonGenerator out =
                mapper.writerWithDefaultPrettyPrinter().createGenerator(console.io().out())) {
            out.writeStartObject();
            out.writeArrayPropertyStart(name);
            content.accept(out);
            out.writeEndArray();
            out.writeEndObject();
        }
        console.io().out().println();
    }

    /** What a Chatterbox model gets: words, no phonemes. */
    private void pieces(ChatterboxText pieces) {
        if (!json) {
            PrintStream out = console.io().out();
            int number = 1;
            for (ChatterboxText.Piece p = pieces.next(); p != null; p = pieces.next()) {
                out.println(number++ + ". " + p.text());
                out.println("   ids       " + joined(p.ids()));
            }
            return;
        }
        json(
                "pieces",
                out -> {
                    for (ChatterboxText.Piece p = pieces.next(); p != null; p = pieces.next()) {
                        out.writeStartObject();
                        out.writeStringProperty("text", p.text());
                        ids(out, p.ids());
                        out.writeEndObject();
                    }
                });
    }

    private static void ids(JsonGenerator out, int[] ids) {
        out.writeName("ids");
        out.writeArray(ids, 0, ids.length);
    }

    private static String joined(int[] ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    private static void sentence(JsonGenerator out, SpokenSentence s) {
        out.writeStartObject();
        out.writeStringProperty("source", s.source());
        out.writeStringProperty("normalized", s.normalized());
        out.writeArrayPropertyStart("utterances");
        for (Utterance utterance : s.utterances()) {
            out.writeStartObject();
            out.writeStringProperty("phonemes", phonemes(utterance));
            ids(out, utterance.ids().ids());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeObjectPropertyStart("unknown");
        s.unknown().forEach(out::writeNumberProperty);
        out.writeEndObject();
        out.writeEndObject();
    }

    private static String phonemes(Utterance utterance) {
        return String.join("", utterance.phonemes());
    }
}
