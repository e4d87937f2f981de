package dev.skald.server.speech;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;

/** A file in memory, to be written. */
final class MemoryChannel implements SeekableByteChannel {
    private byte[] bytes = new byte[1 << 16];
    private int size;
    private int position;

    byte[] bytes() {
        return Arrays.copyOf(bytes, size);
    }

    @Override
    public int write(ByteBuffer from) {
        int n = from.remaining();
        int end = Math.addExact(position, n);
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
        }
        from.get(bytes, position, n);
        position = end;
        size = Math.max(size, end);
        return n;
    }

    @Override
    public int read(ByteBuffer into) {
        if (position >= size) {
            return -1;
        }
        int n = Math.min(into.remaining(), size - position);
        into.put(bytes, position, n);
        position += n;
        return n;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long to) {
        position = Math.toIntExact(to);
        return this;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public SeekableByteChannel truncate(long to) {
        size = (int) Math.min(size, to);
        position = Math.min(position, size);
        return this;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
