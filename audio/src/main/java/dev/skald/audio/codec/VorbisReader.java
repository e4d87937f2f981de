package dev.skald.audio.codec;

import com.github.trilarion.sound.vorbis.jcraft.jogg.Packet;
import com.github.trilarion.sound.vorbis.jcraft.jogg.Page;
import com.github.trilarion.sound.vorbis.jcraft.jogg.StreamState;
import com.github.trilarion.sound.vorbis.jcraft.jogg.SyncState;
import com.github.trilarion.sound.vorbis.jcraft.jorbis.Block;
import com.github.trilarion.sound.vorbis.jcraft.jorbis.Comment;
import com.github.trilarion.sound.vorbis.jcraft.jorbis.DspState;
import com.github.trilarion.sound.vorbis.jcraft.jorbis.Info;
import dev.skald.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The first Vorbis stream of an OGG file, decoded by JOrbis. */
final class VorbisReader {
    private static final int BLOCK = 8192;

    /**
     * Stands in for the file's own comments, whose lengths JOrbis would allocate as claimed: packet
     * type 3, no vendor, no comments, the framing bit.
     */
    private static final byte[] NO_COMMENTS = {
        3, 'v', 'o', 'r', 'b', 'i', 's', 0, 0, 0, 0, 0, 0, 0, 0, 1
    };

    private final String name;
    private final InputStream in;
    private final SyncState sync = new SyncState();
    private final StreamState stream = new StreamState();
    private final Page page = new Page();
    private final Packet packet = new Packet();
    private final Info info = new Info();
    private boolean begun;
    private int serial;
    private long end; // as the last page has it: where the audio ends in a block's middle

    private VorbisReader(String name, InputStream in) {
        this.name = name;
        this.in = in;
        sync.init();
        info.init();
    }

    static AudioClip read(String name, InputStream in) throws IOException {
        return new VorbisReader(name, in).read();
    }

    private AudioClip read() throws IOException {
        Comment comment = new Comment();
        comment.init();
        for (int header = 0; header < 3; header++) {
            if (!next() || (header == 0 && !isVorbis())) {
                throw new InvalidRequestException(
                        name + " holds no Vorbis audio: convert it to WAV");
            }
            if (header == 1) {
                packet.packet_base = NO_COMMENTS.clone();
                packet.packet = 0;
                packet.bytes = NO_COMMENTS.length;
            }
            if (info.synthesis_headerin(comment, packet) < 0) {
                throw new InvalidRequestException(
                        name + " has a damaged Vorbis header: convert it to WAV");
            }
        }
        MonoBuffer mono = new MonoBuffer(name, info.rate, info.channels);
        DspState dsp = new DspState();
        dsp.synthesis_init(info);
        Block block = new Block(dsp);
        float[][][] pcm = new float[1][][];
        int[] offsets = new int[info.channels];
        while (next()) {
            if (block.synthesis(packet) == 0) {
                dsp.synthesis_blockin(block);
            }
            for (int n = dsp.synthesis_pcmout(pcm, offsets);
                    n > 0;
                    n = dsp.synthesis_pcmout(pcm, offsets)) {
                for (int i = 0; i < n; i++) {
                    double sum = 0;
                    for (int c = 0; c < info.channels; c++) {
                        sum += pcm[0][c][offsets[c] + i];
                    }
                    mono.add(sum);
                }
                dsp.synthesis_read(n);
            }
        }
        mono.end(end);
        return mono.clip();
    }

    private boolean isVorbis() {
        byte[] magic = "\u0001vorbis".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < magic.length; i++) {
            if (packet.bytes <= i || packet.packet_base[packet.packet + i] != magic[i]) {
                return false;
            }
        }
        return true;
    }

    /** The stream's next packet; false at its end. A hole left by damage is passed over. */
    private boolean next() throws IOException {
        while (true) {
            int got = begun ? stream.packetout(packet) : 0;
            if (got > 0) {
                return true;
            }
            if (got == 0) {
                if (nextPage() == null) {
                    return false;
                }
                if (!begun) {
                    serial = page.serialno();
                    stream.init(serial);
                    begun = true;
                }
                if (page.serialno() == serial) {
                    stream.pagein(page);
                    end = page.granulepos();
                }
            }
        }
    }

    private @Nullable Page nextPage() throws IOException {
        while (true) {
            int got = sync.pageout(page);
            if (got > 0) {
                return page;
            }
            if (got == 0) {
                int at = sync.buffer(BLOCK);
                int n = in.read(sync.data, at, BLOCK);
                if (n <= 0) {
                    return null;
                }
                sync.wrote(n);
            }
        }
    }
}
