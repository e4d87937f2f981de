package dev.skald.cli.speak;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What a server says of a failure. */
final class ErrorText {
    private ErrorText() {}

    /** The message in the error's JSON; the status if it is none. */
    static String of(String body, int status) {
        try {
            JsonNode message = new ObjectMapper().readTree(body).path("error").path("message");
            if (message.isString()) {
                return message.asString();
            }
        } catch (RuntimeException e) {
            // No server of ours.
        }
        return "status " + status;
    }
}
