package dev.skald.fuzz.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** An open file whose reads, writes and fsyncs count. */
final class FaultyChannel extends FileChannel {
    private final FaultyFiles files;
    private final String name;
    private final FileChannel real;

    FaultyChannel(FaultyFiles files, String name, FileChannel real) {
        this.files = files;
        this.name = name;
        this.real = real;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        files.operation("read " + name);
        return real.read(to);
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) throws IOException {
        files.operation("read " + name);
        return real.read(to, offset, length);
    }

    @Override
    public int read(ByteBuffer to, long position) throws IOException {
        files.operation("read " + name);
        return real.read(to, position);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        files.operation("write " + name);
        return real.write(from);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        files.operation("write " + name);
        return real.write(from, offset, length);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
        files.operation("write " + name);
        return real.write(from, position);
    }

    @Override
    public void force(boolean metaData) throws IOException {
        files.operation("fsync " + name);
        real.force(metaData);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        files.operation("truncate " + name);
        real.truncate(size);
        return this;
    }

    @Override
    public long position() throws IOException {
        return real.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
        real.position(position);
        return this;
    }

    @Override
    public long size() throws IOException {
        return real.size();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target)
            throws IOException {
        files.operation("read " + name);
        return real.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel from, long position, long count)
            throws IOException {
        files.operation("write " + name);
        return real.transferFrom(from, position, count);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        return real.map(mode, position, size);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real.lock(position, size, shared);
    }

    @Override
    public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        real.close();
    }
}
