package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import perdure.device.CryptoLibrary;
import perdure.tokenizer.Tokenizer;

/** A SHA-256 in progress. Bytes are added, then its value is asked for once. */
public final class Fingerprint {

    /** Bytes from which on a fingerprint is {@link #ofMuch of much}. */
    private static final long LARGE = 1 << 20;

    private final MessageDigest digest;

    /** Of little: it is ready at once. */
    public Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException exception) {
            throw new IllegalStateException(exception);
        }
    }

    private Fingerprint(MessageDigest digest) {
        this.digest = digest;
    }

    /** Of about that many bytes. */
    static Fingerprint of(long bytes) {
        return bytes < LARGE ? new Fingerprint() : ofMuch();
    }

    /** Of what may be large: it takes a moment to begin, and then a tenth of the time. */
    public static Fingerprint ofMuch() {
        return new Fingerprint(CryptoLibrary.sha256());
    }

    /**
     * The SHA-256 of a file, as 64 lower-case hexadecimal digits.
     *
     * @throws IOException if the file cannot be read
     */
    public static String of(Path file) throws IOException {
        return of(Files.size(file)).add(file).hex();
    }

    /**
     * The SHA-256 of what decides which ids a tokenizer gives, as 64 lower-case hexadecimal digits: of our own the {@code
     * tokenizer.json} alone, else all of its files.
     */
    public static String of(Tokenizer tokenizer) {
        Fingerprint fingerprint = new Fingerprint();
        Map<String, byte[]> files = tokenizer.identity();
        files.forEach((name, content) -> {
            if (files.size() > 1) {
                byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
                fingerprint.add(bytes.length).add(bytes).add(content.length);
            }
            fingerprint.add(content);
        });
        return fingerprint.hex();
    }

    /**
     * Adds the content of a file.
     *
     * @throws IOException if it cannot be read
     */
    public Fingerprint add(Path file) throws IOException {
        byte[] block = new byte[1 << 16];
        try (InputStream input = Files.newInputStream(file)) {
            for (int length = input.read(block); length >= 0; length = input.read(block)) {
                add(block, length);
            }
        }
        return this;
    }

    /** Adds all bytes of an array. */
    public Fingerprint add(byte[] bytes) {
        return add(bytes, bytes.length);
    }

    Fingerprint add(byte[] bytes, int length) {
        digest.update(bytes, 0, length);
        return this;
    }

    /** Adds the remaining bytes of a buffer. The buffer keeps its position. */
    public Fingerprint add(ByteBuffer bytes) {
        digest.update(bytes.duplicate());
        return this;
    }

    /** Adds a number, such as a length: without it, bytes could move from one part to the next unnoticed. */
    Fingerprint add(long number) {
        return add(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
    }

    /** A stream that adds what is read from it. */
    InputStream adding(InputStream input) {
        return new DigestInputStream(input, digest);
    }

    /** The value as 64 lower-case hexadecimal digits. This ends the computation. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
