package dev.skald.server.http;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request that is refused or failed, as OpenAI tells it: status, type, parameter and code. */
public final class ApiError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private @Nullable String allow;
    private int retrySeconds;

    private ApiError(
            int status,
            String type,
            String message,
            @Nullable String param,
            @Nullable String code) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /** 400: a parameter that cannot be. */
    public static ApiError invalid(@Nullable String param, String code, String message) {
        return new ApiError(400, "invalid_request_error", message, param, code);
    }

    /** 400: a parameter that is required. */
    public static ApiError missing(String param) {
        return invalid(
                param, "missing_required_parameter", "'" + param + "' is missing: it is required");
    }

    /** 404. */
    public static ApiError notFound(@Nullable String param, String code, String message) {
        return new ApiError(404, "invalid_request_error", message, param, code);
    }

    /** 405. */
    public static ApiError methodNotAllowed(Set<String> methods) {
        ApiError error =
                refused(
                        405,
                        "method_not_allowed",
                        "use " + String.join(" or ", methods) + " at this path");
        error.allow = String.join(", ", methods);
        return error;
    }

    /** Another refusal that is the caller's to repair. */
    public static ApiError refused(int status, String code, String message) {
        return new ApiError(status, "invalid_request_error", message, null, code);
    }

    /** 413: a body beyond so many bytes. */
    static ApiError tooLarge(long mostBytes) {
        return refused(413, "request_too_large", "the body is larger than " + mostBytes + " bytes");
    }

    /**
     * 429: too many requests.
     *
     * @param retrySeconds when another may be heard
     */
    public static ApiError busy(String message, int retrySeconds) {
        ApiError error =
                new ApiError(429, "rate_limit_error", message, null, "rate_limit_exceeded");
        error.retrySeconds = retrySeconds;
        return error;
    }

    /** 503: this side cannot now, but soon. */
    public static ApiError later(String code, String message) {
        ApiError error = failed(503, code, message);
        error.retrySeconds = 1;
        return error;
    }

    /** A failure of this side. */
    public static ApiError failed(int status, String code, String message) {
        return new ApiError(status, "server_error", message, null, code);
    }

    public int status() {
        return status;
    }

    public String type() {
        return type;
    }

    public @Nullable String param() {
        return param;
    }

    public @Nullable String code() {
        return code;
    }

    /** The methods that would do; null if the method is not the fault. */
    @Nullable String allow() {
        return allow;
    }

    /** After how many seconds to try again; 0 if that does not help. */
    int retrySeconds() {
        return retrySeconds;
    }

    public String message() {
        String message = getMessage();
        return message == null ? type : message;
    }
}
