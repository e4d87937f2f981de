/** Encoders, reading clips, resampling, spectra, loudness. */
module dev.skald.audio {
    requires dev.skald;
    requires java.desktop;
    requires static org.jspecify;
    // The decoders are automatic modules, two of them named after their jars.
    requires com.github.trilarion.sound;
    requires javasound.flac;
    requires jlayer;

    exports dev.skald.audio to
            dev.skald.chatterbox;
    exports dev.skald.audio.codec to
            dev.skald.chatterbox;
    exports dev.skald.audio.resample to
            dev.skald.chatterbox;
    exports dev.skald.audio.spectrum to
            dev.skald.chatterbox;

    provides dev.skald.spi.AudioEncoderProvider with
            dev.skald.audio.codec.WavEncoderProvider,
            dev.skald.audio.codec.RawEncoderProvider;
}
