package dev.skald.server.speech;

import dev.skald.SkaldException;
import dev.skald.server.http.ApiError;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the server keeps of uploads, beside the voices themselves, which the library has.
 *
 * <pre>
 * home/server/consents/cons_ID.json    its record, written last: without it the consent is not here
 * home/server/consents/cons_ID.audio   the recording, as it was sent
 * home/server/voices/voice_ID.json     what an uploaded voice is called and who consented
 * </pre>
 *
 * <p>Each file appears when it is whole. Safe for many threads and processes.
 */
public final class VoiceStore {
    /** Of each kind; a caller must not be able to fill the disk. */
    private static final int MOST = 1_000;

    private static final long HOUR = 3_600; // seconds

    private static final Pattern ID = Pattern.compile("(cons|voice)_[0-9a-f]{16}");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path consents;
    private final Path voices;

    /**
     * A consent.
     *
     * @param created seconds since 1970
     */
    public record Consent(String id, String name, String language, long created) {}

    /**
     * An uploaded voice.
     *
     * @param consent the id of the consent
     * @param created seconds since 1970
     */
    public record Uploaded(String id, String name, String consent, long created) {}

    public VoiceStore(Path home) {
        consents = home.resolve("server").resolve("consents");
        voices = home.resolve("server").resolve("voices");
    }

    /** Keeps a consent. */
    public Consent addConsent(String name, String language, byte[] recording) {
        requireRoom(consents);
        Consent consent = new Consent(newId("cons"), name, language, now());
        write(consents.resolve(consent.id() + ".audio"), recording);
        put(consent);
        return consent;
    }

    /** Gives a consent another name; empty if there is none of that id. */
    public Optional<Consent> rename(String id, String name) {
        Optional<Consent> renamed =
                consent(id).map(c -> new Consent(c.id(), name, c.language(), c.created()));
        renamed.ifPresent(this::put);
        return renamed;
    }

    private void put(Consent consent) {
        ObjectNode json =
                JSON.createObjectNode()
                        .put("name", consent.name())
                        .put("language", consent.language())
                        .put("created_at", consent.created());
        write(consents.resolve(consent.id() + ".json"), JSON.writeValueAsBytes(json));
    }

    public Optional<Consent> consent(String id) {
        return read(consents, id)
                .map(
                        json ->
                                new Consent(
                                        id,
                                        json.path("name").asString(""),
                                        json.path("language").asString(""),
                                        json.path("created_at").asLong(0)));
    }

    /** All consents, the latest first. */
    public List<Consent> consents() {
        return ids(consents).stream()
                .map(this::consent)
                .flatMap(Optional::stream)
                .sorted(
                        Comparator.comparingLong((Consent c) -> -c.created())
                                .thenComparing(Consent::id))
                .toList();
    }

    /** Removes a consent and its recording; false if there is none. */
    public boolean removeConsent(String id) {
        return remove(consents, id);
    }

    /** Notes a voice that is about to be made. */
    public Uploaded addVoice(String name, String consent) {
        requireRoom(voices);
        Uploaded voice = new Uploaded(newId("voice"), name, consent, now());
        ObjectNode json =
                JSON.createObjectNode()
                        .put("name", name)
                        .put("consent", consent)
                        .put("created_at", voice.created());
        write(voices.resolve(voice.id() + ".json"), JSON.writeValueAsBytes(json));
        return voice;
    }

    /** What is noted of a voice; empty if it was not uploaded. */
    public Optional<Uploaded> voice(String id) {
        return read(voices, id)
                .map(
                        json ->
                                new Uploaded(
                                        id,
                                        json.path("name").asString(id),
                                        json.path("consent").asString(""),
                                        json.path("created_at").asLong(0)));
    }

    public boolean removeVoice(String id) {
        return remove(voices, id);
    }

    /**
     * Removes the notes of voices that a killed server did not make, or that are gone: those an
     * hour old, for another server may be making one.
     *
     * @param ids of the voices there are
     */
    public void keepVoices(Set<String> ids) {
        for (String id : ids(voices)) {
            boolean old = voice(id).filter(v -> v.created() > now() - HOUR).isEmpty();
            if (old && !ids.contains(id)) {
                remove(voices, id);
            }
        }
    }

    private static long now() {
        return Instant.now().getEpochSecond();
    }

    private static String newId(String kind) {
        byte[] bytes = new byte[8];
        RANDOM.nextBytes(bytes);
        return kind + "_" + HexFormat.of().formatHex(bytes);
    }

    private static void requireRoom(Path folder) {
        if (ids(folder).size() >= MOST) {
            throw ApiError.refused(
                    409, "too_many", "there are " + MOST + " already: delete some first");
        }
    }

    private static List<String> ids(Path folder) {
        List<String> ids = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return ids;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.json")) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                ids.add(name.substring(0, name.length() - ".json".length()));
            }
        } catch (IOException e) {
            throw failed(folder, e);
        }
        return ids;
    }

    private static Optional<JsonNode> read(Path folder, String id) {
        Path file = folder.resolve(id(id) + ".json");
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readTree(Files.readAllBytes(file)));
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // removed meanwhile, or not ours
        }
    }

    private static boolean remove(Path folder, String id) {
        try {
            boolean there = Files.deleteIfExists(folder.resolve(id(id) + ".json"));
            Files.deleteIfExists(folder.resolve(id(id) + ".audio"));
            return there;
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }

    /** What no id of ours is, names no file. */
    private static String id(String id) {
        return ID.matcher(id).matches() ? id : "none";
    }

    private static void write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.resolveSibling("."));
            try (WholeFile whole = WholeFile.beside(file)) {
                for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
                    whole.channel().write(left);
                }
                whole.keep();
            }
        } catch (IOException | UncheckedIOException e) {
            throw failed(file, e);
        }
    }

    private static SkaldException failed(Path file, Exception e) {
        return new SkaldException("cannot use " + file + ": " + e.getMessage(), e);
    }
}
