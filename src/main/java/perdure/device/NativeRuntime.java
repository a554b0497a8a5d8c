package perdure.device;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_gloo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads libtorch into this process, once, with the settings of {@link NativeConfig}. Call {@link #load()} before using
 * any Bytedeco class: JavaCPP reads its settings when its first class is initialised, and never again.
 */
public final class NativeRuntime {

    /**
     * JavaCPP's switch. A program that uses it for libtorch alone sets it to "false": then libtorch is loaded without it
     * where that is possible, which is faster. Other libraries of Bytedeco's cannot be used in that process.
     */
    public static final String JAVACPP_LOADS = "org.bytedeco.javacpp.loadlibraries";

    /** The library that takes the place of OpenBLAS. */
    private static final String BLAS = "org.bytedeco.openblas.load";

    /** In the order of their dependencies. Those of other builds and platforms are not on the class path. */
    private static final List<String> LIBRARIES = List.of(
            "libgomp.so.1",
            "libc10.so",
            "libc10_cuda.so",
            "libtorch_cpu.so",
            "libtorch_cuda.so",
            "libtorch_cuda_linalg.so",
            "libtorch.so",
            "libjnitorch.so",
            "libjnitorch_cuda.so",
            "libjnitorch_gloo.so",
            "libjnitorch_nccl.so");

    private static final Pattern MISSING_LIBRARY = Pattern.compile("(lib[\\w.+-]+): cannot open shared object file");

    /**
     * libtorch sorts the ids of a batch (fbgemm's radix sort) with 4 KB for each thread on the stack of the calling one, which
     * is 1 MB large in Java: with 256 threads the process would end.
     */
    private static final int MOST_THREADS = 128;

    private static final Logger LOG = LoggerFactory.getLogger(NativeRuntime.class);

    /** The settings that libtorch is loaded with; null before that begins. */
    private static NativeConfig begun;

    private static CompletableFuture<Void> linking;
    private static boolean loaded;
    private static String cudaProblem;

    private NativeRuntime() {}

    /** Loads libtorch with {@link NativeConfig#standard()}; does nothing if it is loaded already. */
    public static synchronized void load() {
        if (!loaded) {
            load(begun == null ? NativeConfig.standard() : begun);
        }
    }

    /**
     * Begins to load libtorch, on a thread of its own, and returns at once. {@link #load(NativeConfig)} waits for it and
     * throws what fails there. Does nothing if that has begun already.
     *
     * @throws IllegalArgumentException if the settings cannot be used, or if there is no folder to unpack libraries into
     */
    public static synchronized void begin(NativeConfig config) {
        if (linking == null) {
            setProperties(config);
            File cache = cache(); // Initialises JavaCPP's loader, which the tokenizer uses too.
            begun = config;
            linking = CompletableFuture.runAsync(() -> link(cache.toPath()), DaemonThread.named("libtorch"));
        }
    }

    /**
     * Loads libtorch with these settings. If it is loaded already, the settings that can still change are applied:
     * threads per operation, determinism and TF32.
     *
     * @throws IllegalArgumentException if a library that the CUDA build needs is missing
     */
    public static synchronized void load(NativeConfig config) {
        if (!loaded) {
            begin(config);
            awaitLinking();
            setInterOpThreads(config.interOpThreads());
            loaded = true;
        }
        int threads = Math.min(MOST_THREADS, config.intraOpThreads() == 0 ? physicalCores() : config.intraOpThreads());
        torch.set_num_threads(threads);
        Context context = torch.globalContext();
        context.setUserEnabledMkldnn(config.oneDnn());
        limitBlas(config.oneDnn() && Context.hasMKLDNN() ? 1 : threads);
        context.setDeterministicAlgorithms(config.deterministic(), false);
        context.setDeterministicFillUninitializedMemory(
                false); // Would cost a pass over every new tensor; none is read before it is set.
        context.setDeterministicCuDNN(config.deterministic());
        context.setBenchmarkCuDNN(!config.deterministic());
        context.setAllowTF32CuBLAS(config.tf32());
        context.setAllowTF32CuDNN(config.tf32());
    }

    /** Loads what several processes exchange tensors with, once libtorch is loaded. */
    public static synchronized void loadGloo() {
        CLibrary.setDefault("TORCH_CPP_LOG_LEVEL", "ERROR"); // A lost rank's warnings are native stack frames.
        torch.initLogging();
        unpack(cache().toPath(), () -> {
            if (Loader.isLoadLibraries()) {
                Loader.load(torch_gloo.class);
            } else {
                DirectLink.loadGloo();
            }
        });
    }

    /** Loads what ranks of a CUDA build need to exchange by NCCL; libtorch is loaded. */
    public static synchronized void loadNccl() {
        CLibrary.setDefault("TORCH_NCCL_BLOCKING_WAIT", "1"); // An exchange that takes too long throws,
        CLibrary.setDefault("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0"); // in place of an end of the process.
        // JavaCPP itself would look for classes of NVIDIA's libraries, which nothing here needs.
        System.setProperty(JAVACPP_LOADS, "false");
        unpack(cache().toPath(), () -> System.load(cached("jnitorch_nccl").getPath()));
    }

    /**
     * libtorch takes this number once for a process. Another user of it may have been first, such as these classes of
     * another class loader.
     */
    static void setInterOpThreads(int threads) {
        if (torch.get_num_interop_threads() == threads) {
            return;
        }
        try {
            torch.set_num_interop_threads(threads);
        } catch (RuntimeException taken) {
            LOG.debug("libtorch is in use with {} inter-op threads.", torch.get_num_interop_threads(), taken);
        }
    }

    /**
     * Limits the threads of BLAS. MKL is not told a count: it follows libgomp, which gives it one thread inside
     * libtorch's own parallel loops, such as that of attention. With a count it would start threads there too, which
     * makes attention three times slower. OpenBLAS always starts them, so it gets one thread if oneDNN computes the
     * large products.
     */
    private static void limitBlas(int threads) {
        if (!usesMkl()) {
            openblas_nolapack.blas_set_num_threads(threads);
        }
    }

    /** Whether the native libraries on the class path are those of the CUDA build. Loads no native code. */
    public static boolean cudaBuild() {
        return resource("pytorch", "linux-x86_64-gpu/libtorch_cuda.so")
                || resource("pytorch", "windows-x86_64-gpu/torch_cuda.dll");
    }

    /** Why the CUDA build, once loaded, cannot use its CUDA libraries, in one line; null if it can. */
    static String cudaProblem() {
        return cudaProblem;
    }

    /** Of libtorch with its Java bindings. */
    public static String version() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException absent) {
            throw new IllegalStateException("The jar of PyTorch does not contain its version.", absent);
        }
    }

    /** The libraries that compute, once loaded, for people: libtorch, BLAS, and oneDNN if it is used. */
    public static String libraries() {
        boolean oneDnn = Context.hasMKLDNN() && torch.globalContext().userEnabledMkldnn();
        return "libtorch " + version() + ", " + (usesMkl() ? "MKL" : "OpenBLAS") + (oneDnn ? " and oneDNN" : "");
    }

    private static boolean usesMkl() {
        return "mkl".equals(System.getProperty(BLAS));
    }

    private static boolean mklPresent() {
        return resource("mkl", "linux-x86_64/libmkl_rt.so.2") || resource("mkl", "windows-x86_64/mkl_rt.2.dll");
    }

    private static boolean resource(String preset, String path) {
        return NativeRuntime.class.getResource("/org/bytedeco/" + preset + "/" + path) != null;
    }

    /** Sets what the command line ({@code java -D…}) has not set already. */
    private static void setProperties(NativeConfig config) {
        UnpackFolder.choose();
        setProperty("org.bytedeco.javacpp.maxPhysicalBytes", Long.toString(config.maxPhysicalBytes()));
        setProperty("org.bytedeco.javacpp.maxBytes", Long.toString(config.maxBytes()));
        setProperty("org.bytedeco.javacpp.nopointergc", Boolean.toString(!config.pointerGc()));
        boolean mkl =
                switch (config.blas()) {
                    case AUTO -> mklPresent();
                    case MKL -> true;
                    case OPENBLAS -> false;
                };
        if (mkl && !mklPresent()) {
            throw new IllegalArgumentException(
                    "blas 'mkl': the MKL libraries are not on the class path; set blas to auto or openblas.");
        }
        if (mkl) {
            setProperty(BLAS, "mkl");
        }
    }

    private static void setProperty(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    /**
     * Unpacks all libraries before the first is loaded, one process at a time. JavaCPP alone would let two processes
     * overwrite each other's half-unpacked files at their first start. It would also load libtorch.so before
     * libtorch_cpu.so is unpacked, so that the linker might take the one of another installation.
     *
     * <p>The CUDA build runs on the CPU without its CUDA part, if the two CUDA libraries are there that its CPU part is
     * linked to. JavaCPP ignores a CUDA part that cannot be loaded; loading it once more tells what is missing.
     */
    private static void link(Path cache) {
        CompletableFuture<Void> prepared = CompletableFuture.runAsync(
                () -> {
                    Malloc.keepFreedMemory();
                    OpenMp.waitBriefly();
                },
                DaemonThread.named("native-settings"));
        unpack(cache, () -> {
            prepared.join();
            Malloc.growHeap();
            if (!linksDirectly()) {
                linkByJavaCpp();
            }
        });
    }

    /** Unpacks libraries and loads them. */
    private interface Unpacking {
        void run() throws IOException;
    }

    /** One process at a time. */
    private static void unpack(Path cache, Unpacking unpacking) {
        Path lockFile = cache.resolve(UnpackFolder.LOCK);
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lock(channel, lockFile)) {
            LOG.trace("Unpacking under {}.", lock);
            unpacking.run();
        } catch (IOException e) {
            throw cannotUnpack(cache, e);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalArgumentException(explain(e), e);
        }
    }

    /** If the program left the loading of libraries to us, and if this build is one that we know. */
    private static boolean linksDirectly() {
        if (Loader.isLoadLibraries()) {
            return false;
        }
        try {
            if (DirectLink.suits(usesMkl())) {
                DirectLink.load();
                return true;
            }
        } catch (IOException | UnsatisfiedLinkError problem) {
            LOG.debug("JavaCPP loads libtorch, which finds more or says what is missing.", problem);
        }
        System.clearProperty(JAVACPP_LOADS);
        return false;
    }

    private static void linkByJavaCpp() throws IOException {
        for (String library : LIBRARIES) {
            if (torch.class.getResource(resources() + library) != null) {
                Loader.cacheResource(torch.class, resources() + library);
            }
        }
        Loader.load(torch.class);
        if (cudaBuild()) {
            cudaProblem = problemOfLinking(cached("torch_cuda"));
        }
    }

    private static File cached(String library) throws IOException {
        return Loader.cacheResource(torch.class, resources() + System.mapLibraryName(library));
    }

    /** Where the jar of this build has libtorch's libraries. */
    private static String resources() {
        return "/org/bytedeco/pytorch/" + Loader.getPlatform() + (cudaBuild() ? "-gpu/" : "/");
    }

    private static File cache() {
        try {
            return Loader.getCacheDir();
        } catch (IOException e) {
            throw cannotUnpack(null, e);
        }
    }

    private static UncheckedIOException cannotUnpack(Path cache, IOException problem) {
        return new UncheckedIOException(
                "Cannot unpack the native libraries into " + cache + ": " + problem.getMessage() + ". "
                        + UnpackFolder.REMEDY,
                problem);
    }

    /** Throws what failed on the other thread. The next load tries again. */
    private static void awaitLinking() {
        try {
            linking.join();
        } catch (CompletionException failed) {
            linking = null;
            begun = null;
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw failed.getCause() instanceof RuntimeException problem ? problem : failed;
        }
    }

    /** The lock, or null where the file system has none: then only the first start of two at once can go wrong. */
    private static FileLock lock(FileChannel channel, Path file) {
        try {
            return channel.lock();
        } catch (IOException unsupported) {
            LOG.warn(
                    "The file system of {} has no locks ({}): do not start two processes at the same moment before the"
                            + " native libraries are unpacked.",
                    file,
                    unsupported.getMessage());
            return null;
        }
    }

    private static String problemOfLinking(File library) {
        try {
            System.load(library.getPath());
            return null;
        } catch (UnsatisfiedLinkError e) {
            return explain(e);
        }
    }

    static String explain(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            Matcher matcher = MISSING_LIBRARY.matcher(Objects.toString(cause.getMessage(), ""));
            if (matcher.find()) {
                return matcher.group(1) + " is missing"
                        + (cudaBuild()
                                ? ": this build needs the CUDA 13 libraries with CUPTI and cuFile, cuDNN 9 and NCCL 2;"
                                        + " install them and name their folders in LD_LIBRARY_PATH, or build without"
                                        + " -Pcuda."
                                : "; install it, or start on a supported platform.");
            }
        }
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return "libtorch cannot be loaded: " + root.getMessage();
    }

    /** Number of physical cores that this process may use. Two threads of one core share its matrix units. */
    public static int physicalCores() {
        int available = Runtime.getRuntime().availableProcessors();
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(cpuinfo)) {
            return available;
        }
        try (Stream<String> lines = Files.lines(cpuinfo)) {
            List<String> ids = lines.filter(line -> line.startsWith("physical id") || line.startsWith("core id"))
                    .toList();
            long cores = Stream.iterate(0, i -> i + 1 < ids.size(), i -> i + 2)
                    .map(i -> ids.get(i) + ids.get(i + 1))
                    .distinct()
                    .count();
            return cores == 0 ? available : (int) Math.min(available, cores);
        } catch (IOException | UncheckedIOException e) {
            return available;
        }
    }
}
