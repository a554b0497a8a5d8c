package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.safetensors.DamagedFileException;

/** Any damage to the newest checkpoint is noticed, and the one before it is used. */
class DamageTest {

    @TempDir
    Path folder;

    private List<Path> files;

    @BeforeEach
    void save() throws Exception {
        CheckpointStore store = Runs.store(folder);
        store.save(Runs.at(10));
        Path newest = store.save(Runs.at(20));
        try (Stream<Path> children = Files.list(newest)) {
            files = children.sorted().toList();
        }
        assertEquals(9, files.size());
    }

    private void isNoticed(Path file) {
        Restart restart = Restart.find(folder);
        assertEquals(10, restart.checkpoint().step(), () -> "damage of " + file + " went unnoticed");
        assertTrue(restart.warnings().get(0).contains(file.toString()), restart.warnings()::toString);
    }

    @Test
    void aThousandSingleBitFlips() throws Exception {
        Random random = new Random(1);
        for (int flip = 0; flip < 1000; flip++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] whole = Files.readAllBytes(file);
            byte[] flipped = whole.clone();
            flipped[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, flipped);
            assertThrows(DamagedFileException.class, () -> Checkpoint.open(file.getParent()));
            Files.write(file, whole);
        }
        assertTrue(Runs.isWhole(Restart.find(folder).checkpoint()));
    }

    @Test
    void everyByteOfTheManifest() throws Exception {
        everyByte(files.get(0).resolveSibling(Manifest.FILE));
    }

    /** A manifest of version 0.1.0 does not protect itself. */
    @Test
    void everyByteOfAManifestOfVersionOne() throws Exception {
        Path file = files.get(0).resolveSibling(Manifest.FILE);
        Files.writeString(file, Files.readString(file).replaceFirst("  \"self\".*\n", ""));
        assertTrue(Runs.isWhole(Checkpoint.open(file.getParent())));
        everyByte(file);
    }

    private static void everyByte(Path file) throws Exception {
        byte[] whole = Files.readAllBytes(file);
        for (int index = 0; index < whole.length; index++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] flipped = whole.clone();
                flipped[index] ^= (byte) (1 << bit);
                Files.write(file, flipped);
                assertThrows(DamagedFileException.class, () -> Checkpoint.open(file.getParent()));
            }
        }
    }

    @Test
    void truncationAdditionAndRemoval() throws Exception {
        for (Path file : files) {
            byte[] whole = Files.readAllBytes(file);
            for (int length : new int[] {0, 1, whole.length / 2, whole.length - 1}) {
                Files.write(file, Arrays.copyOf(whole, length));
                isNoticed(file);
            }
            Files.write(file, Arrays.copyOf(whole, whole.length + 1));
            isNoticed(file);
            Files.delete(file);
            isNoticed(file);
            Files.createDirectory(file);
            isNoticed(file);
            Files.delete(file);
            Files.write(file, whole);
        }
    }
}
