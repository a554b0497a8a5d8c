package perdure.tokenizer;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a {@code tokenizer.json} of any maker says of its tokens: the bytes of each, which are special, and what stands
 * before the first. Byte-level models, and those in the manner of SentencePiece with byte fallback, can be read.
 *
 * <p>It also has the file in the form in which the library is given it: each special token has a spelling that no text
 * has, since it is drawn anew for each process. So a text that spells a special token is plain text to the library, and
 * ids, white space and normalizers around special tokens are as in the original.
 */
final class Vocabulary {

    private static final char META_SPACE = '\u2581';
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    /** A noncharacter, and a number that nobody knows. */
    static final String SECRET =
            Character.toString(0x10fffe) + Long.toUnsignedString(new SecureRandom().nextLong()) + ":";

    private final ObjectNode root; // its special tokens have their secret spellings
    private final boolean ours;
    private final List<String> spellings = new ArrayList<>(); // by id; null in gaps
    private final Map<String, Integer> declared = new LinkedHashMap<>(); // of the added tokens
    private final List<String> specials = new ArrayList<>();
    private UnaryOperator<String> replaced = UnaryOperator.identity();
    private boolean byteFallback;
    private boolean byteLevel;
    private boolean fused;
    private int leadingSpaces;

    /** @throws IllegalArgumentException if the file is of a kind that cannot be read */
    Vocabulary(String tokenizerJson) {
        root = TokenizerJson.parse(tokenizerJson);
        ours = TokenizerJson.isOurs(root);
        String type = root.at("/model/type").asString(root.at("/model/merges").isArray() ? "BPE" : "");
        require(
                type.equals("BPE") || type.equals("Unigram"),
                "its model is \"" + type + "\"; only BPE and Unigram can be read.");
        readModel(type.equals("BPE"));
        for (JsonNode added : root.path("added_tokens")) {
            String content = added.path("content").asString("");
            require(!content.isEmpty() && added.path("id").isInt(), "its added token " + added + " has no id.");
            declared.put(content, added.path("id").asInt());
            if (added.path("special").asBoolean(false)) {
                require(
                        !added.path("single_word").asBoolean(false),
                        "its special token " + content + " is one of single words.");
                specials.add(content);
            }
        }
        require(root.path("decoder").isObject(), "it has no decoder.");
        readDecoder(root.path("decoder"));
        hideSpecials();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private void readModel(boolean pairs) {
        JsonNode vocabulary = root.at("/model/vocab");
        require(vocabulary.size() > 0, "its vocabulary is empty.");
        if (!pairs) {
            vocabulary.forEach(piece -> spellings.add(piece.path(0).asString("")));
            return;
        }
        for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
            require(entry.getValue().isInt(), "its token \"" + entry.getKey() + "\" has no id.");
            spell(entry.getValue().asInt(), entry.getKey());
        }
    }

    private void spell(int id, String spelling) {
        require(
                id >= 0 && id <= 2 * ByteLevelBpeTrainer.MAXIMUM_VOCABULARY,
                "its token \"" + spelling + "\" has the id " + id + ".");
        if (id >= spellings.size()) {
            spellings.addAll(Collections.nCopies(id + 1 - spellings.size(), null));
        }
        spellings.set(id, spelling);
    }

    private void readDecoder(JsonNode decoder) {
        String type = decoder.path("type").asString("");
        switch (type) {
            case "Sequence" -> decoder.path("decoders").forEach(this::readDecoder);
            case "ByteLevel" -> byteLevel = true;
            case "ByteFallback" -> byteFallback = true;
            case "Fuse" -> fused = true;
            case "Replace" -> {
                String pattern = decoder.at("/pattern/String").asString("");
                String content = decoder.path("content").asString("");
                require(!pattern.isEmpty(), "its decoder replaces by a regular expression.");
                replace(pattern, content);
            }
            case "Metaspace" -> {
                replace(decoder.path("replacement").asString("" + META_SPACE), " ");
                boolean prepends = decoder.path("add_prefix_space").asBoolean(true)
                        && !decoder.path("prepend_scheme").asString("always").equals("never");
                leadingSpaces = prepends ? Integer.MAX_VALUE : 0;
            }
            case "Strip" -> {
                require(
                        decoder.path("content").asString("").equals(" ")
                                && decoder.path("stop").asInt(0) == 0
                                && fused,
                        "its decoder strips more than spaces at the beginning.");
                leadingSpaces = decoder.path("start").asInt(0);
            }
            default -> throw new IllegalArgumentException("its decoder \"" + type + "\" cannot be read.");
        }
    }

    private void replace(String pattern, String content) {
        UnaryOperator<String> before = replaced;
        replaced = spelling -> before.apply(spelling).replace(pattern, content);
    }

    /**
     * Spaces at the beginning of a decoded text that are not part of it; {@link Integer#MAX_VALUE} if these are all of its
     * first token.
     */
    int leadingSpaces() {
        return leadingSpaces;
    }

