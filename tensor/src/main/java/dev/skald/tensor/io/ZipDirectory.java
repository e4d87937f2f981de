package dev.skald.tensor.io;

import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The entries of a zip file that are stored as they are, which is all that torch writes; with the
 * 64-bit extensions. Entries that are compressed or encrypted are refused.
 */
final class ZipDirectory {
    private static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int END = 0x06054b50;
    private static final int END64_LOCATOR = 0x07064b50;
    private static final int END64 = 0x06064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final long ALL_ONES_32 = 0xffffffffL;
    private static final int MOST_ENTRIES = 1 << 20;

    private final MappedFile file;
    private final MemorySegment bytes;
    private final Map<String, MemorySegment> entries = new HashMap<>();

    private ZipDirectory(MappedFile file) {
        this.file = file;
        this.bytes = file.bytes();
    }

    /** Bytes of each entry by its name. */
    static Map<String, MemorySegment> read(MappedFile file) {
        ZipDirectory directory = new ZipDirectory(file);
        try {
            directory.read();
        } catch (IndexOutOfBoundsException e) {
            throw directory.damaged("it points outside itself");
        }
        return directory.entries;
    }

    private void read() {
        long end = findEnd();
        long count = u16(end + 10);
        long size = u32(end + 12);
        long at = u32(end + 16);
        if (end >= 20 && bytes.get(U32, end - 20) == END64_LOCATOR) {
            long end64 = bytes.get(U64, end - 20 + 8);
            if (bytes.get(U32, end64) != END64) {
                throw damaged("its 64-bit directory is missing");
            }
            count = bytes.get(U64, end64 + 32);
            size = bytes.get(U64, end64 + 40);
            at = bytes.get(U64, end64 + 48);
        }
        if (count < 0 || count > MOST_ENTRIES || size < 0 || at < 0 || count > size / 46) {
            throw damaged("its directory is not possible");
        }
        for (long i = 0; i < count; i++) {
            at = readEntry(at);
        }
    }

    private long findEnd() {
        long last = bytes.byteSize() - 22;
        for (long p = last; p >= 0 && p >= last - 0xffff; p--) {
            if (bytes.get(U32, p) == END) {
                return p;
            }
        }
        throw new WeightException(file.name() + " is not a torch file: it is no zip archive");
    }

    private long readEntry(long at) {
        if (bytes.get(U32, at) != CENTRAL) {
            throw damaged("its directory is broken");
        }
        int flags = u16(at + 8);
        int method = u16(at + 10);
        long packed = u32(at + 20);
        long size = u32(at + 24);
        int nameLength = u16(at + 28);
        int extraLength = u16(at + 30);
        int commentLength = u16(at + 32);
        long local = u32(at + 42);
        String name =
                new String(
                        bytes.asSlice(at + 46, nameLength).toArray(ValueLayout.JAVA_BYTE),
                        StandardCharsets.UTF_8);
        long extra = at + 46 + nameLength;
        long extraEnd = extra + extraLength;
        while (extra + 4 <= extraEnd) {
            int id = u16(extra);
            int length = u16(extra + 2);
            if (id == 1) {
                long p = extra + 4;
                if (size == ALL_ONES_32) {
                    size = bytes.get(U64, p);
                    p += 8;
                }
                if (packed == ALL_ONES_32) {
                    packed = bytes.get(U64, p);
                    p += 8;
                }
                if (local == ALL_ONES_32) {
                    local = bytes.get(U64, p);
                }
            }
            extra += 4 + length;
        }
        if (method != 0 || (flags & 1) != 0 || packed != size) {
            throw damaged("entry '" + name + "' is compressed, which torch never does");
        }
        if (bytes.get(U32, local) != LOCAL) {
            throw damaged("entry '" + name + "' is missing");
        }
        long data = local + 30 + u16(local + 26) + u16(local + 28);
        if (entries.put(name, bytes.asSlice(data, size)) != null) {
            throw damaged("entry '" + name + "' is there twice");
        }
        return extraEnd + commentLength;
    }

    private int u16(long at) {
        return Short.toUnsignedInt(bytes.get(U16, at));
    }

    private long u32(long at) {
        return Integer.toUnsignedLong(bytes.get(U32, at));
    }

    private WeightException damaged(String what) {
        return new WeightException(file.name() + " is damaged: " + what);
    }
}
