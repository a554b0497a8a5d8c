package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import perdure.tokenizer.Tokenizer;

/**
 * The tokenizer as a generation carries it.
 *
 * @param files content by file name: {@code tokenizer.json}, {@code tokenizer_config.json},
 *     {@code special_tokens_map.json}
 * @param endOfText id of the token between two texts
 * @param endOfTurn id of the token that ends a chat message
 */
public record TokenizerFiles(Map<String, byte[]> files, int endOfText, int endOfTurn) {

    public TokenizerFiles {
        files = Collections.unmodifiableMap(new TreeMap<>(files));
        for (String name : files.keySet()) {
            if (!name.matches("[A-Za-z_]\\w*\\.\\w+")) {
                throw new IllegalArgumentException("\"" + name + "\" is no name for a tokenizer file.");
            }
        }
    }

    /** The files of a tokenizer, as it writes them. */
    public static TokenizerFiles of(Tokenizer tokenizer) {
        try {
            Path folder = Files.createTempDirectory("tokenizer");
            try {
                tokenizer.write(folder);
                Map<String, byte[]> files = new TreeMap<>();
                try (DirectoryStream<Path> written = Files.newDirectoryStream(folder)) {
                    for (Path file : written) {
                        files.put(file.getFileName().toString(), Files.readAllBytes(file));
                    }
                }
                return new TokenizerFiles(files, tokenizer.endOfText(), tokenizer.imEnd());
            } finally {
                DurableFiles.delete(folder);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("The tokenizer's files cannot be made: " + problem.getMessage(), problem);
        }
    }
}
