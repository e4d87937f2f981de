package dev.skald.cuda.driver;

/**
 * A piece of memory from a {@link Context}'s pool.
 *
 * @param bytes at least those that were asked for
 */
public record Block(long address, long bytes) {}