    /** The added tokens, each with the text that the library finds it by. */
    Map<String, String> addedTokens() {
        Map<String, String> added = new LinkedHashMap<>();
        declared.keySet().forEach(content -> added.put(content, content));
        specials.forEach(content -> added.put(content, secret(content)));
        return added;
    }

    /** The id that the file has for an added token. */
    int declaredId(String content) {
        return declared.get(content);
    }

    List<String> specials() {
        return specials;
    }

    private String secret(String special) {
        return SECRET + declared.get(special);
    }

    /**
     * The bytes of each token, by id; null in gaps.
     *
     * @param added ids of the added tokens
     */
    byte[][] bytes(Map<String, Integer> added) {
        new TreeMap<>(added).forEach((content, id) -> spell(id, content));
        byte[][] bytes = new byte[spellings.size()][];
        for (int id = 0; id < bytes.length; id++) {
            bytes[id] = spellings.get(id) == null ? null : bytes(spellings.get(id));
        }
        return bytes;
    }

    private byte[] bytes(String spelling) {
        if (byteFallback && BYTE.matcher(spelling).matches()) {
            return new byte[] {(byte) Integer.parseInt(spelling, 3, 5, 16)};
        }
        String text = replaced.apply(spelling);
        return byteLevel && ByteLevel.isSpelling(text) ? ByteLevel.bytes(text) : text.getBytes(StandardCharsets.UTF_8);
    }

    /** Which tokens are special. */
    static BitSet special(List<String> specials, Map<String, Integer> added) {
        BitSet special = new BitSet();
        specials.forEach(content -> special.set(added.get(content)));
        return special;
    }

    /** Whether it is one of ours, as {@link TokenizerJson} makes them. */
    boolean isOurs() {
        return ours;
    }

    private void hideSpecials() {
        Map<String, String> secrets = new LinkedHashMap<>();
        specials.forEach(content -> secrets.put(content, secret(content)));
        for (JsonNode added : root.path("added_tokens")) {
            String secret = secrets.get(added.path("content").asString(""));
            if (secret != null) {
                ((ObjectNode) added).put("content", secret).put("normalized", false);
            }
        }
        root.putNull("truncation").putNull("padding");
        ObjectNode model = (ObjectNode) root.path("model");
        model.putNull("dropout");
        // In the model's own vocabulary too: else the library would give them other ids.
        String unknown = secrets.get(model.path("unk_token").asString(""));
        if (unknown != null) {
            model.put("unk_token", unknown);
        }
        if (model.path("vocab") instanceof ArrayNode pieces) {
            for (JsonNode piece : pieces) {
                String secret = secrets.get(piece.path(0).asString(""));
                if (secret != null) {
                    ((ArrayNode) piece).set(0, secret);
                }
            }
        } else if (model.path("vocab") instanceof ObjectNode vocabulary) {
            secrets.forEach((content, secret) -> {
                JsonNode id = vocabulary.remove(content);
                if (id != null) {
                    vocabulary.set(secret, id);
                }
            });
        }
    }

    /** The file as the library is given it. */
    String json() {
        return TokenizerJson.text(root);
    }

    /** The same for text that goes on after other text; null if nothing is put before a text anyway. */
    String continuingJson() {
        ObjectNode copy = root.objectNode();
        for (String part : List.of("normalizer", "pre_tokenizer")) {
            JsonNode node = root.path(part).deepCopy();
            withoutPrepending(node);
            copy.set(part, node);
        }
        if (copy.path("normalizer").equals(root.path("normalizer"))
                && copy.path("pre_tokenizer").equals(root.path("pre_tokenizer"))) {
            return null;
        }
        ObjectNode whole = root.objectNode();
        whole.setAll(root);
        return TokenizerJson.text(whole.setAll(copy));
    }

    private static void withoutPrepending(JsonNode node) {
        if (node instanceof ObjectNode object) {
            switch (object.path("type").asString("")) {
                case "Prepend" -> object.put("prepend", "");
                case "ByteLevel" -> object.put("add_prefix_space", false);
                case "Metaspace" -> {
                    object.put("prepend_scheme", "never");
                    object.remove("add_prefix_space");
                }
                default -> {}
            }
        }
        node.path("normalizers").forEach(Vocabulary::withoutPrepending);
        node.path("pretokenizers").forEach(Vocabulary::withoutPrepending);
    }

    /**
     * Whether the tokens of a text that is cut before a space which follows another character are those of the whole: no
     * token goes on with a space after another character, and none takes the white space after it.
     */
    boolean cuts(byte[][] tokens) {
        for (JsonNode added : root.path("added_tokens")) {
            if (added.path("rstrip").asBoolean(false)) {
                return false;
            }
        }
        for (byte[] token : tokens) {
            String text = token == null ? "" : new String(token, StandardCharsets.UTF_8);
            for (int space = text.indexOf(' ', 1); space > 0; space = text.indexOf(' ', space + 1)) {
                if (!TextPieces.isWhiteSpace(text.charAt(space - 1))) {
                    return false;
                }
            }
        }
        return true;
    }
}
