/** Speech as MP3, Opus and FLAC; as AAC where there is ffmpeg. */
module dev.skald.encoders {
    requires dev.skald;
    requires dev.skald.audio;
    requires java.desktop;
    requires static org.jspecify;
    requires jump3r;
    requires concentus;

    provides dev.skald.spi.AudioEncoderProvider with
            dev.skald.encoders.Mp3EncoderProvider,
            dev.skald.encoders.OpusEncoderProvider,
            dev.skald.encoders.FlacEncoderProvider,
            dev.skald.encoders.AacEncoderProvider,
            dev.skald.encoders.M4aEncoderProvider;
}
