package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** In processes of their own, since a process loads libtorch once. */
class DirectLinkTest {

    @TempDir
    Path folder;

    /** A program that multiplies by MKL, and prints the libraries that are mapped. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            NativeRuntime.load(NativeConfig.DEFAULT);
            torch.globalContext().setUserEnabledMkldnn(false);
            try (Tensor ones = torch.ones(300, 300);
                    Tensor product = torch.mm(ones, ones);
                    Tensor sum = product.sum()) {
                System.out.println("product " + sum.item_float());
            }
            System.out.println(Files.readString(Path.of("/proc/self/maps")));
        }
    }

    private Set<String> libraries(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(options));
        command.add(Program.class.getName());
        Path out = folder.resolve("out.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertEquals(0, process.waitFor(), () -> out + " has the output");
        String said = Files.readString(out);
        assertTrue(said.contains("product 2.7E7"), said);
        return said.lines()
                .filter(line -> line.contains("/org/bytedeco/"))
                .map(line -> line.substring(line.lastIndexOf('/') + 1))
                .collect(Collectors.toSet());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void loadsWhatIsUsedAlone() throws Exception {
        Set<String> all = libraries();
        assumeTrue(all.contains("libmkl_core.so.2"), "MKL is not on the class path");
        assumeTrue(DirectLink.suits(true), "another build");
        Set<String> direct = libraries("-D" + NativeRuntime.JAVACPP_LOADS + "=false");
        assertTrue(all.containsAll(direct), direct.toString());
        assertTrue(direct.containsAll(Set.of("libjnitorch.so", "libtorch_cpu.so", "libgomp.so.1")), direct.toString());
        assertTrue(direct.contains("libmkl_gnu_thread.so.2"), direct.toString());
        for (String unused :
                List.of("libiomp5.so", "libgfortran.so.5", "libjniopenblas.so", "libopenblas_nolapack.so.0")) {
            assertFalse(direct.contains(unused), direct.toString());
        }
    }

    @Test
    void openBlasIsLeftToJavaCpp() {
        assertFalse(DirectLink.suits(false));
    }
}
