package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.data.Fingerprint;
import perdure.safetensors.DamagedFileException;

class ManifestTest {

    @TempDir
    Path folder;

    @Test
    void ofSeveralDamagedFilesTheFirstIsNamed() throws IOException {
        Map<String, Manifest.Entry> files = new HashMap<>();
        for (int i = 0; i < 9; i++) {
            // The first takes longest to be read.
            Path file = Files.write(folder.resolve("file-" + i), new byte[i == 0 ? 1 << 23 : 100 + i]);
            files.put(file.getFileName().toString(), new Manifest.Entry(Files.size(file), Fingerprint.of(file)));
        }
        Manifest manifest = Manifest.of(files);
        assertDoesNotThrow(() -> manifest.verify(folder));
        for (int last : new int[] {8, 3, 0}) {
            byte[] content = Files.readAllBytes(folder.resolve("file-" + last));
            content[content.length - 1]++;
            Files.write(folder.resolve("file-" + last), content);
            DamagedFileException problem = assertThrows(DamagedFileException.class, () -> manifest.verify(folder));
            assertTrue(problem.getMessage().contains("file-" + last), problem.getMessage());
        }
        Files.delete(folder.resolve("file-1"));
        assertTrue(assertThrows(DamagedFileException.class, () -> manifest.verify(folder))
                .getMessage()
                .contains("file-0"));
    }
}
