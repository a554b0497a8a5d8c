package perdure.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;

/**
 * One tokenizer of the Hugging Face library. Ids are in the order of the text.
 *
 * <p>The library is unpacked from its jar into JavaCPP's cache, loaded here, and called at its lowest Java level. The
 * convenience classes above that level would look for CUDA, download a matching library, and report their use over the
 * network.
 *
 * <p>A tokenizer of ours cuts a text into words, each of which has its tokens whatever stands beside it. So the library
 * is asked once for each word, and only text that is not ASCII is left to it as a whole.
 *
 * <p>Safe for several threads: they take turns, so a tokenizer is never closed while one uses it.
 */
final class NativeTokenizer implements AutoCloseable {

    static {
        loadAlone();
    }

    /** The lock under which the library is unpacked and loaded, in JavaCPP's cache. */
    static final String LOCK = "tokenizers.lock";

    /** Bounds of the memory for words that are known. */
    private static final int MOST_WORDS = 1 << 16;

    private static final int LONGEST_WORD = 64;

    private final Pattern specials;
    private final Map<String, Spans> words = new HashMap<>();
    private long handle;

    /** @throws IllegalArgumentException if the library cannot read it */
    NativeTokenizer(String tokenizerJson) {
        this(tokenizerJson, null);
    }

    /**
     * A tokenizer that cuts words as {@link PreTokenizer} does, and puts nothing before or after a text.
     *
     * @param specials finds its special tokens; null if it cuts words in another way
     * @throws IllegalArgumentException if the library cannot read it
     */
    NativeTokenizer(String tokenizerJson, Pattern specials) {
        this.specials = specials;
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

    /**
     * One process at a time: another one in another time zone takes the unpacked file for an older one, since its jar has
     * local times, and writes it anew. Whoever loads it meanwhile is ended by SIGBUS.
     */
    private static void loadAlone() {
        boolean interrupted = Thread.interrupted(); // It would close the channel.
        try (FileChannel lock = lock()) {
            load();
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Null where the cache cannot be written or has no locks, so that nobody unpacks anew. */
    private static FileChannel lock() {
        try {
            FileChannel channel = FileChannel.open(
                    Loader.getCacheDir().toPath().resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.lock();
            return channel;
        } catch (IOException withoutLocks) {
            return null;
        }
    }

    private static void load() throws IOException {
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

    private static void load(String platform, String name) throws IOException {
        String resource = "/native/lib/" + platform + "/cpu/" + name;
        File file = Loader.cacheResource(TokenizersLibrary.class, resource);
        if (file == null) {
            throw new FileNotFoundException("The tokenizers library has no build for this machine: " + resource);
        }
        System.load(file.getAbsolutePath());
    }

    /** Token ids, and for each the code points of the text that it stands for: the first, and the one after the last. */
    record Spans(int[] ids, int[] from, int[] to) {

        /** Joins the tokens of parts of a text, the next of which begins after some code points. */
        private static final class Joined {
            private int[] ids = new int[64];
            private int[] from = new int[64];
            private int[] to = new int[64];
            private int size;
            private int codePoints;

            private void add(Spans part, int length) {
                if (size + part.ids.length > ids.length) {
                    int capacity = Math.max(2 * ids.length, size + part.ids.length);
                    ids = Arrays.copyOf(ids, capacity);
                    from = Arrays.copyOf(from, capacity);
                    to = Arrays.copyOf(to, capacity);
                }
                System.arraycopy(part.ids, 0, ids, size, part.ids.length);
                for (int i = 0; i < part.from.length; i++) {
                    from[size + i] = part.from[i] + codePoints;
                    to[size + i] = part.to[i] + codePoints;
                }
                size += part.ids.length;
                codePoints += length;
            }

            /** @param withSpans false if the parts have none */
            private Spans spans(boolean withSpans) {
                return new Spans(
                        Arrays.copyOf(ids, size),
                        Arrays.copyOf(from, withSpans ? size : 0),
                        Arrays.copyOf(to, withSpans ? size : 0));
            }
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
        Spans.Joined encoded = new Spans.Joined();
        for (String piece : pieces) {
            encoded.add(encode(piece, false, withSpans), piece.codePointCount(0, piece.length()));
        }
        return encoded.spans(withSpans);
    }

    private synchronized Spans encode(String text, boolean whole, boolean withSpans) {
        if (specials == null) {
            return ask(text, whole, withSpans);
        }
        Spans.Joined encoded = new Spans.Joined();
        Matcher special = specials.matcher(text);
        int from = 0;
        for (int at = 0; (at = text.indexOf(Vocabulary.SECRET, at)) >= 0; at++) {
            if (special.region(at, text.length()).lookingAt()) {
                encodePlain(text.substring(from, at), withSpans, encoded);
                String token = special.group();
                encoded.add(word(token), token.codePointCount(0, token.length()));
                from = special.end();
            }
        }
        encodePlain(text.substring(from), withSpans, encoded);
        return encoded.spans(withSpans);
    }

    private void encodePlain(String text, boolean withSpans, Spans.Joined encoded) {
        if (isAscii(text)) {
            PreTokenizer.split(text, word -> encoded.add(word(word), word.length()));
        } else {
            encoded.add(ask(text, false, withSpans), text.codePointCount(0, text.length()));
        }
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /** The tokens of a word or of a special token, with their places in it. */
    private Spans word(String word) {
        Spans known = words.get(word);
        if (known == null) {
            known = ask(word, false, true);
            if (words.size() < MOST_WORDS && word.length() <= LONGEST_WORD) {
                words.put(word, known);
            }
        }
        return known;
    }

    /** What the library says. */
    private Spans ask(String text, boolean whole, boolean withSpans) {
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
