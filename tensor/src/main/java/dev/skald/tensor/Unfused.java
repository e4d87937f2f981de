package dev.skald.tensor;

import dev.skald.Optimisation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Ops.Scope;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;

/**
 * What a backend does without {@link Optimisation#FUSED_KERNELS}: a product stores its result, and
 * what would be part of it is an op of its own before or behind.
 */
public final class Unfused {
    private Unfused() {}

    /** Whether an epilogue does something. */
    public static boolean has(Epilogue e) {
        return e.activation().kind() != Kind.NONE || e.scale() != 1 || e.residual() != null;
    }

    /** Whether a function does something. */
    public static boolean has(Activation a) {
        return a.kind() != Kind.NONE;
    }

    public static void linear(Ops ops, Tensor x, Linear w, Epilogue epilogue, Tensor out) {
        try (Scope scope = ops.scope()) {
            Tensor made = ops.like(x, w.out());
            ops.linear(x, w, Epilogue.NONE, made);
            finish(ops, made, epilogue, out);
        }
    }

    public static void conv1d(
            Ops ops,
            Tensor x,
            Conv1d w,
            int padLeft,
            int padRight,
            Activation before,
            Epilogue epilogue,
            Tensor out) {
        try (Scope scope = ops.scope()) {
            Tensor from = x;
            if (has(before)) {
                from = ops.operand(x, x.cols(), w);
                ops.activate(x, before, from);
            }
            Tensor made = has(epilogue) ? ops.tensor(out.batch(), out.rows(), out.cols()) : out;
            ops.conv1d(from, w, padLeft, padRight, Activation.NONE, Epilogue.NONE, made);
            if (has(epilogue)) {
                finish(ops, made, epilogue, out);
            }
        }
    }

    /** out = residual + scale * activation(made). */
    private static void finish(Ops ops, Tensor made, Epilogue e, Tensor out) {
        if (has(e.activation())) {
            ops.activate(made, e.activation(), made);
        }
        Tensor residual = e.residual();
        if (residual == null) {
            ops.scale(made, e.scale(), 0, out);
        } else {
            ops.addScaled(residual, made, e.scale(), out);
        }
    }
}
