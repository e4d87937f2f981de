/** The layers that every network is made of. */
module dev.skald.nn {
    requires transitive dev.skald.tensor;
    requires static org.jspecify;

    exports dev.skald.nn to
            dev.skald.chatterbox,
            dev.skald.piper;
}
