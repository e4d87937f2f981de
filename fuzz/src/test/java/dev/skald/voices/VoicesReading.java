package dev.skald.voices;

import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Lists of voices and their records; the names in them lead nowhere else. */
public final class VoicesReading {
    private static final Path PARTS = Path.of("/h/voices/.parts");

    private VoicesReading() {}

    /** Reads a list of Piper voices. */
    public static void catalogue(byte[] input) {
        Json own = Json.parse("{}".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "own");
        for (CatalogueEntry entry : Catalogue.parsePiper(Json.parse(input, "x"), own).values()) {
            Path folder = PARTS.resolve(entry.id());
            inside(PARTS, folder);
            for (CatalogueFile file : entry.files()) {
                inside(folder, folder.resolve(file.name()));
            }
        }
    }

    /** Reads the record of an installed voice. */
    public static void record(byte[] input) throws IOException {
        Path folder = Files.createTempDirectory("skald-record-");
        Path home = Files.createDirectory(folder.resolve("en_US-joe-medium"));
        Path record = home.resolve("voice.json");
        try {
            Files.write(record, input);
            for (VoiceFile file : VoiceRecord.read(record).files()) {
                inside(home, home.resolve(file.name()));
            }
        } finally {
            Files.delete(record);
            Files.delete(home);
            Files.delete(folder);
        }
    }

    private static void inside(Path folder, Path file) {
        if (!folder.equals(file.normalize().getParent())) {
            throw new AssertionError(file + " is not in " + folder);
        }
    }
}
