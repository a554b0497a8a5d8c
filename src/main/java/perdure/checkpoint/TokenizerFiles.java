package perdure.checkpoint;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import perdure.tokenizer.Tokenizer;

/**
 * The tokenizer files in a checkpoint.
 *
 * @param files content by file name: {@code tokenizer.json}, {@code tokenizer_config.json} and others; a {@code
 *     generation_config.json} among them is that of the checkpoint
 * @param endOfText id of the token between two texts
 * @param endOfTurn id of the token that ends a chat message
 */
public record TokenizerFiles(Map<String, byte[]> files, int endOfText, int endOfTurn) {

    public TokenizerFiles {
        files = Collections.unmodifiableMap(new TreeMap<>(files));
        for (String name : files.keySet()) {
            if (!name.matches("[A-Za-z_]\\w*\\.\\w+")) {
                throw new IllegalArgumentException("\"" + name + "\" is not a valid name of a tokenizer file.");
            }
        }
    }

    /**
     * The files and special tokens of a tokenizer.
     *
     * @param context of the model, in tokens
     */
    public static TokenizerFiles of(Tokenizer tokenizer, int context) {
        return new TokenizerFiles(tokenizer.files(context), tokenizer.endOfText(), tokenizer.endOfTurn());
    }
}
