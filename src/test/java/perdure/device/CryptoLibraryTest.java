package perdure.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CryptoLibraryTest {

    private static byte[] javas(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException exception) {
            throw new AssertionError(exception);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void isTheLibrarysOnLinux() {
        assertInstanceOf(CryptoLibrary.class, CryptoLibrary.sha256());
    }

    /** In pieces of any size, of arrays, of memory of Java's and of memory beyond it, and one after the other. */
    @Test
    void isJavas() {
        Random random = new Random(1);
        MessageDigest digest = CryptoLibrary.sha256();
        assertArrayEquals(javas(new byte[0]), digest.digest());
        for (int length : new int[] {1, 55, 56, 63, 64, 65, 4096, 100_003}) {
            byte[] bytes = new byte[length + 7];
            random.nextBytes(bytes);
            byte[] whole = new byte[length];
            System.arraycopy(bytes, 7, whole, 0, length);
            ByteBuffer direct = ByteBuffer.allocateDirect(length + 3);
            direct.position(3).mark();
            direct.put(whole);
            int half = random.nextInt(length + 1);
            digest.update(bytes, 7, half);
            digest.update(ByteBuffer.wrap(bytes, 7 + half, length - half));
            assertArrayEquals(javas(whole), digest.digest(), "arrays of " + length);
            digest.update(direct.reset().limit(3 + half));
            digest.update(direct.limit(3 + length));
            assertArrayEquals(javas(whole), digest.digest(), "memory of " + length);
            digest.update(bytes[0]);
            digest.reset();
            assertArrayEquals(javas(whole), digest.digest(whole), "reset, " + length);
        }
    }
}
