package dev.skald.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/** Which handler serves which path. Each path is served with {@code /v1} before it and without. */
public final class Routes {
    /** Bodies of requests that say little. */
    public static final long LITTLE = 65_536;

    /** How a failure is written. */
    @FunctionalInterface
    public interface ErrorShape {
        ObjectNode of(ApiError error);
    }

    /**
     * One method at one path.
     *
     * @param path without {@code /v1}; {@code {id}} stands for one segment of any name
     * @param name for the metrics
     * @param open whether it is served without a key
     * @param mostBytes the largest body
     * @param streamed whether the handler reads the body while it arrives
     */
    public record Route(
            String method,
            String path,
            String name,
            boolean open,
            long mostBytes,
            boolean streamed,
            ErrorShape errors,
            HttpEndpoint.Handler handler) {
        /** One whose body is read before it is handled. */
        public Route(
                String method,
                String path,
                String name,
                boolean open,
                long mostBytes,
                ErrorShape errors,
                HttpEndpoint.Handler handler) {
            this(method, path, name, open, mostBytes, false, errors, handler);
        }

        /** Of what GET serves, HEAD gets the head. */
        private boolean serves(String method) {
            return this.method.equals(method) || method.equals("HEAD") && this.method.equals("GET");
        }
    }

    /** A path that is a WebSocket's. */
    public record SocketRoute(String path, String name, HttpEndpoint.SocketHandler handler) {}

    /** A route and the names that its path has where the route has {@code {id}}. */
    public record Match<R>(R route, Map<String, String> names) {}

    private final List<Route> all = new ArrayList<>();
    private final List<SocketRoute> sockets = new ArrayList<>();

    /** Adds one; the first that fits serves. */
    public Routes add(Route route) {
        all.add(route);
        return this;
    }

    public Routes add(SocketRoute route) {
        sockets.add(route);
        return this;
    }

    public List<Route> list() {
        return List.copyOf(all);
    }

    public List<SocketRoute> sockets() {
        return List.copyOf(sockets);
    }

    /**
     * @throws ApiError 404 if there is nothing at this path, 405 if nothing for this method
     */
    public Match<Route> find(String method, String path) {
        List<String> segments = segments(path);
        TreeSet<String> methods = new TreeSet<>();
        for (Route route : all) {
            Optional<Map<String, String>> names = names(route.path, segments);
            if (names.isPresent()) {
                if (route.serves(method)) {
                    return new Match<>(route, names.get());
                }
                methods.add(route.method);
            }
        }
        if (methods.isEmpty()) {
            throw nothing();
        }
        throw ApiError.methodNotAllowed(methods);
    }

    /** The route of a request; empty where there is nothing to be sent to. */
    Optional<Route> route(String method, String path) {
        try {
            return Optional.of(find(method, path).route);
        } catch (ApiError e) {
            return Optional.empty();
        }
    }

    /**
     * @throws ApiError 404 if there is no WebSocket at this path
     */
    public Match<SocketRoute> findSocket(String path) {
        List<String> segments = segments(path);
        for (SocketRoute route : sockets) {
            Optional<Map<String, String>> names = names(route.path, segments);
            if (names.isPresent()) {
                return new Match<>(route, names.get());
            }
        }
        throw nothing();
    }

    private static ApiError nothing() {
        return ApiError.notFound(
                null,
                "unknown_url",
                "there is nothing at this path: POST /v1/audio/speech speaks, /openapi.json tells of"
                        + " the rest");
    }

    private static List<String> segments(String path) {
        List<String> segments = new ArrayList<>(List.of(path.split("/", -1)));
        if (!segments.isEmpty() && segments.getFirst().isEmpty()) {
            segments.removeFirst();
        }
        if (segments.size() > 1 && segments.getLast().isEmpty()) {
            segments.removeLast();
        }
        if (segments.size() > 1 && segments.getFirst().equals("v1")) {
            segments.removeFirst();
        }
        return segments;
    }

    private static Optional<Map<String, String>> names(String pattern, List<String> segments) {
        List<String> wanted = segments(pattern);
        if (wanted.size() != segments.size()) {
            return Optional.empty();
        }
        Map<String, String> names = new TreeMap<>();
        for (int i = 0; i < wanted.size(); i++) {
            String want = wanted.get(i);
            String have = segments.get(i);
            if (want.startsWith("{")) {
                if (have.isEmpty()) {
                    return Optional.empty();
                }
                names.put(want.substring(1, want.length() - 1), decoded(have));
            } else if (!want.equals(have)) {
                return Optional.empty();
            }
        }
        return Optional.of(names);
    }

    private static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid(
                    null, "invalid_url", "the path has a '%' without two hexadecimal digits");
        }
    }
}
