package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerFileUpload;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Reads the body of one request, of bounded size, on its event loop, and hands the whole on. */
final class Intake {
    private static final long MOST_DROPPED_BYTES = 64L << 20;

    private final HttpServerRequest request;
    private final Context loop;
    private final long mostBytes;
    private final Budget.Share share;
    private final BiConsumer<Exchange, Optional<ApiError>> whole;
    private Gathered body = new Gathered();
    private final Map<String, Gathered> files = new HashMap<>();
    private boolean form;
    private long received;
    private @Nullable Exchange handed;

    /**
     * @param share of what may be held, until the response has ended
     * @param whole gets the request when it is there, or what is wrong with it as soon as that is
     *     known
     */
    Intake(
            HttpServerRequest request,
            Context loop,
            long mostBytes,
            Budget.Share share,
            BiConsumer<Exchange, Optional<ApiError>> whole) {
        this.request = request;
        this.loop = loop;
        this.mostBytes = mostBytes;
        this.share = share;
        this.whole = whole;
    }

    void read() {
        if (tooLarge(request.getHeader("content-length"))) {
            refuse(ApiError.tooLarge(mostBytes));
        } else {
            goOn(request);
            readForm();
        }
        request.handler(this::part);
        request.exceptionHandler(this::failed);
        request.response().exceptionHandler(error -> leave());
        request.response().closeHandler(ignored -> leave());
        request.response().endHandler(ignored -> share.close());
        request.endHandler(
                ignored -> {
                    if (handed == null) {
                        hand(exchange(), Optional.empty());
                    }
                });
    }

    /** Who asks before sending a large body may send it. */
    static void goOn(HttpServerRequest request) {
        if ("100-continue".equalsIgnoreCase(request.getHeader("expect"))) {
            request.response().writeContinue();
        }
    }

    private void readForm() {
        if (!request.method().equals(HttpMethod.POST)
                || !multipart(request.getHeader("content-type"))) {
            return;
        }
        form = true;
        try {
            request.setExpectMultipart(true);
            request.uploadHandler(this::upload);
        } catch (RuntimeException e) {
            refuse(badForm());
        }
    }

    private void part(Buffer part) {
        received += part.length();
        if (handed != null) {
            // Who is cut off while sending never reads why; but not for ever.
            if (received > MOST_DROPPED_BYTES) {
                request.connection().close();
            }
        } else if (received > mostBytes) {
            refuse(ApiError.tooLarge(mostBytes));
        } else if (!share.take(part.length())) {
            refuse(Budget.spent());
        } else if (!form) {
            body.add(part);
        }
    }

    private void upload(HttpServerFileUpload upload) {
        Gathered file = new Gathered();
        files.put(upload.name(), file);
        upload.handler(
                part -> {
                    if (handed == null) {
                        file.add(part);
                    }
                });
    }

    private void failed(Throwable error) {
        boolean closed = error instanceof IOException || error instanceof HttpClosedException;
        if (form && handed == null && !closed) {
            refuse(badForm());
        } else {
            leave();
        }
    }

    private void refuse(ApiError error) {
        drop();
        share.close();
        hand(new Exchange(request, loop, new byte[0], null), Optional.of(error));
    }

    private Exchange exchange() {
        if (!form) {
            byte[] bytes = body.take();
            return new Exchange(request, loop, bytes, null);
        }
        Map<String, String> texts = new HashMap<>();
        request.formAttributes().forEach(texts::put);
        Map<String, byte[]> bytes = new HashMap<>();
        files.forEach((name, file) -> bytes.put(name, file.take()));
        return new Exchange(request, loop, new byte[0], new Form(texts, bytes));
    }

    /** What came piece by piece: a buffer that grows would take three times its bytes. */
    private static final class Gathered {
        private List<byte[]> parts = new ArrayList<>();
        private int size;

        void add(Buffer part) {
            parts.add(part.getBytes());
            size += part.length();
        }

        /** All of it, once. */
        byte[] take() {
            byte[] all = new byte[size];
            int at = 0;
            for (byte[] part : parts) {
                System.arraycopy(part, 0, all, at, part.length);
                at += part.length;
            }
            parts = new ArrayList<>();
            size = 0;
            return all;
        }
    }

    /** Nothing of it is wanted. */
    private void drop() {
        body = new Gathered();
        files.clear();
    }

    private void hand(Exchange exchange, Optional<ApiError> error) {
        handed = exchange;
        whole.accept(exchange, error);
    }

    private void leave() {
        if (handed == null) {
            drop();
        }
        share.close();
        Exchange one = handed;
        if (one != null && !request.response().ended()) {
            one.departure().leave();
        }
    }

    private static boolean multipart(@Nullable String type) {
        return type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/");
    }

    private boolean tooLarge(@Nullable String length) {
        try {
            return length != null && Long.parseLong(length) > mostBytes;
        } catch (NumberFormatException e) {
            return true;
        }
    }

    private static ApiError badForm() {
        return ApiError.invalid(
                null, "invalid_form", "the body is not a multipart form: send multipart/form-data");
    }
}
