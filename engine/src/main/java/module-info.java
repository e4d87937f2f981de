/** What every engine shares: loaded models, the scheduler of a device, the way of audio out. */
module dev.skald.engine {
    requires transitive dev.skald;
    requires dev.skald.audio;
    requires transitive dev.skald.tensor;
    requires static org.jspecify;

    exports dev.skald.engine to
            dev.skald.chatterbox,
            dev.skald.piper;
}
