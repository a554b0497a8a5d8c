package perdure.device;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/**
 * Loads libtorch's build for Linux on x86 processors, without CUDA and with MKL, library by library. JavaCPP would look
 * through all jars and the folders of the system for whatever any build needs, for each of its classes, and would load
 * OpenBLAS, both threading layers of MKL and NVIDIA's profiler beside what is used. That takes half a second more.
 */
final class DirectLink {

    private static final String PLATFORM = "linux-x86_64";

    /** What MKL loads by itself from its folder: the kernels for this processor, and the threads of libgomp. */
    private static final List<String> MKL =
            List.of("core", "def", "mc3", "avx2", "avx512", "intel_lp64", "intel_thread", "gnu_thread");

    /** The name under which libtorch looks for BLAS, in its own folder. JavaCPP unpacks MKL under this name too. */
    private static final String BLAS = "libopenblas.so.0";

    private DirectLink() {}

    /** @param mkl whether BLAS is to be MKL */
    static boolean suits(boolean mkl) {
        return mkl && Loader.getPlatform().equals(PLATFORM) && !NativeRuntime.cudaBuild();
    }

    /**
     * Unpacks what is not unpacked, and loads it.
     *
     * @throws IOException if that is not possible; JavaCPP may find a way
     * @throws UnsatisfiedLinkError if a library of the system is missing
     */
    static void load() throws IOException {
        Path javaCpp = unpacked("javacpp", "libjnijavacpp.so");
        Path gomp = unpacked("pytorch", "libgomp.so.1");
        Path c10 = unpacked("pytorch", "libc10.so");
        Path cpu = unpacked("pytorch", "libtorch_cpu.so");
        Path torchLibrary = unpacked("pytorch", "libtorch.so");
        Path jni = unpacked("pytorch", "libjnitorch.so");
        for (String name : MKL) {
            unpacked("mkl", "libmkl_" + name + ".so.2");
        }
        Path blas = Loader.cacheResource(new URL(resource("mkl", "libmkl_rt.so.2") + "#" + BLAS))
                .toPath();
        link(cpu.resolveSibling(BLAS), blas);
        for (Path library : List.of(javaCpp, gomp, blas, c10, cpu, torchLibrary, jni)) {
            System.load(library.toString());
        }
    }

    /** The Java side of c10d's Gloo, whose native side is a part of libtorch. */
    static void loadGloo() throws IOException {
        System.load(unpacked("pytorch", "libjnitorch_gloo.so").toString());
    }

    private static Path unpacked(String preset, String name) throws IOException {
        return Loader.cacheResource(resource(preset, name)).toPath();
    }

    private static URL resource(String preset, String name) throws FileNotFoundException {
        String path = "/org/bytedeco/" + preset + "/" + PLATFORM + "/" + name;
        URL resource = torch.class.getResource(path);
        if (resource == null) {
            throw new FileNotFoundException(path);
        }
        return resource;
    }

    private static void link(Path link, Path target) throws IOException {
        if (!Files.exists(link) || !Files.isSameFile(link, target)) {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, target);
        }
    }
}
