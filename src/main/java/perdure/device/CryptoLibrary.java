package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * SHA-256 by OpenSSL's libcrypto, where the system has it. It uses the processor's own instructions. Java's does so only
 * with its second compiler, which short runs are faster without.
 */
public final class CryptoLibrary extends MessageDigest {

    private static final String ALGORITHM = "SHA-256";
    private static final int LENGTH = 32;
    private static final List<String> NAMES = List.of("libcrypto.so.3", "libcrypto.so.1.1");
    private static final Cleaner CLEANER = Cleaner.create();

    /** The functions of the library. */
    private record Functions(
            Function create, Function free, Function type, Function begin, Function update, Function end) {

        static final Functions FOUND = find(); // or null

        private static Functions find() {
            for (String name : NAMES) {
                try {
                    NativeLibrary library = CLibrary.library(name);
                    return new Functions(
                            library.getFunction("EVP_MD_CTX_new"),
                            library.getFunction("EVP_MD_CTX_free"),
                            library.getFunction("EVP_sha256"),
                            library.getFunction("EVP_DigestInit_ex"),
                            library.getFunction("EVP_DigestUpdate"),
                            library.getFunction("EVP_DigestFinal_ex"));
                } catch (LinkageError missing) {
                    continue;
                }
            }
            return null;
        }
    }

    private final Functions functions;
    private final Pointer context;

    private CryptoLibrary(Functions functions) {
        super(ALGORITHM);
        this.functions = functions;
        Pointer made = functions.create.invokePointer(new Object[0]);
        context = made;
        CLEANER.register(this, () -> functions.free.invokeVoid(new Object[] {made}));
        engineReset();
    }

    /** A SHA-256: the library's if there is one, else Java's. */
    public static MessageDigest sha256() {
        if (Functions.FOUND != null) {
            return new CryptoLibrary(Functions.FOUND);
        }
        try {
            return MessageDigest.getInstance(ALGORITHM);
        } catch (NoSuchAlgorithmException exception) {
            throw new IllegalStateException(exception);
        }
    }

    @Override
    protected int engineGetDigestLength() {
        return LENGTH;
    }

    @Override
    protected void engineUpdate(byte input) {
        engineUpdate(new byte[] {input}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
        if (length > 0) {
            ByteBuffer part = ByteBuffer.wrap(input, offset, length).slice();
            require(functions.update.invokeInt(new Object[] {context, part, (long) length}));
        }
    }

    @Override
    protected void engineUpdate(ByteBuffer input) {
        if (!input.isDirect()) {
            super.engineUpdate(input);
        } else if (input.hasRemaining()) {
            Pointer from = Native.getDirectBufferPointer(input).share(input.position());
            require(functions.update.invokeInt(new Object[] {context, from, (long) input.remaining()}));
            input.position(input.limit());
        }
    }

    @Override
    protected byte[] engineDigest() {
        try (Memory value = new Memory(LENGTH)) {
            require(functions.end.invokeInt(new Object[] {context, value, Pointer.NULL}));
            byte[] bytes = value.getByteArray(0, LENGTH);
            engineReset();
            return bytes;
        }
    }

    @Override
    protected void engineReset() {
        Pointer type = functions.type.invokePointer(new Object[0]);
        require(functions.begin.invokeInt(new Object[] {context, type, Pointer.NULL}));
    }

    private static void require(int success) {
        if (success != 1) {
            throw new IllegalStateException("libcrypto cannot compute a SHA-256.");
        }
    }
}
