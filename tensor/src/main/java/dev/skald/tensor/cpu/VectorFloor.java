package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;

/** The loops behind {@link MachineFloor}. */
final class VectorFloor {
    private VectorFloor() {}

    /** Returns how many operations it did: twelve independent chains, enough for every pipeline. */
    static double multiplyAdd(int n) {
        FloatVector x = FloatVector.broadcast(Lanes.F, 0.5f);
        FloatVector y = FloatVector.broadcast(Lanes.F, 1f);
        FloatVector s0 = x;
        FloatVector s1 = x;
        FloatVector s2 = x;
        FloatVector s3 = x;
        FloatVector s4 = x;
        FloatVector s5 = x;
        FloatVector s6 = x;
        FloatVector s7 = x;
        FloatVector s8 = x;
        FloatVector s9 = x;
        FloatVector s10 = x;
        FloatVector s11 = x;
        for (int i = 0; i < n; i++) {
            s0 = s0.fma(x, y);
            s1 = s1.fma(x, y);
            s2 = s2.fma(x, y);
            s3 = s3.fma(x, y);
            s4 = s4.fma(x, y);
            s5 = s5.fma(x, y);
            s6 = s6.fma(x, y);
            s7 = s7.fma(x, y);
            s8 = s8.fma(x, y);
            s9 = s9.fma(x, y);
            s10 = s10.fma(x, y);
            s11 = s11.fma(x, y);
        }
        FloatVector t = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
        t = t.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11);
        return Lanes.sum(t) > 0 ? 24.0 * Lanes.N * n : 0;
    }

    /** Sums all values, four vectors at a time. */
    static float read(float[] data) {
        FloatVector a = FloatVector.zero(Lanes.F);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (int i = 0; i < data.length - 4 * Lanes.N + 1; i += 4 * Lanes.N) {
            a = a.add(FloatVector.fromArray(Lanes.F, data, i));
            b = b.add(FloatVector.fromArray(Lanes.F, data, i + Lanes.N));
            c = c.add(FloatVector.fromArray(Lanes.F, data, i + 2 * Lanes.N));
            d = d.add(FloatVector.fromArray(Lanes.F, data, i + 3 * Lanes.N));
        }
        return Lanes.sum(a.add(b).add(c.add(d)));
    }
}
