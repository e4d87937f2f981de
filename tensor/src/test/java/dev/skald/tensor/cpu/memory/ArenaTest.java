package dev.skald.tensor.cpu.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ArenaTest {
    private static final int MANY = 3 << 20;

    private final Arena arena = new Arena();

    /** The vocoder's rows are longer than the flow's: it must not need its memory beside theirs. */
    @Test
    void freeArraysThatAreTooShortAreGivenBack() {
        for (int round = 0; round < 3; round++) {
            try (Ops.Scope scope = arena.scope()) {
                for (int i = 0; i < 10; i++) {
                    arena.tensor(1, 1, MANY);
                }
            }
            try (Ops.Scope scope = arena.scope()) {
                for (int i = 0; i < 3; i++) {
                    arena.tensor(1, 4, MANY);
                }
            }
            assertThat(arena.size()).isBetween(12L * MANY, 12L * MANY + (4 << 20));
        }
    }

    /** Whatever comes and goes, no two tensors in use share a value. */
    @Test
    void tensorsInUseNeverOverlap() {
        Random random = new Random(3);
        List<CpuTensor> used = new ArrayList<>();
        List<Integer> marks = new ArrayList<>();
        List<Ops.Scope> frames = new ArrayList<>();
        for (int step = 0; step < 3000; step++) {
            int what = random.nextInt(10);
            if (what == 0) {
                frames.add(arena.scope());
                marks.add(used.size());
            } else if (what == 1 && !frames.isEmpty()) {
                frames.removeLast().close();
                used.subList(marks.removeLast(), used.size()).clear();
            } else if (used.size() < 40) {
                int size = random.nextInt(5) == 0 ? random.nextInt(1 << 21) : random.nextInt(900);
                CpuTensor fresh = arena.tensor(1, 1, size);
                for (CpuTensor t : used) {
                    if (t.data == fresh.data) {
                        assertThat(
                                        fresh.offset >= t.offset + t.cols()
                                                || t.offset >= fresh.offset + fresh.cols())
                                .isTrue();
                    }
                }
                used.add(fresh);
            }
        }
    }
}
