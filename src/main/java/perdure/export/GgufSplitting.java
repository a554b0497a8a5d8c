package perdure.export;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * How a tokenizer cuts text before it merges, by the name that llama.cpp has for it.
 *
 * @param name of llama.cpp
 * @param isSentencePiece whether spaces become ▁ and unknown characters bytes; else every byte has a visible spelling
 * @param addsSpace whether a space is put before the text; of SentencePiece alone
 */
record GgufSplitting(String name, boolean isSentencePiece, boolean addsSpace) {

    private static final String SPACE = "\u2581";

    /** The pattern of Llama 3; that of Qwen 2 takes digits one by one. */
    private static final String LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static final String QWEN2 = LLAMA3.replace("{1,3}", "");

    /**
     * Finds the one of a {@code tokenizer.json}.
     *
     * @throws IllegalArgumentException if llama.cpp has none that does the same
     */
    static GgufSplitting of(JsonNode json) {
        JsonNode model = json.path("model");
        require(model.path("type").asString("").equals("BPE"), "its model " + model.path("type"));
        require(noText(model.path("continuing_subword_prefix")), "its continuing_subword_prefix");
        require(noText(model.path("end_of_word_suffix")), "its end_of_word_suffix");
        List<JsonNode> normalizers = steps(json.path("normalizer"), "normalizers");
        List<JsonNode> preTokenizers = steps(json.path("pre_tokenizer"), "pretokenizers");
        if (model.path("byte_fallback").asBoolean(false)) {
            return new GgufSplitting("default", true, addsSpace(normalizers, preTokenizers));
        }
        for (JsonNode normalizer : normalizers) {
            // llama.cpp leaves the text as it is, which is in NFC as a rule.
            require(type(normalizer).equals("NFC"), "its normalizer " + normalizer);
        }
        String name = byteLevel(preTokenizers);
        boolean ignoresMerges = model.path("ignore_merges").asBoolean(false);
        require(ignoresMerges == name.equals("llama-bpe"), "ignore_merges " + ignoresMerges + " with " + name);
        return new GgufSplitting(name, false, false);
    }

    /** The name of llama.cpp's kind of tokenizer. */
    String model() {
        return isSentencePiece ? "llama" : "gpt2";
    }

    private static String byteLevel(List<JsonNode> steps) {
        JsonNode last = steps.isEmpty() ? null : steps.get(steps.size() - 1);
        boolean bytes = last != null
                && type(last).equals("ByteLevel")
                && !last.path("add_prefix_space").asBoolean(true);
        boolean words = bytes && last.path("use_regex").asBoolean(true);
        JsonNode first = steps.size() == 2 ? steps.get(0) : null;
        if (words && steps.size() == 1) {
            return "gpt-2";
        }
        if (words
                && first != null
                && type(first).equals("Digits")
                && first.path("individual_digits").asBoolean()) {
            return "smollm";
        }
        if (bytes
                && !words
                && first != null
                && type(first).equals("Split")
                && first.path("behavior").asString("").equals("Isolated")
                && !first.path("invert").asBoolean(false)) {
            String pattern = first.at("/pattern/Regex").asString("");
            if (pattern.equals(LLAMA3)) {
                return "llama-bpe";
            }
            if (pattern.equals(QWEN2)) {
                return "qwen2";
            }
        }
        throw refused("its pre-tokenizer " + steps);
    }

    /** SentencePiece's rules, in the form of Llama 2 (normalizers) or the newer one (a pre-tokenizer Metaspace). */
    private static boolean addsSpace(List<JsonNode> normalizers, List<JsonNode> preTokenizers) {
        boolean adds = false;
        boolean replaces = false;
        for (JsonNode step : normalizers) {
            boolean prepend = type(step).equals("Prepend")
                    && step.path("prepend").asString("").equals(SPACE);
            boolean replace = type(step).equals("Replace")
                    && step.at("/pattern/String").asString("").equals(" ")
                    && step.path("content").asString("").equals(SPACE);
            require(prepend || replace, "its normalizer " + step);
            adds |= prepend;
            replaces |= replace;
        }
        for (JsonNode step : preTokenizers) {
            require(
                    type(step).equals("Metaspace")
                            && step.path("replacement").asString("").equals(SPACE)
                            && !step.path("split").asBoolean(true),
                    "its pre-tokenizer " + step);
            adds |= !step.path("prepend_scheme").asString("always").equals("never");
            replaces = true;
        }
        require(replaces, "text whose spaces are not replaced by " + SPACE);
        return adds;
    }

    private static List<JsonNode> steps(JsonNode step, String sequence) {
        List<JsonNode> steps = new ArrayList<>();
        if (type(step).equals("Sequence")) {
            step.path(sequence).forEach(steps::add);
        } else if (step.isObject()) {
            steps.add(step);
        }
        return steps;
    }

    private static String type(JsonNode step) {
        return step.path("type").asString("");
    }

    private static boolean noText(JsonNode value) {
        return value.asString("").isEmpty();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw refused(otherwise);
        }
    }

    private static IllegalArgumentException refused(String what) {
        return new IllegalArgumentException("a GGUF file cannot name such a tokenizer: " + what
                + " is none of gpt-2, llama-bpe, qwen2, smollm and SentencePiece.");
    }
}
