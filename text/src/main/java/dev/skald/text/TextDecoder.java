package dev.skald.text;

import dev.skald.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Text out of bytes in whichever encoding they are: UTF-8; UTF-16 by its mark or its zeros;
 * Windows-1252, which holds Latin-1, from the first byte on that is no UTF-8. Bytes are decoded as
 * they come. Used by one thread.
 */
public final class TextDecoder extends Reader {
    private static final int CHUNK = 8192;

    /** A file with more control characters than one in so many is no text. */
    private static final int MOST_CONTROLS = 20;

    private static final Charset WINDOWS = Charset.forName("windows-1252");

    private final InputStream in;
    private final ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
    private final CharBuffer chars = CharBuffer.allocate(CHUNK).flip();
    private CharsetDecoder decoder;
    private boolean plain = true;
    private boolean ended;
    private boolean flushed;

    /**
     * Reads the first bytes; {@link #close} closes the stream.
     *
     * @param name what the text is called in messages
     * @throws InvalidRequestException if the bytes are no text
     * @throws IOException if they cannot be read
     */
    public TextDecoder(InputStream in, String name) throws IOException {
        this.in = in;
        int n = 0;
        do {
            int more = in.read(bytes.array(), n, CHUNK - n);
            ended = more < 0;
            n += Math.max(more, 0);
        } while (!ended && n < 4 && mayBeMark(n));
        bytes.limit(n);
        decoder = strict(charset(n));
        refuseBinary(n, name);
    }

    private boolean mayBeMark(int n) {
        return n == 0 || (byteAt(0) >= 0xEF && byteAt(0) != 0xF0);
    }

    private int byteAt(int i) {
        return bytes.array()[i] & 0xFF;
    }

    /** The encoding the first bytes tell; the mark is skipped. */
    private Charset charset(int n) {
        if (n >= 3 && byteAt(0) == 0xEF && byteAt(1) == 0xBB && byteAt(2) == 0xBF) {
            bytes.position(3);
            return StandardCharsets.UTF_8;
        }
        if (n >= 2 && byteAt(0) == 0xFF && byteAt(1) == 0xFE) {
            bytes.position(2);
            return StandardCharsets.UTF_16LE;
        }
        if (n >= 2 && byteAt(0) == 0xFE && byteAt(1) == 0xFF) {
            bytes.position(2);
            return StandardCharsets.UTF_16BE;
        }
        int even = 0;
        int odd = 0;
        for (int i = 0; i < n; i++) {
            even += i % 2 == 0 && byteAt(i) == 0 ? 1 : 0;
            odd += i % 2 == 1 && byteAt(i) == 0 ? 1 : 0;
        }
        if (n >= 8 && even == 0 && odd > n / 2 * 7 / 8) {
            return StandardCharsets.UTF_16LE;
        }
        if (n >= 8 && odd == 0 && even > n / 2 * 7 / 8) {
            return StandardCharsets.UTF_16BE;
        }
        return StandardCharsets.UTF_8;
    }

    private static CharsetDecoder strict(Charset charset) {
        CodingErrorAction wrong =
                charset.equals(StandardCharsets.UTF_8)
                        ? CodingErrorAction.REPORT
                        : CodingErrorAction.REPLACE;
        return charset.newDecoder().onMalformedInput(wrong).onUnmappableCharacter(wrong);
    }

    private void refuseBinary(int n, String name) {
        String what = Magic.of(bytes.array(), n);
        if (what.isEmpty() && !decoder.charset().equals(StandardCharsets.UTF_8)) {
            return;
        }
        int controls = 0;
        int zeros = 0;
        for (int i = 0; i < n; i++) {
            int c = byteAt(i);
            zeros += c == 0 ? 1 : 0;
            controls += c < 0x20 && "\t\n\r\f\u001B\b".indexOf(c) < 0 || c == 0x7F ? 1 : 0;
        }
        if (!what.isEmpty() || zeros > 0 && n > 8 || controls * MOST_CONTROLS > n && n > 8) {
            throw new InvalidRequestException(
                    name
                            + " is no text"
                            + (what.isEmpty() ? "" : " but " + what)
                            + ": give a file of plain text, Markdown or HTML");
        }
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!chars.hasRemaining()) {
            if (flushed) {
                return -1;
            }
            decode();
        }
        int n = Math.min(length, chars.remaining());
        chars.get(target, offset, n);
        return n;
    }

    private void decode() throws IOException {
        chars.clear();
        CoderResult result = decoder.decode(bytes, chars, ended);
        if (result.isError()) {
            if (plain(chars)) {
                // The first byte above ASCII is no UTF-8, so none of the others will be.
                decoder = strict(WINDOWS);
            } else {
                bytes.position(bytes.position() + result.length());
                chars.put('\uFFFD');
            }
        } else if (result.isUnderflow()) {
            if (ended) {
                decoder.flush(chars);
                flushed = true;
            } else if (chars.position() == 0) {
                bytes.compact();
                int n = in.read(bytes.array(), bytes.position(), bytes.remaining());
                ended = n < 0;
                bytes.position(bytes.position() + Math.max(n, 0));
                bytes.flip();
            }
        }
        plain = plain(chars);
        chars.flip();
    }

    /** Whether nothing above ASCII was read. */
    private boolean plain(CharBuffer decoded) {
        if (plain) {
            for (int i = 0; i < decoded.position(); i++) {
                if (decoded.get(i) >= 0x80) {
                    return false;
                }
            }
        }
        return plain;
    }

    /** Whether something can be read without waiting. */
    @Override
    public boolean ready() throws IOException {
        return chars.hasRemaining() || bytes.remaining() > 4 || in.available() > 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** Files told by how they begin. */
    private static final class Magic {
        private Magic() {}

        static String of(byte[] bytes, int n) {
            String start = new String(bytes, 0, Math.min(n, 8), StandardCharsets.ISO_8859_1);
            if (start.startsWith("RIFF")
                    || start.startsWith("OggS")
                    || start.startsWith("fLaC")
                    || start.startsWith("ID3")) {
                return "a sound";
            }
            if (start.startsWith("PK\u0003\u0004")) {
                return "an archive, such as EPUB, DOCX or ZIP";
            }
            if (start.startsWith("%PDF")) {
                return "a PDF";
            }
            if (start.startsWith("{\\rtf")) {
                return "RTF";
            }
            if (start.startsWith("\u0089PNG")
                    || start.startsWith("\u00FF\u00D8\u00FF")
                    || start.startsWith("GIF8")) {
                return "a picture";
            }
            if (start.startsWith("\u007FELF") || start.startsWith("\u00CA\u00FE\u00BA\u00BE")) {
                return "a program";
            }
            return start.startsWith("\u001F\u008B") ? "compressed" : "";
        }
    }
}
