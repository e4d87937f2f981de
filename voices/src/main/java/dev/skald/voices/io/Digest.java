package dev.skald.voices.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * What a file must hash to, as its publisher states it.
 *
 * @param algorithm how
 * @param hex the digest, lower-case hexadecimal
 */
public record Digest(Algorithm algorithm, String hex) {

    /** How it is computed. */
    public enum Algorithm {
        SHA256("SHA-256", 64),
        /** Of git: over {@code "blob <size>\0"} and the content. */
        GIT_BLOB("SHA-1", 40),
        MD5("MD5", 32);

        final String jca;
        final int digits;

        Algorithm(String jca, int digits) {
            this.jca = jca;
            this.digits = digits;
        }
    }

    public Digest {
        hex = hex.toLowerCase(Locale.ROOT);
        if (hex.length() != algorithm.digits || !isHex(hex)) {
            throw new IllegalArgumentException("not a " + algorithm + " in hexadecimal");
        }
    }

    public static boolean isHex(String text) {
        return text.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128);
    }

    public boolean matches(Path file) throws IOException {
        return hash(file, algorithm).equals(hex);
    }

    public static String sha256(Path file) throws IOException {
        return hash(file, Algorithm.SHA256);
    }

    private static String hash(Path file, Algorithm algorithm) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance(algorithm.jca);
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("this Java has no " + algorithm.jca, e);
        }
        if (algorithm == Algorithm.GIT_BLOB) {
            digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] block = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                digest.update(block, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
