package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Stream;
import dev.skald.testkit.Card;
import org.junit.jupiter.api.Test;

/** A kernel that writes where nothing is loses its context on a real GPU; the next one works. */
@Card
class CardLostTest {
    @Test
    void aFreshContextWorksBesideTheLostOne() {
        try (Context lost = Context.open(0, 0);
                Stream stream = lost.stream()) {
            increment(lost, stream, 0x10);
            assertThatThrownBy(stream::synchronize)
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith("cuda:0 was lost (")
                    .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
            assertThat(lost.lost()).isTrue();
            assertThat(counted()).isEqualTo(8);
        }
        assertThat(counted()).isEqualTo(8);
    }

    private static void increment(Context context, Stream stream, long at) {
        stream.begin().add(at).add(1).add(5);
        stream.launch(context.kernel("increment"), 1, 1, 1, 32, 0);
    }

    /** 3 + 5, in a context of its own. */
    private static int counted() {
        try (Context context = Context.open(0, 0);
                Stream stream = context.stream()) {
            long at = context.allocate(4);
            stream.upload(new int[] {3}, at);
            increment(context, stream, at);
            int[] result = new int[1];
            stream.download(at, result);
            return result[0];
        }
    }
}
