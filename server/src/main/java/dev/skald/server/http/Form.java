package dev.skald.server.http;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A multipart form.
 *
 * @param fields the texts by their names
 * @param files the files by the names of their parts; what a client calls a file is not kept
 */
public record Form(Map<String, String> fields, Map<String, byte[]> files) {
    /** A text, if it is there and not blank. */
    public @Nullable String text(String name) {
        String text = fields.get(name);
        return text == null || text.isBlank() ? null : text.strip();
    }

    /**
     * @throws ApiError 400 if it is missing or blank
     */
    public String required(String name) {
        String text = text(name);
        if (text == null) {
            throw ApiError.missing(name);
        }
        return text;
    }

    /**
     * @throws ApiError 400 if it is missing or empty
     */
    public byte[] file(String name) {
        byte[] file = files.get(name);
        if (file == null || file.length == 0) {
            throw ApiError.missing(name);
        }
        return file;
    }
}
