package dev.skald.voices;

import dev.skald.VoiceException;
import java.nio.file.Path;
import java.util.List;

/**
 * A voice in the library, as its record {@code voice.json} has it.
 *
 * @param info what it is
 * @param folder where its files lie
 * @param files what was installed
 * @param source where it came from, for a person: {@code "the Hugging Face hub"}
 * @param installed when, ISO 8601 in UTC
 */
public record InstalledVoice(
        VoiceInfo info, Path folder, List<VoiceFile> files, String source, String installed) {
    public InstalledVoice {
        files = List.copyOf(files);
    }

    public String id() {
        return info.id();
    }

    public VoiceKind kind() {
        return info.kind();
    }

    /** Bytes of all its files. */
    public long bytes() {
        return files.stream().mapToLong(VoiceFile::bytes).sum();
    }

    public boolean has(String name) {
        return files.stream().anyMatch(f -> f.name().equals(name));
    }

    /**
     * The path of one of its files.
     *
     * @throws VoiceException if the voice was installed without it
     */
    public Path file(String name) {
        if (!has(name)) {
            throw new VoiceException(
                    "voice "
                            + id()
                            + " has no file "
                            + name
                            + ": install it again (skald voices remove "
                            + id()
                            + ", then skald voices install "
                            + id()
                            + ")");
        }
        return folder.resolve(name);
    }

    /** A Piper voice's network. */
    public Path onnx() {
        return ending(".onnx");
    }

    /** A Piper voice's configuration. */
    public Path config() {
        return ending(".onnx.json");
    }

    private Path ending(String suffix) {
        return files.stream()
                .map(VoiceFile::name)
                .filter(n -> n.endsWith(suffix))
                .findFirst()
                .map(folder::resolve)
                .orElseThrow(
                        () ->
                                new VoiceException(
                                        id() + " is not a Piper voice: it has no " + suffix));
    }
}
