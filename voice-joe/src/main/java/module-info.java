/** The voice that comes with Skald. */
module dev.skald.voice.joe {
    requires dev.skald;
    requires dev.skald.piper;
    requires static org.jspecify;

    provides dev.skald.piper.BundledVoice with
            dev.skald.voice.joe.JoeVoice;
}
