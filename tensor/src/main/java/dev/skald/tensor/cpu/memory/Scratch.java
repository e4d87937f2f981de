package dev.skald.tensor.cpu.memory;

/** Memory of each worker for one tile. It grows to the largest tile seen. */
public final class Scratch {
    private final float[][] input;
    private final float[][] tile;
    private final float[][] panel;
    private final float[][] points;

    public Scratch(int workers) {
        input = new float[workers][0];
        tile = new float[workers][0];
        panel = new float[workers][0];
        points = new float[workers][0];
    }

    /** For the rows a tile reads. */
    public float[] input(int worker, int size) {
        return at(input, worker, size);
    }

    /** For the values a tile makes. */
    public float[] tile(int worker, int size) {
        return at(tile, worker, size);
    }

    /** For a panel of weights unpacked. */
    public float[] panel(int worker, int size) {
        return at(panel, worker, size);
    }

    /** For a tile's rows evaluated at the points of minimal filtering. */
    public float[] points(int worker, int size) {
        return at(points, worker, size);
    }

    private static float[] at(float[][] all, int worker, int size) {
        float[] a = all[worker];
        if (a.length < size) {
            a = new float[size];
            all[worker] = a;
        }
        return a;
    }
}
