package dev.skald.server.http;

import org.jspecify.annotations.Nullable;

/** A request that is refused or failed, as OpenAI tells it: status, type, parameter and code. */
public final class ApiError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;

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

    /** 404. */
    public static ApiError notFound(@Nullable String param, String code, String message) {
        return new ApiError(404, "invalid_request_error", message, param, code);
    }

    /** Another refusal that is the caller's to repair. */
    public static ApiError refused(int status, String code, String message) {
        return new ApiError(status, "invalid_request_error", message, null, code);
    }

    /** 429: too many requests at once. */
    public static ApiError busy(String message) {
        return new ApiError(429, "rate_limit_error", message, null, "rate_limit_exceeded");
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

    public String message() {
        String message = getMessage();
        return message == null ? type : message;
    }
}
