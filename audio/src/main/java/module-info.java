/** Encoders, reading clips, resampling, spectra, loudness. */
module dev.skald.audio {
    requires dev.skald;
    requires java.desktop;
    requires static org.jspecify;
    requires com.dylibso.chicory.runtime;
    requires com.dylibso.chicory.wasm;

    exports dev.skald.audio to
            dev.skald.chatterbox,
            dev.skald.engine,
            dev.skald.piper;
    exports dev.skald.audio.codec to
            dev.skald.chatterbox,
            dev.skald.encoders,
            dev.skald.server;
    exports dev.skald.audio.resample to
            dev.skald.chatterbox,
            dev.skald.encoders,
            dev.skald.server;
    exports dev.skald.audio.spectrum to
            dev.skald.chatterbox;

    provides dev.skald.spi.AudioEncoderProvider with
            dev.skald.audio.codec.WavEncoderProvider,
            dev.skald.audio.codec.RawEncoderProvider;
}
