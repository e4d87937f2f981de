package dev.skald.audio.codec;

import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.audio.codec.SandboxedDecoder.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * Tells a recording's format by its first bytes and decodes it: WAV by ourselves, AIFF and AU with
 * the JDK, all else in a sandbox.
 */
final class ClipReader {
    private static final int MAGIC = 12;

    private ClipReader() {}

    static AudioClip read(Path file) throws IOException {
        String name = file.toString();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            in.mark(MAGIC);
            byte[] magic = in.readNBytes(MAGIC);
            in.reset();
            if (starts(magic, "RIFF")) {
                return WavReader.read(name, in, Files.size(file));
            }
            if (starts(magic, "fLaC")) {
                return sandboxed(name, file, Kind.FLAC);
            }
            if (starts(magic, "OggS")) {
                return sandboxed(name, file, Kind.VORBIS);
            }
            if (starts(magic, "FORM") || starts(magic, ".snd")) {
                try (AudioInputStream audio = AudioSystem.getAudioInputStream(in)) {
                    return collect(name, audio);
                }
            }
            if (starts(magic, "ID3") || isMpegFrame(magic)) {
                return sandboxed(name, file, Kind.MP3);
            }
            throw unknown(name);
        } catch (UnsupportedAudioFileException e) {
            throw new InvalidRequestException(
                    name + " is damaged or of a kind that is not read: convert it to WAV", e);
        } catch (SkaldException e) {
            throw e;
        } catch (RuntimeException e) {
            // The JDK's readers of AIFF and AU trust their input further than they should.
            throw new InvalidRequestException(name + " is damaged: convert it to WAV", e);
        }
    }

    private static AudioClip sandboxed(String name, Path file, Kind kind) throws IOException {
        return SandboxedDecoder.read(name, file, kind, SandboxedDecoder.DEADLINE);
    }

    private static InvalidRequestException unknown(String name) {
        return new InvalidRequestException(
                name + " is not WAV, FLAC, MP3, OGG Vorbis, AIFF or AU: convert it to WAV");
    }

    private static boolean starts(byte[] bytes, String magic) {
        for (int i = 0; i < magic.length(); i++) {
            if (i >= bytes.length || bytes[i] != magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** A frame header of MPEG audio, layer III. */
    private static boolean isMpegFrame(byte[] b) {
        return b.length >= 4
                && (b[0] & 0xff) == 0xff
                && (b[1] & 0xe6) == 0xe2
                && (b[2] & 0xf0) != 0xf0
                && (b[2] & 0x0c) != 0x0c;
    }

    private static AudioClip collect(String name, AudioInputStream audio) throws IOException {
        AudioFormat format = audio.getFormat();
        int bytes = (format.getSampleSizeInBits() + 7) / 8;
        int channels = format.getChannels();
        boolean signed = format.getEncoding().equals(AudioFormat.Encoding.PCM_SIGNED);
        if (bytes < 1 || bytes > 4 || !signed) {
            throw new InvalidRequestException(
                    name + " holds " + format.getEncoding() + ": convert it to WAV");
        }
        MonoBuffer mono = new MonoBuffer(name, Math.round(format.getSampleRate()), channels);
        int frame = bytes * channels;
        double scale = 1.0 / (1L << (format.getSampleSizeInBits() - 1));
        byte[] block = new byte[frame * Math.max(1, (1 << 16) / frame)];
        int have = 0;
        while (true) {
            int n = audio.read(block, have, block.length - have);
            if (n < 0) {
                break;
            }
            have += n;
            int whole = have / frame;
            for (int i = 0; i < whole; i++) {
                double sum = 0;
                for (int c = 0; c < channels; c++) {
                    sum += integer(block, i * frame + c * bytes, bytes, format.isBigEndian());
                }
                mono.add(sum * scale);
            }
            have -= whole * frame;
            System.arraycopy(block, whole * frame, block, 0, have);
        }
        return mono.clip();
    }

    private static int integer(byte[] block, int at, int bytes, boolean bigEndian) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = block[at + (bigEndian ? i : bytes - 1 - i)];
            value = i == 0 ? b : value << 8 | (b & 0xff);
        }
        return value;
    }

    static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
