/** eSpeak NG, as WebAssembly. */
module dev.skald.espeak {
    requires com.dylibso.chicory.runtime;
    requires com.dylibso.chicory.wasm;
    requires dev.skald;
    requires dev.skald.text;
    requires java.management;
    requires static org.jspecify;

    provides dev.skald.text.Phonemizer with
            dev.skald.espeak.EspeakNg;
}
