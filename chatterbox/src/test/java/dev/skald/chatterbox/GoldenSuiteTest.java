package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.chatterbox.text.TextGoldens;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.GoldenSuite;
import dev.skald.testkit.Taps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a manifest names and nothing can check is a failure that says what it is. */
class GoldenSuiteTest {
    private static final String TAP = "{'shape':[2],'dtype':'float32','atol':1e-6}";

    @TempDir Path folder;

    /** Gives one float value and one integer. */
    private static final class Stage implements GoldenStage {
        @Override
        public String stage() {
            return "stage";
        }

        @Override
        public void run(GoldenCase golden, Taps taps) {
            taps.add("out.x", new float[] {1, 2});
            taps.add("out.n", new int[] {3});
        }
    }

    @Test
    void passesWhatIsEqual() throws Exception {
        assertThat(failures(file("stage", "'out.x':" + TAP))).isEmpty();
        String n = "'out.n':{'shape':[1],'dtype':'int32','tolerance':'exact'}";
        assertThat(failures(file("stage", "'out.x':" + TAP + "," + n))).isEmpty();
    }

    @Test
    void failsWhatCannotBeChecked() throws Exception {
        refuses(file("other", "'out.x':" + TAP), "nothing runs stage other");
        refuses(file("stage", ""), "names no value to check");
        refuses(file("stage", "'out.x':" + TAP + ",'tap.unknown':" + TAP), "tap.unknown was not");
        refuses(file("stage", "'out.x':{'shape':[2],'dtype':'float32'}"), "has no tolerance");
        refuses(file("stage", "'out.x':{'shape':[3],'dtype':'float32','atol':1}"), "[3] in the");
        refuses(file("stage", "'out.x':{'shape':[2],'dtype':'int32','atol':1}"), "torch.int32 in");
        refuses("{'files':[]}", "names nothing to check");
    }

    @Test
    void failsWhatTheFileHoldsOtherwise() throws Exception {
        String asked = "'out.x':" + TAP;
        refuses(file("stage", asked), "is torch.int32 in the file", write(new int[] {1, 2}));
        String whole = asked.replace("float32", "int32");
        refuses(file("stage", whole), "not what the stage gives", write(new int[] {1, 2}));
        refuses(file("stage", asked), "off by more", write(new float[] {1, 2.1f}));
        refuses(file("stage", asked), "off by more", write(new float[] {1, Float.NaN}));
        refuses(file("stage", asked), "out.a.x", new SafetensorsWriter());
        refuses(file("stage", asked).replace("'tensors':0", "'tensors':1"), "holds 0 weights");
        refuses(file("stage", asked).replace("'sha256':'", "'sha256':'0"), "is not the file that");
        refuses(file("stage", asked).replace("f.safe", "g.safe"), "g.safetensors");
    }

    @Test
    void aTiledClipIsTheOneWhoseNumberIsMissing() throws Exception {
        SafetensorsWriter clips =
                new SafetensorsWriter()
                        .add("in.a.unit", new float[] {1, 2}, 2)
                        .add("in.a.wav1", new float[] {7, 8, 9}, 3);
        Files.writeString(
                folder.resolve("manifest.json"),
                """
                {"files":[{"stage":"s","file":"f.safetensors","cases":{"a":{
                "params":{"tile_samples":5,"restart":4,"off":false},
                "tensors":{"in.unit":{},"in.wav1":{}}}}}]}""");
        clips.write(folder.resolve("f.safetensors"));
        try (GoldenSet set = GoldenSet.open(folder)) {
            GoldenCase golden = set.files().getFirst().cases().getFirst();
            assertThat(golden.clips())
                    .containsExactly(new float[] {1, 2, 1, 2, 1}, new float[] {7, 8, 9});
            assertThat(golden.says("restart")).isTrue();
            assertThat(golden.says("off")).isFalse();
            assertThat(golden.says("absent")).isFalse();
        }
    }

    @Test
    void checksTextsAlone() throws Exception {
        String manifest = "{'text':{'files':{},'cases':{'punc_norm':1}}}";
        Files.writeString(folder.resolve("text.json"), "{\"punc_norm\":[]}");
        refuses(manifest, "has 0 cases in text.json");
        Files.writeString(folder.resolve("text.json"), "{\"punc_norm\":[{\"text\":\"\"}]}");
        refuses(manifest, "You need to add some text");
        refuses(manifest.replace("punc_norm", "klingon"), "has 0 cases in text.json");
    }

    private SafetensorsWriter write(float[] x) {
        return new SafetensorsWriter().add("out.a.x", x, 2).add("out.a.n", new int[] {3}, 1);
    }

    private SafetensorsWriter write(int[] x) {
        return new SafetensorsWriter().add("out.a.x", x, 2);
    }

    /** A manifest of one file with one case. */
    private static String file(String stage, String tensors) {
        return "{'files':[{'stage':'"
                + stage
                + "','file':'f.safetensors','bytes':SIZE,'sha256':'HASH','key_prefix':'',"
                + "'weights':{'tensors':0,'values':0},'cases':{'a':{'tensors':{"
                + tensors
                + "}}}}]}";
    }

    private void refuses(String manifest, String why) throws Exception {
        refuses(manifest, why, write(new float[] {1, 2}));
    }

    private void refuses(String manifest, String why, SafetensorsWriter file) throws Exception {
        assertThat(String.join("\n", failures(manifest, file))).contains(why);
    }

    private List<String> failures(String manifest) throws Exception {
        return failures(manifest, write(new float[] {1, 2}));
    }

    private List<String> failures(String manifest, SafetensorsWriter file) throws Exception {
        Path stored = folder.resolve("f.safetensors");
        file.write(stored);
        byte[] bytes = Files.readAllBytes(stored);
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        Files.writeString(
                folder.resolve("manifest.json"),
                manifest.replace('\'', '"')
                        .replace("SIZE", String.valueOf(bytes.length))
                        .replace("HASH", hash));
        try (GoldenSet set = GoldenSet.open(folder)) {
            GoldenSuite suite = new GoldenSuite(set, List.of(new Stage()));
            List<DynamicNode> nodes = new ArrayList<>(suite.tests());
            nodes.addAll(new TextGoldens(set, suite).tests());
            List<String> failures = new ArrayList<>();
            nodes.forEach(n -> run(n, failures));
            return failures;
        }
    }

    private static void run(DynamicNode node, List<String> failures) {
        switch (node) {
            case DynamicContainer c -> c.getChildren().forEach(n -> run(n, failures));
            case DynamicTest t -> {
                try {
                    t.getExecutable().execute();
                } catch (IOException e) {
                    failures.add(e.toString());
                } catch (Throwable e) {
                    failures.add(String.valueOf(e.getMessage()));
                }
            }
            default -> throw new AssertionError(node);
        }
    }
}
