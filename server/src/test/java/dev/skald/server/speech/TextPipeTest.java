package dev.skald.server.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.server.http.ApiError;
import dev.skald.server.http.Budget;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TextPipeTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final Budget budget = new Budget(20);
    private final Budget.Share share = budget.share();

    private static String read(TextPipe pipe) throws IOException {
        char[] block = new char[100];
        int n = pipe.read(block, 0, block.length);
        return n < 0 ? "end" : new String(block, 0, n);
    }

    @Test
    void whatIsAppendedIsReadAndTheEndIsTheEnd() throws IOException {
        TextPipe pipe = new TextPipe(10, LONG, share);
        pipe.append("one ");
        pipe.append("two");
        assertThat(read(pipe)).isEqualTo("one two");
        pipe.append("three");
        pipe.end();
        pipe.append("nothing");
        assertThat(read(pipe)).isEqualTo("three");
        assertThat(read(pipe)).isEqualTo("end");
    }

    @Test
    void aReaderWaitsForTextOrForTheEnd() throws Exception {
        TextPipe pipe = new TextPipe(10, LONG, share);
        CompletableFuture<String> read =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return read(pipe) + read(pipe);
                            } catch (IOException e) {
                                return e.toString();
                            }
                        });
        pipe.append("a");
        Thread.sleep(20);
        pipe.end();
        assertThat(read.get()).isEqualTo("aend");
    }

    @Test
    void whoSendsNothingForTooLongHasEnded() throws IOException {
        TextPipe pipe = new TextPipe(10, Duration.ofMillis(30), share);
        assertThat(read(pipe)).isEqualTo("end");
        assertThat(pipe.ended()).isTrue();
    }

    @Test
    void tooMuchAtOnceIsRefusedNotHeld() throws IOException {
        TextPipe pipe = new TextPipe(10, LONG, share);
        pipe.append("0123456789");
        assertThatThrownBy(() -> pipe.append("x")).isInstanceOf(ApiError.class);
        assertThat(read(pipe)).isEqualTo("0123456789");
        pipe.append("x");
    }

    @Test
    void closedByItsReaderItTakesNothing() throws IOException {
        TextPipe pipe = new TextPipe(10, LONG, share);
        pipe.append("text");
        pipe.close();
        assertThat(read(pipe)).isEqualTo("end");
    }

    @Test
    void whatWaitsInAllPipesIsBoundedAndGivenBack() throws IOException {
        TextPipe one = new TextPipe(10, LONG, share);
        TextPipe other = new TextPipe(10, LONG, budget.share());
        one.append("0123456");
        assertThatThrownBy(() -> other.append("0123"))
                .isInstanceOfSatisfying(ApiError.class, e -> assertThat(e.status()).isEqualTo(503));
        assertThat(read(one)).isEqualTo("0123456");
        other.append("0123456789");
        other.close();
        one.append("0123456789");
        share.close(); // its caller is gone, whatever it left unread
        assertThat(budget.share().take(20)).isTrue();
    }
}
