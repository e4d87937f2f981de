package dev.skald.server.studio;

import dev.skald.server.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The files of the page, each read once when it is first asked for. Only those of the list can be
 * asked for: no path of a caller reaches the class path.
 */
final class PageFiles {
    private static final Map<String, String> TYPES =
            Map.of(
                    "html", "text/html; charset=utf-8",
                    "css", "text/css; charset=utf-8",
                    "js", "text/javascript; charset=utf-8",
                    "svg", "image/svg+xml",
                    "woff2", "font/woff2");

    /**
     * Nothing but this server's own files, and no frame around them. Audio worklets, pictures and
     * fonts are files of the server too.
     */
    private static final String POLICY =
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'; require-trusted-types-for 'script'";

    private final List<String> names;
    private final Map<String, File> files = new ConcurrentHashMap<>();

    private record File(byte[] bytes, String type, String tag) {}

    PageFiles() {
        names =
                new String(read("files.txt"), StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> !line.isBlank())
                        .toList();
    }

    List<String> names() {
        return names;
    }

    /** Sends one of {@link #names}; a browser that has it already is told so. */
    void send(String name, Exchange exchange) throws IOException {
        File file = files.computeIfAbsent(name, PageFiles::file);
        exchange.responseHeader("etag", file.tag);
        exchange.responseHeader("cache-control", "no-cache");
        exchange.responseHeader("content-security-policy", POLICY);
        exchange.responseHeader("x-content-type-options", "nosniff");
        exchange.responseHeader("referrer-policy", "no-referrer");
        exchange.responseHeader("cross-origin-opener-policy", "same-origin");
        exchange.responseHeader("cross-origin-resource-policy", "same-origin");
        exchange.responseHeader(
                "permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()");
        boolean known = file.tag.equals(exchange.header("if-none-match"));
        exchange.send(known ? 304 : 200, file.type, known ? new byte[0] : file.bytes);
    }

    private static File file(String name) {
        byte[] bytes = read(name);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            String tag = '"' + HexFormat.of().formatHex(hash, 0, 8) + '"';
            String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
            if (type == null) {
                throw new IllegalStateException("no media type is known for " + name);
            }
            return new File(bytes, type, tag);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] read(String name) {
        try (InputStream in = PageFiles.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the page's file " + name + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
