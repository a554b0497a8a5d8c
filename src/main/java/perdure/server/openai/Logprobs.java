package perdure.server.openai;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import perdure.chat.Completion.TokenScore;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Log probabilities in OpenAI's two forms, and the place of the next token in the text of one choice. */
final class Logprobs {

    /** What OpenAI writes for a token that is as good as impossible: JSON has no infinity. */
    private static final double LEAST = -9_999;

    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** Bytes of the tokens so far that begin characters: one for each. */
    private int characters;

    /** The form of conversations: a list of tokens, each with its bytes. */
    static ArrayNode list(List<TokenScore> scores) {
        ArrayNode list = MAPPER.createArrayNode();
        for (TokenScore score : scores) {
            ArrayNode likeliest = MAPPER.createArrayNode();
            score.likeliest().forEach(other -> likeliest.add(token(other)));
            list.add(token(score).set("top_logprobs", likeliest));
        }
        return list;
    }

    private static ObjectNode token(TokenScore score) {
        ObjectNode token = MAPPER.createObjectNode()
                .put("token", spelled(score.bytes(), ""))
                .put("logprob", finite(score.logprob()));
        ArrayNode bytes = token.putArray("bytes");
        for (byte part : score.bytes()) {
            bytes.add(part & 0xFF);
        }
        return token;
    }

    /** The older form of texts: parallel lists. The chosen token is among the likeliest even if it was not. */
    ObjectNode columns(List<TokenScore> scores) {
        ObjectNode columns = MAPPER.createObjectNode();
        ArrayNode tokens = columns.putArray("tokens");
        ArrayNode logprobs = columns.putArray("token_logprobs");
        ArrayNode likeliest = columns.putArray("top_logprobs");
        ArrayNode offsets = columns.putArray("text_offset");
        for (TokenScore score : scores) {
            String token = spelled(score.bytes(), "bytes:");
            tokens.add(token);
            logprobs.add(finite(score.logprob()));
            ObjectNode top = likeliest.addObject();
            score.likeliest().forEach(other -> top.put(spelled(other.bytes(), "bytes:"), finite(other.logprob())));
            top.put(token, finite(score.logprob()));
            boolean inside = score.bytes().length > 0 && goesOn(score.bytes()[0]);
            offsets.add(inside ? Math.max(0, characters - 1) : characters);
            for (byte part : score.bytes()) {
                characters += goesOn(part) ? 0 : 1;
            }
        }
        return columns;
    }

    /** Whether a byte goes on with a character: 10xxxxxx. */
    private static boolean goesOn(byte part) {
        return (part & 0xC0) == 0x80;
    }

    private static double finite(double logprob) {
        return Math.max(logprob, LEAST);
    }

    /** The text of a token. One that is not whole characters is spelled as OpenAI does, {@code \xe2\x80}. */
    private static String spelled(byte[] bytes, String beforeBytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException partial) {
            StringBuilder spelled = new StringBuilder(beforeBytes);
            for (byte part : bytes) {
                spelled.append(String.format("\\x%02x", part));
            }
            return spelled.toString();
        }
    }
}
