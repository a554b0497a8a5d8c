package perdure.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class GgufSplittingTest {

    private static final String BYTES = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':%s}";

    private static GgufSplitting of(String json) {
        return GgufSplitting.of(JsonMapper.shared().readTree(json.replace('\'', '"')));
    }

    private static String byteLevel(String steps) {
        return "{'model':{'type':'BPE'},'pre_tokenizer':{'type':'Sequence','pretokenizers':[" + steps + "]}}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gpt-2  | B",
                "smollm | {'type':'Digits','individual_digits':true},B",
            })
    void namesByteLevelRules(String name, String steps) {
        GgufSplitting splitting = of(byteLevel(steps.replace("B", BYTES.formatted("true"))));
        assertEquals(name, splitting.name());
        assertEquals("gpt2", splitting.model());
    }

    @ParameterizedTest
    @CsvSource({"true, true", "false, false"})
    void saysWhetherSentencePiecePutsASpaceBeforeTheText(boolean prepends, boolean adds) {
        String prepend = prepends ? "{'type':'Prepend','prepend':'\u2581'}," : "";
        GgufSplitting splitting = of("{'model':{'type':'BPE','byte_fallback':true},'normalizer':{'type':'Sequence',"
                + "'normalizers':[" + prepend + "{'type':'Replace','pattern':{'String':' '},'content':'\u2581'}]}}");
        assertEquals(adds, splitting.addsSpace());
        assertEquals("llama", splitting.model());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model':{'type':'Unigram'}}",
                "{'model':{'type':'BPE','end_of_word_suffix':'</w>'}}",
                "{'model':{'type':'BPE'}}",
                "{'model':{'type':'BPE'},'pre_tokenizer':{'type':'Whitespace'}}",
                "{'model':{'type':'BPE'},'pre_tokenizer':{'type':'ByteLevel','add_prefix_space':true}}",
                "{'model':{'type':'BPE'},'normalizer':{'type':'Lowercase'},'pre_tokenizer':{'type':'ByteLevel',"
                        + "'add_prefix_space':false}}",
                "{'model':{'type':'BPE','ignore_merges':true},'pre_tokenizer':{'type':'ByteLevel',"
                        + "'add_prefix_space':false}}",
                "{'model':{'type':'BPE','byte_fallback':true}}",
                "{'model':{'type':'BPE','byte_fallback':true},'pre_tokenizer':{'type':'Metaspace',"
                        + "'replacement':'\u2581','split':true}}",
            })
    void refusesOtherRules(String json) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> of(json));
        assertTrue(refused.getMessage().startsWith("a GGUF file cannot name such a tokenizer: "), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\\\p{N}+", "[0-9]"})
    void refusesAnotherPattern(String pattern) {
        String split = "{'type':'Split','pattern':{'Regex':'" + pattern + "'},'behavior':'Isolated','invert':false},";
        assertThrows(IllegalArgumentException.class, () -> of(byteLevel(split + BYTES.formatted("false"))));
    }
}
