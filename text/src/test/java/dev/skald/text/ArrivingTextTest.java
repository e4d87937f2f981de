package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.TextFormat;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Text that is still being written. */
class ArrivingTextTest {
    private final PipedWriter writer = new PipedWriter();
    private final Iterator<Sentence> sentences;

    ArrivingTextTest() throws IOException {
        sentences =
                new TextFrontEnd("en", Lexicon.EMPTY).sentences(new PipedReader(writer, 10_000));
    }

    @Test
    @Timeout(20)
    void aSentenceIsGivenWhenItsEndIsCertain() throws IOException {
        write("The first sentence. And then the ");
        assertThat(next()).isEqualTo("The first sentence.");
    }

    @Test
    @Timeout(20)
    void aSentenceIsGivenWhenNothingMoreComes() throws IOException {
        write("The first sentence.");
        assertThat(next()).isEqualTo("The first sentence.");
        write(" The second one!\n");
        assertThat(next()).isEqualTo("The second one!");
        write("A line\n");
        assertThat(next()).isEqualTo("A line");
        writer.close();
        assertThat(sentences.hasNext()).isFalse();
    }

    @Test
    @Timeout(20)
    void halfASentenceAndATitleWait() throws Exception {
        write("We met Dr.");
        CompletableFuture<String> first = CompletableFuture.supplyAsync(this::next);
        Thread.sleep(1_000);
        assertThat(first).isNotDone();
        write(" Smith. ");
        assertThat(first.get()).isEqualTo("We met Doctor Smith.");
    }

    @Test
    @Timeout(20)
    void markUpInASentenceIsReadAsItComes() throws IOException {
        write("Some **bold** words. And ");
        assertThat(next()).isEqualTo("Some bold words.");
    }

    @Property(tries = 300)
    void everyFormatReadsAnyText(@ForAll String text) {
        for (TextFormat format : TextFormat.values()) {
            List<Sentence> all = new ArrayList<>();
            new TextFrontEnd("en", Lexicon.EMPTY, format)
                    .sentences(new StringReader("*" + text + "<p>&amp;"))
                    .forEachRemaining(all::add);
            assertThat(all).noneMatch(s -> s.normalized().isBlank());
        }
    }

    private void write(String text) throws IOException {
        writer.write(text);
        writer.flush();
    }

    private String next() {
        return sentences.next().normalized();
    }
}
