package dev.skald.voices.catalogue;

import dev.skald.VoiceException;
import dev.skald.voices.PiperFiles;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What can be installed: Piper's published list ({@code voices.json} of the repository {@code
 * rhasspy/piper-voices}, a snapshot of which is bundled, or a newer one that {@code skald voices
 * refresh} has fetched) and the models that Skald knows itself ({@code models.json}, bundled, with
 * pinned revisions). Immutable.
 *
 * <p>The published list gives each file's size and MD5, which are checked; where it pins no
 * revision, they pin the content. What publishes no digest is checked against the hub's own.
 */
public final class Catalogue {
    public static final String PIPER_REPOSITORY = "rhasspy/piper-voices";
    public static final String PIPER_REVISION = "main";
    public static final String PIPER_LIST = "voices.json";

    private static final long MAX_FILE = 1L << 40;
    private static final System.Logger LOG = System.getLogger(Catalogue.class.getName());

    private final Map<String, CatalogueEntry> entries;
    private final Map<String, String> aliases = new HashMap<>();

    /** Of these entries alone, by id. */
    public Catalogue(Map<String, CatalogueEntry> entries) {
        this.entries = entries;
        for (CatalogueEntry entry : entries.values()) {
            for (String alias : entry.aliases()) {
                aliases.putIfAbsent(alias, entry.id());
            }
        }
    }

