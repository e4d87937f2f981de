package dev.skald.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** How far the polynomials are from the functions, in units of the last place. */
class TwinsTest {
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

    @Test
    void functionsAreAccurate() {
        float tiny = Float.MIN_NORMAL;
        assertThat(worst(Twins::exp, StrictMath::exp, -87, 88, tiny)).isLessThan(1.6);
        assertThat(worst(Twins::exp2, x -> StrictMath.pow(2, x), -126, 127, tiny)).isLessThan(1.6);
        assertThat(worst(Twins::expm1, StrictMath::expm1, -20, 88, tiny)).isLessThan(2.5);
        assertThat(worst(Twins::tanh, StrictMath::tanh, -12, 12, tiny)).isLessThan(4.5);
        assertThat(worst(Twins::sigmoid, Kernels::sigmoid, -80, 80, tiny)).isLessThan(3);
        assertThat(worst(Twins::log, StrictMath::log, 1e-5, 30, tiny)).isLessThan(2);
        assertThat(worst(x -> Twins.sin(x, 0), StrictMath::sin, -1000, 1000, 0.01f)).isLessThan(2);
        assertThat(worst(x -> Twins.sin(x, 1), StrictMath::cos, -1000, 1000, 0.01f)).isLessThan(2);
        assertThat(worst(x -> Twins.sin(x, 0), StrictMath::sin, -1e5, 1e5, 0.5f)).isLessThan(2);
        DoubleUnaryOperator gelu = x -> 0.5 * x * Kernels.erfc(-x * Math.sqrt(0.5));
        assertThat(worst(Twins::gelu, gelu, -8, 8, 0.05f)).isLessThan(8);
        assertThat(worst(Twins::silu, x -> x * Kernels.sigmoid(x), -40, 40, 0.01f)).isLessThan(4);
        DoubleUnaryOperator mish = x -> x * StrictMath.tanh(StrictMath.log1p(StrictMath.exp(x)));
        assertThat(worst(Twins::mish, mish, -20, 40, 0.01f)).isLessThan(5);
        DoubleUnaryOperator elu = x -> x > 0 ? x : StrictMath.expm1(x);
        assertThat(worst(x -> Twins.elu(x, 1), elu, -20, 5, tiny)).isLessThan(2.5);
        DoubleUnaryOperator tanhGelu =
                x -> x * Kernels.sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
        assertThat(worst(Twins::geluTanh, tanhGelu, -8, 8, 0.05f)).isLessThan(8);
    }

    @Test
    void limitsAreTame() {
        assertThat(Twins.exp(-1e9f)).isBetween(0f, 2e-38f);
        assertThat(Twins.exp(1e9f)).isFinite();
        assertThat(Twins.exp2(-1e30f)).isBetween(0f, 2e-38f);
        assertThat(Twins.tanh(50)).isEqualTo(1);
        assertThat(Twins.tanh(-50)).isEqualTo(-1);
        assertThat(Twins.gelu(-50)).isBetween(-1e-30f, 0f);
        assertThat(Twins.gelu(50)).isEqualTo(50);
        assertThat(Twins.mish(100)).isEqualTo(100);
        assertThat(Twins.exp(Float.NaN)).isNaN();
        assertThat(Twins.sin(1e9f, 0)).isEqualTo((float) Math.sin(1e9));
    }
}
