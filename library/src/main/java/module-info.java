/** The API and every engine. A program needs to require no more than {@code dev.skald}. */
module dev.skald.library {
    requires transitive dev.skald;
    requires dev.skald.audio;
    requires dev.skald.chatterbox;
    requires dev.skald.cuda;
    requires dev.skald.piper;
    requires dev.skald.voice.joe;
}
