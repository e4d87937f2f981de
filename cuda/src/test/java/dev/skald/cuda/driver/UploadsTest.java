package dev.skald.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.testkit.Card;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies through page-locked memory, by a simulated driver that copies when it is told to. */
@Card.Simulated
class UploadsTest {
    private Context context;
    private Stream stream;

    @BeforeEach
    void open() {
        context = Context.open(0, 0);
        stream = context.stream();
    }

    @AfterEach
    void close() {
        stream.close();
        context.close();
    }

    private static int[] values(int n) {
        return new Random(5).ints(n).toArray();
    }

    private static Uploads.Source source(int[] values) {
        MemorySegment bytes = MemorySegment.ofArray(values);
        return (at, to) -> to.copyFrom(bytes.asSlice(at, to.byteSize()));
    }

    private void arrives(Uploads uploads) {
        // More than all pieces hold, and not a whole number of them.
        int[] values = values(5_000_003);
        long bytes = values.length * 4L;
        long to = context.allocate(bytes);
        long copy = context.allocate(4);
        uploads.upload(source(values), bytes, to);
        uploads.then(() -> stream.copy(to + bytes - 4, copy, 4));
        uploads.upload(source(new int[] {7}), 4, to + bytes - 4);
        uploads.flush();
        int[] found = new int[values.length];
        int[] last = new int[1];
        stream.download(to, found);
        stream.download(copy, last);
        assertThat(last[0]).as("read before it was overwritten").isEqualTo(values[5_000_002]);
        values[5_000_002] = 7;
        assertThat(found).isEqualTo(values);
        uploads.free();
        context.free(to);
        context.free(copy);
    }

    @Test
    void stepsAreDoneInTheirOrder() {
        try (Uploads uploads = new Uploads(context, stream)) {
            arrives(uploads);
            arrives(uploads);
        }
    }

    @Test
    void ordinaryMemoryServesWhereNoneCanBeLocked() {
        List<Long> asked = new ArrayList<>();
        try (Uploads uploads =
                new Uploads(
                        context,
                        stream,
                        bytes -> {
                            asked.add(bytes);
                            throw new CudaException("no memory can be locked", 2);
                        })) {
            arrives(uploads);
        }
        assertThat(asked).hasSize(1);
    }

    @Test
    void whatASourceFailsWithIsToldAndTheNextUploadWorks() {
        try (Uploads uploads = new Uploads(context, stream)) {
            long to = context.allocate(6 << 20);
            assertThatThrownBy(
                            () -> {
                                uploads.upload(
                                        (at, piece) -> {
                                            if (at > 0) {
                                                throw new IllegalStateException("cut");
                                            }
                                            piece.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                                        },
                                        6 << 20,
                                        to);
                                uploads.flush();
                            })
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("cut");
            uploads.abandon();
            context.free(to);
            arrives(uploads);
        }
    }

    @Test
    void theCardsOwnRateIsMeasured() {
        assertThat(Uploads.copyRate(context)).isPositive();
    }
}
