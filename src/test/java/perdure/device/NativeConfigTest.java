package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeConfigTest {

    @TempDir
    private Path folder;

    private NativeConfig read(String text) throws IOException {
        return NativeConfig.read(Files.writeString(folder.resolve("some.properties"), text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cuda"})
    void theFilesOfTheProjectSayTheDefaults(String name) {
        assertEquals(NativeConfig.DEFAULT, NativeConfig.read(Path.of("native-config", name + ".properties")));
    }

    @Test
    void whatAFileLeavesOutKeepsItsDefault() throws IOException {
        assertEquals(NativeConfig.DEFAULT, read("# nothing\n"));
    }

    @Test
    void everyKeyIsRead() throws IOException {
        NativeConfig config = read("""
                blas = openblas
                onednn = false
                intra-op-threads = 3
                inter-op-threads = 2
                deterministic = false
                tf32 = true
                javacpp.max-physical-bytes = 5000000000
                javacpp.max-bytes = 4
                javacpp.pointer-gc = false
                """);
        assertEquals(
                new NativeConfig(NativeConfig.Blas.OPENBLAS, false, 3, 2, false, true, 5_000_000_000L, 4, false),
                config);
    }

    @ParameterizedTest
    @CsvSource({
        "blas, cublas",
        "blas, MKL",
        "intra-op-threads, 0",
        "intra-op-threads, two",
        "intra-op-threads, 1025",
        "inter-op-threads, -1",
        "deterministic, yes",
        "tf32, 1",
        "javacpp.max-bytes, 4g",
    })
    void aBadValueIsNamedWithFileAndKey(String key, String value) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> read(key + " = " + value));
        assertTrue(
                error.getMessage().contains("some.properties: " + key + " '" + value + "' is not "),
                error.getMessage());
    }

    @Test
    void anUnknownKeyIsNamedWithFileAndValue() {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> read("blass = mkl"));
        assertEquals(folder + "/some.properties: unknown key 'blass' (value 'mkl').", error.getMessage());
    }

    @Test
    void aMissingFileIsNamedWithTheFlag() {
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> NativeConfig.read(Path.of("no.properties")));
        assertEquals("no.properties: there is no such file.", error.getMessage());
    }

    @Test
    void theThreadsFlagWins() {
        assertEquals(1, NativeConfig.DEFAULT.withThreads(1).intraOpThreads());
        for (int threads : new int[] {0, 1025, 1_000_000}) {
            assertThrows(IllegalArgumentException.class, () -> NativeConfig.DEFAULT.withThreads(threads));
        }
    }
}
