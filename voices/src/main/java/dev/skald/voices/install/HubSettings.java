package dev.skald.voices.install;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How the hub is reached.
 *
 * @param endpoint its address, without a slash at the end
 * @param token sent to the endpoint alone, never to where it redirects
 * @param proxies chooses the proxy of an address
 * @param proxyUser the proxy's name and password
 * @param connect how long a connection may take
 * @param answer how long an answer may take, and how long a download may stand still
 * @param slowest bytes a second below which a download is broken off: it holds the voice's lock
 * @param attempts how often a transfer is begun before it is given up
 * @param backoff the first pause between attempts; each further one is twice as long
 */
record HubSettings(
        URI endpoint,
        Optional<String> token,
        ProxySelector proxies,
        Optional<PasswordAuthentication> proxyUser,
        Duration connect,
        Duration answer,
        int slowest,
        int attempts,
        Duration backoff) {

    /** What a weak mobile connection gives. */
    private static final int SLOWEST = 4096;

    private static final String HUB = "https://huggingface.co";

    static HubSettings fromEnvironment() {
        return of(System.getenv(), System.getProperties().containsKey("https.proxyHost"));
    }

    /**
     * Honours {@code HF_ENDPOINT}, {@code HF_TOKEN} (or the file the hub's own client keeps it in),
     * Java's proxy properties if they are set, else {@code HTTPS_PROXY}, {@code ALL_PROXY} and
     * {@code NO_PROXY}.
     */
    static HubSettings of(Map<String, String> env, boolean javaProxy) {
        URI endpoint = endpoint(env.getOrDefault("HF_ENDPOINT", ""));
        Optional<URI> proxy =
                javaProxy ? Optional.empty() : proxy(env, endpoint.getScheme().equals("http"));
        return new HubSettings(
                endpoint,
                token(env),
                proxy.<ProxySelector>map(p -> new EnvironmentProxy(p, noProxy(env)))
                        .orElseGet(ProxySelector::getDefault),
                proxy.flatMap(HubSettings::user),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                SLOWEST,
                5,
                Duration.ofMillis(500));
    }

    Optional<Authenticator> authenticator() {
        return proxyUser.map(
                user ->
                        new Authenticator() {
                            @Override
                            protected PasswordAuthentication getPasswordAuthentication() {
                                return getRequestorType() == RequestorType.PROXY
                                        ? user
                                        : new PasswordAuthentication("", new char[0]);
                            }
                        });
    }

    private static URI endpoint(String given) {
        String text = given.isBlank() ? HUB : given.strip();
        while (text.endsWith("/")) {
            text = text.substring(0, text.length() - 1);
        }
        try {
            URI uri = URI.create(text);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw new dev.skald.VoiceException(
                "HF_ENDPOINT is not a web address: set it to something like " + HUB);
    }

    private static Optional<String> token(Map<String, String> env) {
        String own = env.getOrDefault("HF_TOKEN", "").strip();
        if (!own.isEmpty()) {
            return clean(own);
        }
        String home = env.getOrDefault("HF_HOME", "");
        Path file =
                (home.isBlank()
                                ? Path.of(
                                        System.getProperty("user.home", "."),
                                        ".cache",
                                        "huggingface")
                                : Path.of(home))
                        .resolve("token");
        try {
            return Files.isRegularFile(file)
                    ? clean(Files.readString(file).strip())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** A header's value cannot hold everything. */
    private static Optional<String> clean(String token) {
        return token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')
                ? Optional.empty()
                : Optional.of(token);
    }

    private static Optional<URI> proxy(Map<String, String> env, boolean plain) {
        for (String name : List.of(plain ? "http_proxy" : "https_proxy", "all_proxy")) {
            String value =
                    env.getOrDefault(name, env.getOrDefault(name.toUpperCase(Locale.ROOT), ""))
                            .strip();
            if (!value.isEmpty()) {
                try {
                    URI uri = URI.create(value.contains("://") ? value : "http://" + value);
                    if (uri.getHost() != null && !uri.getScheme().startsWith("socks")) {
                        return Optional.of(uri);
                    }
                } catch (IllegalArgumentException e) {
                    // A setting nothing can be made of is as none.
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<PasswordAuthentication> user(URI proxy) {
        String info = proxy.getUserInfo();
        if (info == null || info.isEmpty()) {
            return Optional.empty();
        }
        int colon = info.indexOf(':');
        return Optional.of(
                new PasswordAuthentication(
                        colon < 0 ? info : info.substring(0, colon),
                        (colon < 0 ? "" : info.substring(colon + 1)).toCharArray()));
    }

    private static List<String> noProxy(Map<String, String> env) {
        String value = env.getOrDefault("no_proxy", env.getOrDefault("NO_PROXY", ""));
        return List.of(value.split(",")).stream()
                .map(s -> s.strip().toLowerCase(Locale.ROOT))
                .filter(s -> !s.isEmpty())
                .toList();
    }

    private static final class EnvironmentProxy extends ProxySelector {
        private final Proxy proxy;
        private final List<String> direct;

        EnvironmentProxy(URI proxy, List<String> direct) {
            int port = proxy.getPort();
            if (port < 0) {
                port = proxy.getScheme().equals("https") ? 443 : 80;
            }
            this.proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port));
            this.direct = direct;
        }

        @Override
        public List<Proxy> select(URI uri) {
            String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
            for (String suffix : direct) {
                String bare = suffix.startsWith(".") ? suffix.substring(1) : suffix;
                if (suffix.equals("*") || host.equals(bare) || host.endsWith("." + bare)) {
                    return List.of(Proxy.NO_PROXY);
                }
            }
            return List.of(proxy);
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException e) {
            // The request fails with it.
        }
    }
}
