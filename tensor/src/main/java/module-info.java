/** The op set, weights, and the CPU backend. */
module dev.skald.tensor {
    requires transitive dev.skald;
    // Brings the Vector API to a program on the module path; one on the class path adds it by
    // --add-modules, and without it the scalar kernels compute.
    requires jdk.incubator.vector;
    requires static org.jspecify;
    requires tools.jackson.databind;

    exports dev.skald.tensor to
            dev.skald.chatterbox,
            dev.skald.engine,
            dev.skald.cuda,
            dev.skald.nn,
            dev.skald.piper;
    exports dev.skald.tensor.decode to
            dev.skald.chatterbox,
            dev.skald.cuda;
    exports dev.skald.tensor.io to
            dev.skald.chatterbox,
            dev.skald.piper;

    uses dev.skald.tensor.BackendProvider;

    provides dev.skald.tensor.BackendProvider with
            dev.skald.tensor.cpu.CpuProvider;
}