    /** The catalogue of a home: the refreshed list if there is a good one, else the bundled. */
    public static Catalogue of(Path home) {
        Path refreshed = refreshedList(home);
        if (Files.isRegularFile(refreshed)) {
            try {
                return merge(Json.read(refreshed, refreshed.toString()));
            } catch (IOException | VoiceException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        refreshed + " is not used (" + e.getMessage() + "): skald voices refresh");
            }
        }
        return bundled();
    }

    /** The catalogue as it was when this Skald was built. */
    public static Catalogue bundled() {
        return merge(resource(PIPER_LIST));
    }

    public static Path refreshedList(Path home) {
        return home.resolve("voices").resolve(".catalogue").resolve(PIPER_LIST);
    }

    /** Every entry, by id. */
    public Collection<CatalogueEntry> entries() {
        return Collections.unmodifiableCollection(entries.values());
    }

    /** The entry of an id or alias. */
    public Optional<CatalogueEntry> find(String id) {
        CatalogueEntry entry = entries.get(id);
        return Optional.ofNullable(
                entry == null ? entries.get(aliases.getOrDefault(id, "")) : entry);
    }

    /**
     * The entry of an id or alias.
     *
     * @throws VoiceException if there is none; the message names those that look like it
     */
    public CatalogueEntry get(String id) {
        return find(id).orElseThrow(
                        () -> {
                            List<String> near = near(id);
                            return new VoiceException(
                                    "no voice or model is called '"
                                            + VoiceInfo.printable(id)
                                            + "'"
                                            + (near.isEmpty()
                                                    ? ""
                                                    : ", but " + String.join(", ", near))
                                            + ": skald voices list --available shows all");
                        });
    }

    private List<String> near(String id) {
        String wanted = id.toLowerCase(Locale.ROOT);
        return wanted.length() < 2
                ? List.of()
                : entries.keySet().stream()
                        .filter(k -> k.toLowerCase(Locale.ROOT).contains(wanted))
                        .limit(5)
                        .toList();
    }

    private static Catalogue merge(Json piper) {
        Json own = resource("models.json");
        Map<String, CatalogueEntry> all = new TreeMap<>(parsePiper(piper, own));
        for (String id : own.values().keySet()) {
            Json model = own.object(id).orElseThrow();
            if (model.text("kind").isPresent()) {
                all.put(id, model(id, model));
            }
        }
        return new Catalogue(all);
    }

    /**
     * Piper's list. Untrusted: an entry that is not understood is left out, and paths and sizes are
     * checked, so that a hostile list can at most name files of its own repository.
     *
     * @param own what is known beyond it, by id
     * @throws VoiceException if no entry is good
     */
    public static Map<String, CatalogueEntry> parsePiper(Json list, Json own) {
        Map<String, CatalogueEntry> good = new TreeMap<>();
        for (String id : list.values().keySet()) {
            try {
                list.object(id).ifPresent(e -> good.put(id, piper(id, e, own.object(id))));
            } catch (VoiceException e) {
                LOG.log(System.Logger.Level.DEBUG, "left out of the catalogue: " + e.getMessage());
            }
        }
        if (good.isEmpty()) {
            throw new VoiceException(list.what() + " lists no Piper voice");
        }
        return good;
    }

    private static CatalogueEntry piper(String id, Json json, Optional<Json> own) {
        Json language = json.object("language").orElse(new Json(Map.of(), json.what()));
        String quality = json.text("quality").orElse("");
        String country = language.text("country_english").orElse("");
        VoiceInfo info =
                new VoiceInfo(
                        id,
                        VoiceKind.PIPER,
                        VoiceInfo.printable(language.text("code").orElse("")),
                        VoiceInfo.printable(
                                json.text("name").orElse(id)
                                        + ", "
                                        + language.text("name_english").orElse("")
                                        + (country.isEmpty() ? "" : " (" + country + ")")
                                        + ", "
                                        + quality
                                        + " quality"),
                        rate(quality),
                        PiperFiles.speakers(json.object("speaker_id_map")),
                        own.flatMap(o -> o.text("licence")).orElse(VoiceInfo.UNKNOWN_LICENCE));
        List<CatalogueFile> files = files(json, own, true);
        if (files.stream().noneMatch(f -> f.name().equals(id + ".onnx"))
                || files.stream().noneMatch(f -> f.name().equals(id + ".onnx.json"))) {
            throw new VoiceException(id + " does not list its network and its configuration");
        }
        return new CatalogueEntry(
                info,
                json.texts("aliases"),
                files,
                Optional.of(new CatalogueEntry.Hub(PIPER_REPOSITORY, PIPER_REVISION)),
                own.flatMap(Catalogue::wheel));
    }

    private static CatalogueEntry model(String id, Json json) {
        VoiceInfo info =
                new VoiceInfo(
                        id,
                        VoiceKind.of(json.requiredText("kind")),
                        json.text("language").orElse(""),
                        json.requiredText("description"),
                        (int) json.requiredWhole("sample_rate", 0, 192_000),
                        List.of(),
                        json.requiredText("licence"));
        Optional<CatalogueEntry.Hub> hub =
                json.object("hub")
                        .map(
                                h ->
                                        new CatalogueEntry.Hub(
                                                h.requiredText("repo"),
                                                h.requiredText("revision")));
        return new CatalogueEntry(
                info,
                json.texts("aliases"),
                files(json, Optional.empty(), false),
                hub,
                wheel(json));
    }

    private static Optional<CatalogueEntry.Wheel> wheel(Json json) {
        return json.object("wheel")
                .map(
                        w ->
                                new CatalogueEntry.Wheel(
                                        w.requiredText("project"), w.requiredText("version")));
    }

    /** Piper's qualities each have one rate. */
    private static int rate(String quality) {
        return quality.equals("low") || quality.equals("x_low") ? 16000 : 22050;
    }

    private static List<CatalogueFile> files(Json json, Optional<Json> own, boolean cardOptional) {
        Json map = json.object("files").orElse(new Json(Map.of(), json.what()));
        List<CatalogueFile> files = new ArrayList<>();
        for (String path : map.values().keySet()) {
            Json file = map.object(path).orElse(new Json(Map.of(), json.what()));
            CatalogueFile plain =
                    new CatalogueFile(
                            safePath(path),
                            file.whole("size_bytes", 0, MAX_FILE),
                            List.of(),
                            !(cardOptional && path.endsWith(PiperFiles.CARD)));
            List<Digest> digests = new ArrayList<>(digests(file));
            own.flatMap(o -> o.object("files"))
                    .flatMap(f -> f.object(plain.name()))
                    .ifPresent(f -> digests.addAll(digests(f)));
            files.add(new CatalogueFile(plain.path(), plain.bytes(), digests, plain.required()));
        }
        return files;
    }

    private static List<Digest> digests(Json file) {
        List<Digest> digests = new ArrayList<>();
        try {
            file.text("sha256").ifPresent(h -> digests.add(new Digest(Digest.Algorithm.SHA256, h)));
            file.text("md5_digest")
                    .ifPresent(h -> digests.add(new Digest(Digest.Algorithm.MD5, h)));
        } catch (IllegalArgumentException e) {
            throw new VoiceException(file.what() + " has a bad digest", e);
        }
        return digests;
    }

    /** A path below a repository, each of whose elements is a plain file name on any system. */
    private static String safePath(String path) {
        for (String element : path.split("/", -1)) {
            if (element.isEmpty()
                    || element.startsWith(".")
                    || element.length() > 200
                    || element.chars().anyMatch(c -> c < ' ' || "\\:*?\"<>|".indexOf(c) >= 0)) {
                throw new VoiceException(
                        "'" + VoiceInfo.printable(path) + "' is not a file of a repository");
            }
        }
        return path;
    }

    private static Json resource(String name) {
        try (InputStream in = Catalogue.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name);
            }
            return Json.read(in, name);
        } catch (IOException e) {
            throw new VoiceException("cannot read the bundled " + name, e);
        }
    }
}
