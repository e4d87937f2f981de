package dev.skald.engine;

import java.io.IOException;
import java.io.Reader;

/** A text that can be read from its beginning again until it is told to forget. */
final class TextTape {
    private final Reader from;
    private final StringBuilder kept = new StringBuilder();
    private volatile boolean forgets;

    TextTape(Reader from) {
        this.from = from;
    }

    /** What was read comes once more to those that read it already; nothing is kept any more. */
    void forget() {
        forgets = true;
    }

    /** The text from its beginning. One of them at a time is read on. */
    Reader open() {
        return new Reader() {
            private int at;

            @Override
            public int read(char[] to, int offset, int count) throws IOException {
                synchronized (TextTape.this) {
                    if (at < kept.length()) {
                        int n = Math.min(count, kept.length() - at);
                        kept.getChars(at, at + n, to, offset);
                        at += n;
                        return n;
                    }
                    int n = from.read(to, offset, count);
                    if (n > 0 && !forgets) {
                        kept.append(to, offset, n);
                        at += n;
                    }
                    return n;
                }
            }

            @Override
            public boolean ready() throws IOException {
                synchronized (TextTape.this) {
                    return at < kept.length() || from.ready();
                }
            }

            @Override
            public void close() {} // the caller closes what it gave
        };
    }
}
