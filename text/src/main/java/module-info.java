/** Normalisation, sentence splitting, the lexicon. */
module dev.skald.text {
    requires dev.skald;
    requires com.ibm.icu;
    requires org.commonmark;
    requires org.jsoup;
    requires static org.jspecify;

    exports dev.skald.text to
            dev.skald.chatterbox,
            dev.skald.espeak,
            dev.skald.piper;
    exports dev.skald.text.origins to
            dev.skald.chatterbox,
            dev.skald.piper;
}
