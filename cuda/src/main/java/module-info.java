/** NVIDIA GPUs through their driver alone. */
module dev.skald.cuda {
    requires dev.skald;
    requires dev.skald.tensor;
    requires static org.jspecify;

    provides dev.skald.tensor.BackendProvider with
            dev.skald.cuda.CudaProvider;
}
