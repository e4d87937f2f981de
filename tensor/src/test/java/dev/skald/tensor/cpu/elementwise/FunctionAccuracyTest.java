package dev.skald.tensor.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** How far the polynomials are from the functions, in units of the last place. */
class FunctionAccuracyTest {
    private interface F {
        float of(float x);
    }

    /** The largest error over [low, high], in ulps of the value but at least of {@code floor}. */
    private static double worst(
            F f, DoubleUnaryOperator exact, double low, double high, float floor) {
        double worst = 0;
        int n = 200_000;
        for (int i = 0; i <= n; i++) {
            float x = (float) (low + (high - low) * i / n);
            double e = exact.applyAsDouble(x);
            float ulp = Math.ulp(Math.max(Math.abs((float) e), floor));
            worst = Math.max(worst, Math.abs(f.of(x) - e) / ulp);
        }
        return worst;
    }

    private static double exactSigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    @Test
    void functionsAreAccurate() {
        float tiny = Float.MIN_NORMAL;
        assertThat(worst(Exp::exp, StrictMath::exp, -87, 88, tiny)).isLessThan(1.6);
        assertThat(worst(Exp::exp2, x -> StrictMath.pow(2, x), -126, 127, tiny)).isLessThan(1.6);
        assertThat(worst(Exp::expm1, StrictMath::expm1, -20, 88, tiny)).isLessThan(2.5);
        assertThat(worst(Tanh::tanh, StrictMath::tanh, -12, 12, tiny)).isLessThan(4.5);
        assertThat(worst(Sigmoid::sigmoid, FunctionAccuracyTest::exactSigmoid, -80, 80, tiny))
                .isLessThan(3);
        assertThat(worst(Log::log, StrictMath::log, 1e-5, 30, tiny)).isLessThan(2);
        assertThat(worst(x -> Sine.sin(x, 0), StrictMath::sin, -1000, 1000, 0.01f)).isLessThan(2);
        assertThat(worst(x -> Sine.sin(x, 1), StrictMath::cos, -1000, 1000, 0.01f)).isLessThan(2);
        assertThat(worst(x -> Sine.sin(x, 0), StrictMath::sin, -1e5, 1e5, 0.5f)).isLessThan(2);
        DoubleUnaryOperator gelu = x -> 0.5 * x * Gelu.erfc(-x * Math.sqrt(0.5));
        assertThat(worst(Gelu::gelu, gelu, -8, 8, 0.05f)).isLessThan(8);
        assertThat(worst(Silu::silu, x -> x * exactSigmoid(x), -40, 40, 0.01f)).isLessThan(4);
        DoubleUnaryOperator mish = x -> x * StrictMath.tanh(StrictMath.log1p(StrictMath.exp(x)));
        assertThat(worst(Mish::mish, mish, -20, 40, 0.01f)).isLessThan(5);
        DoubleUnaryOperator elu = x -> x > 0 ? x : StrictMath.expm1(x);
        assertThat(worst(x -> Elu.elu(x, 1), elu, -20, 5, tiny)).isLessThan(2.5);
        DoubleUnaryOperator tanhGelu =
                x -> x * exactSigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
        assertThat(worst(GeluTanh::geluTanh, tanhGelu, -8, 8, 0.05f)).isLessThan(8);
    }

    @Test
    void limitsAreTame() {
        assertThat(Exp.exp(-1e9f)).isBetween(0f, 2e-38f);
        assertThat(Exp.exp(1e9f)).isFinite();
        assertThat(Exp.exp2(-1e30f)).isBetween(0f, 2e-38f);
        assertThat(Tanh.tanh(50)).isEqualTo(1);
        assertThat(Tanh.tanh(-50)).isEqualTo(-1);
        assertThat(Gelu.gelu(-50)).isBetween(-1e-30f, 0f);
        assertThat(Gelu.gelu(50)).isEqualTo(50);
        assertThat(Mish.mish(100)).isEqualTo(100);
        assertThat(Exp.exp(Float.NaN)).isNaN();
        assertThat(Sine.sin(1e9f, 0)).isEqualTo((float) Math.sin(1e9));
    }

    @Test
    void erfcIsAccurate() {
        for (double x = -6; x < 5; x += 0.037) {
            // erf by Simpson's rule.
            int n = 2000;
            double h = x / n;
            double sum = 1 + Math.exp(-x * x);
            for (int i = 1; i < n; i++) {
                sum += (i % 2 == 0 ? 2 : 4) * Math.exp(-(i * h) * (i * h));
            }
            double erf = 2 / Math.sqrt(Math.PI) * sum * h / 3;
            assertThat(Gelu.erfc(x)).isCloseTo(1 - erf, within(1e-12));
        }
    }
}
