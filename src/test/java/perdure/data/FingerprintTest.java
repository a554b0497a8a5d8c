package perdure.data;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {

    /** NIST, FIPS 180-4, example "abc". */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir
    Path folder;

    @Test
    void isTheSha256OfAllThatWasAdded() {
        ByteBuffer rest = ByteBuffer.wrap("xbc".getBytes(US_ASCII)).position(1);
        assertEquals(
                ABC, new Fingerprint().add("a".getBytes(US_ASCII)).add(rest).hex());
        assertEquals(2, rest.remaining());
    }

    @Test
    void canBeOfAFile() throws IOException {
        assertEquals(ABC, Fingerprint.of(Files.writeString(folder.resolve("abc"), "abc")));
    }
}
