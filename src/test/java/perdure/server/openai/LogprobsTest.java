package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.chat.Completion.TokenScore;
import tools.jackson.databind.JsonNode;

class LogprobsTest {

    /** A letter, a face of four bytes in two tokens, another letter. */
    private static final List<TokenScore> SCORES = List.of(
            score("a".getBytes(StandardCharsets.UTF_8), -1),
            score(new byte[] {(byte) 0xF0, (byte) 0x9F}, Double.NEGATIVE_INFINITY),
            score(new byte[] {(byte) 0x99, (byte) 0x82}, -0.5),
            score("b".getBytes(StandardCharsets.UTF_8), 0));

    private static TokenScore score(byte[] bytes, double logprob) {
        return new TokenScore(bytes, logprob, List.of(new TokenScore(new byte[] {'z'}, -2, List.of())));
    }

    @Test
    void aTokenThatIsNotWholeCharactersHasItsBytes() {
        JsonNode part = Logprobs.list(SCORES).get(1);
        assertEquals("[240,159]", part.get("bytes").toString());
        assertEquals("\\xf0\\x9f", part.get("token").asString());
        assertEquals(-9_999, part.get("logprob").asDouble(), "JSON has no infinity");
        assertEquals("[122]", part.get("top_logprobs").get(0).get("bytes").toString());
    }

    @Test
    void theOlderFormCountsCharactersAndHasTheChosenTokenAmongTheLikeliest() {
        Logprobs growing = new Logprobs();
        JsonNode first = growing.columns(SCORES.subList(0, 2));
        JsonNode second = growing.columns(SCORES.subList(2, 4));
        assertEquals("[0,1]", first.get("text_offset").toString());
        assertEquals("[1,2]", second.get("text_offset").toString(), "the face is one character");
        assertEquals("bytes:\\x99\\x82", second.get("tokens").get(0).asString());
        assertEquals("{\"z\":-2.0,\"b\":0.0}", second.get("top_logprobs").get(1).toString());
    }
}
