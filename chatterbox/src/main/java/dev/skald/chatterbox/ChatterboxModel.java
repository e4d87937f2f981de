package dev.skald.chatterbox;

import dev.skald.chatterbox.text.EnglishTokenizer;
import dev.skald.chatterbox.text.MultilingualTokenizer;
import dev.skald.chatterbox.text.PunctuationNorm;
import dev.skald.chatterbox.text.TextTokenizer;
import dev.skald.chatterbox.text.TurboTokenizer;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.tensor.decode.SamplerSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The models of the family: file names and defaults of the official loaders. */
public enum ChatterboxModel {
    /** GPT-2 medium, two decoder steps, tags such as {@code [laugh]}. */
    TURBO("chatterbox-turbo", "t3_turbo_v1", "s3gen_meanflow"),
    /** Llama 520M, guidance, emotion; English. */
    ORIGINAL("chatterbox", "t3_cfg", "s3gen"),
    /** GPT-2 small. */
    NANO("chatterbox-nano", "t3_nano_v1", "s3gen_meanflow"),
    /** As Original, 23 languages. */
    MULTILINGUAL_V3("chatterbox-multilingual-v3", "t3_mtl23ls_v3", "s3gen"),
    MULTILINGUAL_V2("chatterbox-multilingual-v2", "t3_mtl23ls_v2", "s3gen");

    /** The emotion of the official defaults. */
    static final float EXAGGERATION = 0.5f;

    private static final String GRAPHEMES = "grapheme_mtl_merged_expanded_v1.json";

    private final String id;
    private final String t3;
    private final String s3gen;

    ChatterboxModel(String id, String t3, String s3gen) {
        this.id = id;
        this.t3 = t3;
        this.s3gen = s3gen;
    }

    /** {@code chatterbox-turbo}: also the folder it is installed in. */
    public String id() {
        return id;
    }

    /** T3's weights, without extension. */
    String t3File() {
        return t3;
    }

    /** S3Gen's weights, without extension. */
    String s3genFile() {
        return s3gen;
    }

    /** Whether it is Turbo or Nano: no guidance, no emotion. */
    boolean turbo() {
        return this == TURBO || this == NANO;
    }

    /** Whether it speaks more than English. */
    public boolean multilingual() {
        return this == MULTILINGUAL_V2 || this == MULTILINGUAL_V3;
    }

    /** The languages it speaks, by ISO 639-1 code. */
    List<String> languages() {
        return multilingual() ? MultilingualTokenizer.LANGUAGES : List.of("en");
    }

    PunctuationNorm punctuation() {
        return turbo()
                ? PunctuationNorm.TURBO
                : multilingual() ? PunctuationNorm.MULTILINGUAL : PunctuationNorm.ORIGINAL;
    }

    SamplerSettings defaults() {
        return turbo() ? SamplerSettings.TURBO : SamplerSettings.ORIGINAL;
    }

    VoiceCloner.Rules cloning() {
        return turbo() ? VoiceCloner.Rules.TURBO : VoiceCloner.Rules.ORIGINAL;
    }

    TextTokenizer tokenizer(Path folder) {
        if (turbo()) {
            return new TurboTokenizer(folder);
        }
        return multilingual()
                ? new MultilingualTokenizer(folder.resolve(GRAPHEMES))
                : new EnglishTokenizer(folder.resolve("tokenizer.json"));
    }

    /** Whether a folder holds this checkpoint. */
    boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(t3 + ".safetensors"));
    }

    /** The checkpoints that lie in a folder. */
    static List<ChatterboxModel> in(Path folder) {
        return Arrays.stream(values()).filter(m -> m.isIn(folder)).toList();
    }

    /** By id, or the end of it: {@code turbo}, {@code multilingual} (v2, the official default) */
    public static Optional<ChatterboxModel> named(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        String full =
                switch (wanted) {
                    case "original", "chatterbox-original", "chatterbox" -> "chatterbox";
                    case "multilingual", "chatterbox-multilingual" -> "chatterbox-multilingual-v2";
                    default -> wanted.startsWith("chatterbox") ? wanted : "chatterbox-" + wanted;
                };
        return Arrays.stream(values()).filter(m -> m.id.equals(full)).findFirst();
    }
}
