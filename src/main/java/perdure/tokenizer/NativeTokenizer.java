package perdure.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * One tokenizer of the Hugging Face library. Ids are in the order of the text.
 *
 * <p>The library is unpacked from its jar into JavaCPP's cache, loaded here, and called at its lowest Java level. The
 * convenience classes above that level would look for CUDA, download a matching library, and report their use over the
 * network.
 *
 * <p>Safe for several threads: they take turns, so a tokenizer is never closed while one uses it.
 */
final class NativeTokenizer implements AutoCloseable {

    static {
        load();
    }

    private long handle;

    NativeTokenizer(String tokenizerJson) {
        handle = TokenizersLibrary.LIB.createTokenizerFromString(tokenizerJson);
        if (handle == 0) {
            throw new IllegalStateException("The tokenizers library cannot read its own format.");
        }
    }

    private static void load() {
        String system = System.getProperty("os.name");
        String architecture = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
        if (system.startsWith("Windows")) {
            for (String name : List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll")) {
                load("win-" + architecture, name);
            }
            load("win-" + architecture, "tokenizers.dll");
        } else if (system.startsWith("Mac")) {
            load("osx-" + architecture, "libtokenizers.dylib");
        } else {
            load("linux-" + architecture, "libtokenizers.so");
        }
    }

    private static void load(String platform, String name) {
        String resource = "/native/lib/" + platform + "/cpu/" + name;
        try {
            File file = Loader.cacheResource(TokenizersLibrary.class, resource);
            if (file == null) {
                throw new FileNotFoundException("The tokenizers library has no build for this machine: " + resource);
            }
            System.load(file.getAbsolutePath());
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        }
    }

    synchronized long[] encode(String text) {
        long encoding = TokenizersLibrary.LIB.encode(handle(), text, false);
        try {
            return TokenizersLibrary.LIB.getTokenIds(encoding);
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    /** Decodes. Bytes that are not UTF-8 become U+FFFD; special tokens appear as they are spelled. */
    synchronized String decode(long[] ids) {
        return TokenizersLibrary.LIB.decode(handle(), ids, false);
    }

    private long handle() {
        if (handle == 0) {
            throw new IllegalStateException("The tokenizer is closed.");
        }
        return handle;
    }

    @Override
    public synchronized void close() {
        if (handle != 0) {
            TokenizersLibrary.LIB.deleteTokenizer(handle);
            handle = 0;
        }
    }
}
