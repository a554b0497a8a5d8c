package perdure.device;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The native settings of one process. {@code native-config/cpu.properties} explains each key.
 *
 * @param oneDnn whether oneDNN, instead of the BLAS library, computes the large float32 products
 * @param intraOpThreads threads per operation; 0: the number of physical cores
 * @param maxPhysicalBytes JavaCPP's limit of resident memory; 0: none
 * @param maxBytes JavaCPP's limit of the native memory that it allocated itself; 0: none
 * @param pointerGc whether the garbage collector frees native objects that no scope freed
 */
public record NativeConfig(
        Blas blas,
        boolean oneDnn,
        int intraOpThreads,
        int interOpThreads,
        boolean deterministic,
        boolean tf32,
        long maxPhysicalBytes,
        long maxBytes,
        boolean pointerGc) {

    /** The library for matrix products. {@code AUTO} is MKL if it is on the class path, else OpenBLAS. */
    public enum Blas {
        AUTO,
        MKL,
        OPENBLAS
    }

    public static final NativeConfig DEFAULT = new NativeConfig(Blas.AUTO, true, 0, 1, true, false, 0, 0, true);

    /** More than any supported machine has cores; starting a million threads would take for ever. */
    private static final int MAXIMUM_THREADS = 1024;

    private static final long FILE_LIMIT = 64 << 10;

    /** These settings with another number of threads per operation, as {@code --threads} sets it. */
    public NativeConfig withThreads(int threads) {
        if (threads < 1 || threads > MAXIMUM_THREADS) {
            throw new IllegalArgumentException(
                    "thread count " + threads + " is not a number from 1 to " + MAXIMUM_THREADS + ".");
        }
        return new NativeConfig(
                blas, oneDnn, threads, interOpThreads, deterministic, tf32, maxPhysicalBytes, maxBytes, pointerGc);
    }

    /**
     * Reads {@code cpu.properties} or {@code cuda.properties}, whichever fits the native libraries on the class path.
     * Looks in the {@code native-config} folder of the project that contains the classes, then in that of the working
     * directory. Uses the defaults if there is no such file.
     */
    public static NativeConfig standard() {
        String name = (NativeRuntime.cudaBuild() ? "cuda" : "cpu") + ".properties";
        return Stream.concat(projectFolder().stream(), Stream.of(Path.of("")))
                .map(folder -> folder.resolve("native-config").resolve(name))
                .filter(Files::isRegularFile)
                .findFirst()
                .map(NativeConfig::read)
                .orElse(DEFAULT);
    }

    /** The grandparent of the jar or of the class folder: {@code target/perdure.jar} lies in the project. */
    public static Optional<Path> projectFolder() {
        CodeSource source = NativeConfig.class.getProtectionDomain().getCodeSource();
        try {
            return Optional.of(Path.of(source.getLocation().toURI()).toAbsolutePath())
                    .map(Path::getParent)
                    .map(Path::getParent);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("The class path is not made of files: " + source.getLocation(), e);
        }
    }

    /**
     * Reads a properties file. Keys that it omits keep their defaults.
     *
     * @throws IllegalArgumentException if the file is missing, or has an unknown key or a value that is not allowed for
     *     its key
     */
    public static NativeConfig read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(file + ": there is no such file.");
        }
        try {
            if (Files.size(file) > FILE_LIMIT) {
                throw new IllegalArgumentException(
                        file + " is larger than " + FILE_LIMIT + " bytes: not a file of native settings.");
            }
            Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(file)));
            return parse(file, properties);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static NativeConfig parse(Path file, Properties properties) {
        Taker taker = new Taker(file, properties);
        NativeConfig config = new NativeConfig(
                taker.blas("blas"),
                taker.truth("onednn", DEFAULT.oneDnn),
                taker.threads("intra-op-threads", DEFAULT.intraOpThreads),
                taker.threads("inter-op-threads", DEFAULT.interOpThreads),
                taker.truth("deterministic", DEFAULT.deterministic),
                taker.truth("tf32", DEFAULT.tf32),
                taker.bytes("javacpp.max-physical-bytes"),
                taker.bytes("javacpp.max-bytes"),
                taker.truth("javacpp.pointer-gc", DEFAULT.pointerGc));
        taker.nothingLeft();
        return config;
    }

    /** Takes one key after the other out of a properties file; those that are left at the end are unknown. */
    private record Taker(Path file, Properties properties) {

        Blas blas(String key) {
            String text = take(key, "auto");
            return Stream.of(Blas.values())
                    .filter(blas -> blas.name().toLowerCase(Locale.ROOT).equals(text))
                    .findFirst()
                    .orElseThrow(() -> bad(key, text, "one of auto, mkl, openblas"));
        }

        int threads(String key, int fallback) {
            String text = take(key, fallback == 0 ? "auto" : Integer.toString(fallback));
            if (text.equals("auto")) {
                return fallback;
            }
            if (!text.matches("[1-9][0-9]{0,3}") || Integer.parseInt(text) > MAXIMUM_THREADS) {
                throw bad(key, text, "auto or a number from 1 to " + MAXIMUM_THREADS);
            }
            return Integer.parseInt(text);
        }

        boolean truth(String key, boolean fallback) {
            String text = take(key, Boolean.toString(fallback));
            return switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw bad(key, text, "true or false");
            };
        }

        long bytes(String key) {
            String text = take(key, "0");
            if (!text.matches("[0-9]{1,18}")) {
                throw bad(key, text, "a number of bytes");
            }
            return Long.parseLong(text);
        }

        void nothingLeft() {
            properties.stringPropertyNames().stream().sorted().findFirst().ifPresent(key -> {
                throw new IllegalArgumentException(
                        file + ": unknown key '" + key + "' (value '" + properties.getProperty(key) + "').");
            });
        }

        private String take(String key, String fallback) {
            Object value = properties.remove(key);
            return value == null ? fallback : value.toString().strip();
        }

        private IllegalArgumentException bad(String key, String value, String wanted) {
            return new IllegalArgumentException(file + ": " + key + " '" + value + "' is not " + wanted + ".");
        }
    }
}
