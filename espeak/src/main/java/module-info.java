/** eSpeak NG through the Foreign Function and Memory API. */
module dev.skald.espeak {
    requires dev.skald;
    requires dev.skald.text;
    requires static org.jspecify;

    exports dev.skald.espeak to
            dev.skald.piper;
}
