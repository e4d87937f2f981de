package dev.skald.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** The known answers of the authors' Random123 1.14 (kat_vectors, philox4x32 10). */
    @Test
    void blocksAreTheAuthorsOnes() {
        int[] zero = {0, 0, 0, 0};
        Philox.block(zero, 0);
        assertThat(zero).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        int[] ones = {-1, -1, -1, -1};
        Philox.block(ones, -1);
        assertThat(ones).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        int[] pi = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
        Philox.block(pi, 0x299f31d0_a4093822L);
        assertThat(pi).containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void aValueDependsOnItsIndexAlone() {
        float[] all = new float[103];
        Philox.normal(7, 3, 0, all, 0, all.length);
        for (int first = 0; first < 9; first++) {
            for (int count = 0; count < 20; count++) {
                float[] part = new float[count + 2];
                Philox.normal(7, 3, first, part, 1, count);
                for (int i = 0; i < count; i++) {
                    assertThat(part[i + 1]).isEqualTo(all[first + i]);
                }
                assertThat(part[0]).isZero();
                assertThat(part[count + 1]).isZero();
            }
        }
    }

    @Test
    void drawsAreStandardNormal() {
        float[] x = new float[200_000];
        Philox.normal(42, 0, 1L << 33, x, 0, x.length);
        double[] moments = new double[5];
        for (float v : x) {
            for (int p = 1; p < 5; p++) {
                moments[p] += Math.pow(v, p) / x.length;
            }
        }
        assertThat(moments[1]).isCloseTo(0, within(0.01));
        assertThat(moments[2]).isCloseTo(1, within(0.02));
        assertThat(moments[3]).isCloseTo(0, within(0.05));
        assertThat(moments[4]).isCloseTo(3, within(0.1));
    }

    @Test
    void uniformsFillTheUnitInterval() {
        double mean = 0;
        for (int i = 0; i < 10_000; i++) {
            float u = Philox.uniform(1, 2, i);
            assertThat(u).isBetween(0f, 0.99999994f);
            mean += u / 10_000;
        }
        assertThat(mean).isCloseTo(0.5, within(0.02));
    }
}
