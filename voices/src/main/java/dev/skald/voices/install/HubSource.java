package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Durable;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The Hugging Face hub, or a mirror of its form. */
final class HubSource implements VoiceSource {
    private static final long MAX_LIST = 32L << 20;

    private final HubSettings settings;
    private final boolean offline;

    HubSource(HubSettings settings, boolean offline) {
        this.settings = settings;
        this.offline = offline;
    }

    @Override
    public String name() {
        return "the Hugging Face hub";
    }

    @Override
    public Optional<String> refusal(CatalogueEntry entry) {
        if (entry.hub().isEmpty()) {
            return Optional.of("it has no repository of it");
        }
        return offline ? Optional.of("offline was asked for") : Optional.empty();
    }

    @Override
    public void fetch(CatalogueEntry entry, Path part, InstallListener listener)
            throws IOException, InterruptedException {
        CatalogueEntry.Hub hub = entry.hub().orElseThrow();
        try (Download download = new Download(settings)) {
            for (CatalogueFile file : entry.files()) {
                Path target = part.resolve(file.name());
                if (Checks.isHere(file, target)) {
                    continue;
                }
                try {
                    URI address = address(hub, file.path());
                    Path half = part.resolve(file.name() + ".part");
                    download.fetch(address, half, file, listener);
                    Files.move(half, target, StandardCopyOption.REPLACE_EXISTING);
                } catch (VoiceException e) {
                    if (file.required()) {
                        throw e;
                    }
                }
            }
        }
    }

    /**
     * Fetches Piper's present list and puts it into the home, if it can be read.
     *
     * @return how many voices it lists
     */
    int refresh(Path home) throws IOException, InterruptedException {
        if (offline) {
            throw new VoiceException("offline was asked for");
        }
        Path list = Catalogue.refreshedList(home);
        Path folder = java.util.Objects.requireNonNull(list.getParent());
        Files.createDirectories(folder);
        Path half = Files.createTempFile(folder, "voices", ".part");
        try (Download download = new Download(settings)) {
            CatalogueEntry.Hub hub =
                    new CatalogueEntry.Hub(Catalogue.PIPER_REPOSITORY, Catalogue.PIPER_REVISION);
            CatalogueFile file =
                    new CatalogueFile(
                            Catalogue.PIPER_LIST, Optional.empty(), java.util.List.of(), true);
            download.limit(MAX_LIST)
                    .fetch(address(hub, file.path()), half, file, InstallListener.NONE);
            Json json = Json.read(half, "the hub's voices.json");
            int voices = Catalogue.parsePiper(json, new Json(java.util.Map.of(), "")).size();
            Durable.sync(half);
            Files.move(half, list, StandardCopyOption.REPLACE_EXISTING);
            return voices;
        } finally {
            Files.deleteIfExists(half);
            Download.forget(half);
        }
    }

    private URI address(CatalogueEntry.Hub hub, String path) {
        StringBuilder url = new StringBuilder(settings.endpoint().toString());
        url.append('/').append(encode(hub.repository()));
        url.append("/resolve/").append(encode(hub.revision()));
        url.append('/').append(encode(path));
        return URI.create(url.toString());
    }

    private static String encode(String path) {
        StringBuilder out = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "/-_.~".indexOf(c) >= 0);
            if (plain) {
                out.append(c);
            } else {
                out.append('%').append(java.util.HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        return out.toString();
    }
}
