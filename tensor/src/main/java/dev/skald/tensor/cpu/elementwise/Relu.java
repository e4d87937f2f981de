package dev.skald.tensor.cpu.elementwise;

/** max(x, 0): LeakyReLU with a slope of zero, which is its parameter. */
final class Relu extends UnaryFunction {
    static final Relu FUNCTION = new Relu();

    private Relu() {}

    @Override
    double exact(double v, float parameter) {
        return Math.max(v, 0);
    }

    @Override
    float scalar(float x, float parameter) {
        return LeakyRelu.leakyRelu(x, parameter);
    }

    @Override
    Vectors vectors() {
        return LeakyRelu.Simd.KERNEL;
    }
}
