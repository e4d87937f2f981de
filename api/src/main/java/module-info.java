/** The API, and what an engine or an encoder implements. */
module dev.skald {
    requires transitive java.desktop;
    requires static org.jspecify;

    exports dev.skald;
    exports dev.skald.spi;

    uses dev.skald.spi.AudioEncoderProvider;
    uses dev.skald.spi.SpeechEngineProvider;
}
