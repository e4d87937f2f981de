package dev.skald.cuda.driver;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Memory that is kept for the next who wants some, up to a limit: the driver takes long for an
 * allocation, and to free some it waits for the whole device. Safe for many threads.
 */
final class Pool {
    private final long most;
    private final TreeMap<Long, Deque<Long>> idle = new TreeMap<>();
    private long bytes;

    /**
     * @param most bytes that are kept
     */
    Pool(long most) {
        this.most = most;
    }

    /** A block of at least so many bytes and less than twice as many. */
    synchronized @Nullable Block take(long wanted) {
        Map.Entry<Long, Deque<Long>> fits = idle.ceilingEntry(wanted);
        if (fits == null || fits.getKey() >= 2 * wanted) {
            return null;
        }
        long address = fits.getValue().pop();
        if (fits.getValue().isEmpty()) {
            idle.remove(fits.getKey());
        }
        bytes -= fits.getKey();
        return new Block(address, fits.getKey());
    }

    /** Keeps a block; false if there are enough. */
    synchronized boolean give(Block block) {
        if (bytes + block.bytes() > most) {
            return false;
        }
        idle.computeIfAbsent(block.bytes(), b -> new ArrayDeque<>()).push(block.address());
        bytes += block.bytes();
        return true;
    }

    /** Gives up all it has. */
    synchronized List<Block> empty() {
        List<Block> all = new ArrayList<>();
        idle.forEach((size, addresses) -> addresses.forEach(a -> all.add(new Block(a, size))));
        idle.clear();
        bytes = 0;
        return all;
    }

    synchronized long bytes() {
        return bytes;
    }
}
