/** The Chatterbox family. */
module dev.skald.chatterbox {
    requires dev.skald;
    requires dev.skald.audio;
    requires dev.skald.engine;
    requires dev.skald.nn;
    requires dev.skald.tensor;
    requires dev.skald.text;
    requires dev.skald.voices;
    requires static org.jspecify;
    requires tools.jackson.databind;

    provides dev.skald.spi.SpeechEngineProvider with
            dev.skald.chatterbox.ChatterboxProvider;
}
