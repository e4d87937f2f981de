package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextPathTest {
    /** Each text token is attended to for some speech tokens, beside noise. */
    private static List<float[]> rows(int[] path, int text, float noise) {
        Random random = new Random(7);
        List<float[]> rows = new ArrayList<>();
        for (int at : path) {
            float[] row = new float[text];
            for (int j = 0; j < text; j++) {
                row[j] = (float) Math.log(1e-3 + random.nextFloat() * noise);
            }
            row[at] = (float) Math.log(0.5);
            rows.add(row);
        }
        return rows;
    }

    @Test
    void theTextIsFollowedForwardsOverTokensThatNobodyAttendsTo() {
        int[] path = {0, 0, 0, 1, 1, 3, 3, 3, 4, 9, 9, 10, 10, 11, 11, 12};
        assertThat(TextPath.of(rows(path, 13, 0.2f), 13, true)).containsExactly(path);
    }

    @Test
    void oneTokenThatLooksElsewhereDoesNotLeadAstray() {
        int[] path = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
        int[] seen = path.clone();
        seen[4] = 9;
        seen[7] = 0;
        int[] found = TextPath.of(rows(seen, 10, 0.01f), 10, false);
        assertThat(found).isSorted();
        for (int t = 0; t < path.length; t++) {
            assertThat(Math.abs(found[t] - path[t])).as("at %s", t).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void nothingIsFollowedByNothing() {
        assertThat(TextPath.of(List.of(), 3, true)).isEmpty();
    }
}
