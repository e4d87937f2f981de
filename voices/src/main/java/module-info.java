/** The catalogue, the installer and the library of installed voices. */
module dev.skald.voices {
    requires dev.skald;
    requires java.net.http;
    requires static org.jspecify;
    requires tools.jackson.databind;

    exports dev.skald.voices to
            dev.skald.chatterbox,
            dev.skald.piper;
}
