package perdure.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
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

    /** @throws IllegalArgumentException if the library cannot read it */
    NativeTokenizer(String tokenizerJson) {
        try {
            handle = TokenizersLibrary.LIB.createTokenizerFromString(tokenizerJson);
        } catch (RuntimeException problem) {
            throw new IllegalArgumentException(
                    "the tokenizers library cannot read it: " + problem.getMessage(), problem);
        }
        if (handle == 0) {
            throw new IllegalArgumentException("the tokenizers library cannot read it.");
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

    /** Token ids, and for each the code points of the text that it stands for: the first, and the one after the last. */
    record Spans(int[] ids, int[] from, int[] to) {

        private static Spans joined(List<Spans> pieces) {
            return new Spans(joined(pieces, Spans::ids), joined(pieces, Spans::from), joined(pieces, Spans::to));
        }

        private static int[] joined(List<Spans> pieces, Function<Spans, int[]> numbers) {
            return pieces.stream()
                    .flatMapToInt(piece -> IntStream.of(numbers.apply(piece)))
                    .toArray();
        }

        private Spans moved(int codePoints) {
            return codePoints == 0
                    ? this
                    : new Spans(
                            ids,
                            IntStream.of(from).map(place -> place + codePoints).toArray(),
                            IntStream.of(to).map(place -> place + codePoints).toArray());
        }
    }

    /** @param whole whether what begins and ends a text, such as a begin token, is added */
    int[] encode(String text, boolean whole) {
        return encode(text, whole, false).ids();
    }

    /**
     * Encodes the pieces of a text. Nothing is added.
     *
     * @param withSpans whether it tells where the tokens are in the whole
     */
    Spans encode(List<String> pieces, boolean withSpans) {
        List<Spans> encoded = new ArrayList<>();
        int codePoints = 0;
        for (String piece : pieces) {
            encoded.add(encode(piece, false, withSpans).moved(codePoints));
            codePoints += piece.codePointCount(0, piece.length());
        }
        return Spans.joined(encoded);
    }

    private synchronized Spans encode(String text, boolean whole, boolean withSpans) {
        long encoding = TokenizersLibrary.LIB.encode(handle(), text, whole);
        try {
            int[] ids = Arrays.stream(TokenizersLibrary.LIB.getTokenIds(encoding))
                    .mapToInt(Math::toIntExact)
                    .toArray();
            CharSpan[] spans = withSpans ? TokenizersLibrary.LIB.getTokenCharSpans(encoding) : new CharSpan[0];
            int[] from = Arrays.stream(spans)
                    .mapToInt(span -> span == null ? 0 : span.getStart())
                    .toArray();
            int[] to = Arrays.stream(spans)
                    .mapToInt(span -> span == null ? 0 : span.getEnd())
                    .toArray();
            return new Spans(ids, from, to);
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
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
