package dev.skald.fuzz;

import java.util.Arrays;
import java.util.Random;

/**
 * Small damage to good inputs: bits, bytes, magic numbers, pieces cut, doubled and put together.
 */
final class Mutator {
    private static final int REACH = 512; // headers are where sizes are claimed
    private static final int[] MAGIC = {
        0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000, 1 << 20, 1 << 28
    };

    private final Random random;

    Mutator(long seed) {
        random = new Random(seed);
    }

    byte[] mutate(byte[] good, byte[] other) {
        byte[] bytes = good.clone();
        for (int i = 0; i <= random.nextInt(6); i++) {
            bytes = once(bytes, other);
        }
        return bytes;
    }

    private byte[] once(byte[] bytes, byte[] other) {
        if (bytes.length == 0) {
            return other.clone();
        }
        int reach = random.nextBoolean() ? Math.min(REACH, bytes.length) : bytes.length;
        int at = random.nextInt(reach);
        int count = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 8 : 256));
        switch (random.nextInt(7)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt(256);
            case 2 -> {
                int value = MAGIC[random.nextInt(MAGIC.length)];
                boolean big = random.nextBoolean();
                for (int i = 0; i < 4 && at + i < bytes.length; i++) {
                    bytes[at + i] = (byte) (value >>> 8 * (big ? 3 - i : i));
                }
            }
            case 3 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 4 -> {
                return splice(bytes, at, at + count, new byte[0]);
            }
            case 5 -> {
                return splice(bytes, at, at, Arrays.copyOfRange(bytes, at, at + count));
            }
            default -> {
                int from = random.nextInt(other.length + 1);
                byte[] piece =
                        Arrays.copyOfRange(other, from, Math.min(other.length, from + count));
                return splice(bytes, at, at, piece);
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] piece) {
        byte[] out = new byte[bytes.length - (to - from) + piece.length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(piece, 0, out, from, piece.length);
        System.arraycopy(bytes, to, out, from + piece.length, bytes.length - to);
        return out;
    }
}
