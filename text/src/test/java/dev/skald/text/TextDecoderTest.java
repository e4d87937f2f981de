package dev.skald.text;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextDecoderTest {
    private static final String TEXT = "Hello there. It costs 5 euros – café, “nice”.";

    @Test
    void utf16AndUtf8AreToldByTheirMarks() {
        assertThat(decoded(bytes("\uFEFF" + TEXT, UTF_16LE))).isEqualTo(TEXT);
        assertThat(decoded(bytes("\uFEFF" + TEXT, UTF_16BE))).isEqualTo(TEXT);
        assertThat(decoded(bytes("\uFEFF" + TEXT, UTF_8))).isEqualTo(TEXT);
    }

    @Test
    void utf16WithoutAMarkIsToldByItsZeros() {
        assertThat(decoded(bytes("Hello there.", UTF_16LE))).isEqualTo("Hello there.");
        assertThat(decoded(bytes("Hello there.", UTF_16BE))).isEqualTo("Hello there.");
    }

    @Test
    void whatIsNoUtf8IsWindows1252() {
        assertThat(decoded(bytes(TEXT, Charset.forName("windows-1252")))).isEqualTo(TEXT);
        assertThat(decoded(bytes("café naïve résumé.", ISO_8859_1)))
                .isEqualTo("café naïve résumé.");
        String late = "plain words ".repeat(5_000) + "café.";
        assertThat(decoded(bytes(late, ISO_8859_1))).isEqualTo(late);
    }

    @Test
    void oneBrokenByteOfUtf8IsReplacedAlone() {
        byte[] broken = bytes("é?é", UTF_8);
        broken[2] = (byte) 0xFF;
        assertThat(decoded(broken)).isEqualTo("é\uFFFDé");
    }

    @Property(tries = 2000)
    void anyUtf8IsReadAsItIs(@ForAll String text) {
        String valid = new String(bytes("– " + text, UTF_8), UTF_8);
        if (valid.indexOf(0) < 0 && valid.chars().noneMatch(c -> c < ' ' || c == 0x7F)) {
            assertThat(decoded(bytes(valid, UTF_8))).isEqualTo(valid);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "RIFF....WAVEfmt ",
                "PK\u0003\u0004....",
                "%PDF-1.7",
                "\u0089PNG\r\n",
                "a\u0000b\u0001c\u0002d\u0003e"
            })
    void filesThatAreNoTextAreRefused(String start) {
        assertThatThrownBy(() -> decoded(start.getBytes(ISO_8859_1)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("book.bin is no text")
                .hasMessageContaining("give a file of plain text");
    }

    @Test
    void bytesAreDecodedAsTheyCome() throws IOException {
        InputStream slow =
                new InputStream() {
                    private final byte[] bytes = bytes(TEXT, UTF_8);
                    private int at;

                    @Override
                    public int read() {
                        return at < bytes.length ? bytes[at++] & 0xFF : -1;
                    }

                    @Override
                    public int read(byte[] to, int from, int n) {
                        int c = read();
                        if (c < 0) {
                            return -1;
                        }
                        to[from] = (byte) c;
                        return 1;
                    }
                };
        StringWriter out = new StringWriter();
        new TextDecoder(slow, "slow").transferTo(out);
        assertThat(out).hasToString(TEXT);
    }

    private static byte[] bytes(String text, Charset charset) {
        return text.getBytes(charset);
    }

    private static String decoded(byte[] bytes) {
        try {
            StringWriter out = new StringWriter();
            new TextDecoder(new ByteArrayInputStream(bytes), "book.bin").transferTo(out);
            return out.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
