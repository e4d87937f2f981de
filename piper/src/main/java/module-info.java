/** Piper voices. */
module dev.skald.piper {
    requires dev.skald;
    requires dev.skald.engine;
    requires dev.skald.nn;
    requires dev.skald.tensor;
    requires dev.skald.text;
    requires dev.skald.voices;
    requires static org.jspecify;
    requires tools.jackson.databind;

    exports dev.skald.piper to
            dev.skald.voice.joe;

    uses dev.skald.piper.BundledVoice;
    uses dev.skald.text.Phonemizer;

    provides dev.skald.spi.SpeechEngineProvider with
            dev.skald.piper.PiperProvider;
}
