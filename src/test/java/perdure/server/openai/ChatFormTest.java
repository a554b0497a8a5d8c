package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.server.SavedModel;
import perdure.server.ServerTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which fields of a chat are taken, and how the others are refused. */
@Timeout(180)
class ChatFormTest extends ServerTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"model\":\"perdure\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {                                                   |        | well-formed
            [1]                                                 |        | JSON object
            {} {}                                               |        | well-formed
            {"model":"perdure","model":"perdure","messages":[]} |        | well-formed
            {"messages":[]}                                     | model  | model must be given
            {"model":5,"messages":[]}                           | model  | a string
            {"model":"perdure"}                                 | messages | at least one
            {"model":"perdure","messages":[]}                   | messages | at least one
            {"model":"perdure","messages":"Hello"}              | messages | an array
            {"model":"perdure","messages":[{"role":"robot","content":"x"}]}    | messages[0].role | system, developer, user, assistant or tool
            {"model":"perdure","messages":[{"role":"user"}]}    | messages[0].content | must be given
            {"model":"perdure","messages":[{"role":"user","content":7}]}       | messages[0].content | a string
            {"model":"perdure","messages":[{"role":"user","content":[{"type":"image_url"}]}]} | messages[0].content[0].type | text
            {"model":"perdure","messages":[{"role":"user","content":"x","more":1}]} | messages[0].more | Unknown field
            {HELLO,"temperature":-1}                            | temperature | from 0 to 100
            {HELLO,"temperature":"hot"}                         | temperature | a number
            {HELLO,"temperature":1e999}                         | temperature | a number
            {HELLO,"temperature":1e1000000000}                  | temperature | a number
            {HELLO,"top_p":-0.1}                                | top_p  | from 0
            {HELLO,"top_p":1e999}                               | top_p  | from 0
            {HELLO,"top_p":1.5}                                 | top_p  | from 0 to 1
            {HELLO,"top_k":-2}                                  | top_k  | from -1
            {HELLO,"repetition_penalty":1e-300}                 | repetition_penalty | from 0.01 to 100
            {HELLO,"repetition_penalty":1e-40}                  | repetition_penalty | from 0.01 to 100
            {HELLO,"repetition_penalty":1e300}                  | repetition_penalty | from 0.01 to 100
            {HELLO,"presence_penalty":2.1}                      | presence_penalty | from -2 to 2
            {HELLO,"frequency_penalty":-1e999}                  | frequency_penalty | from -2 to 2
            {HELLO,"max_tokens":0}                              | max_tokens | as many as fit
            {HELLO,"max_tokens":-2}                             | max_tokens | whole number
            {HELLO,"max_completion_tokens":"5"}                 | max_completion_tokens | whole number
            {HELLO,"max_tokens":1.5}                            | max_tokens | whole number
            {HELLO,"max_tokens":1e300}                          | max_tokens | whole number
            {HELLO,"seed":99999999999999999999}                 | seed   | whole number
            {HELLO,"seed":1e1000000000}                         | seed   | whole number
            {HELLO,"stop":["a","b","c","d","e"]}                | stop   | at most 4
            {HELLO,"stop":[1]}                                  | stop   | strings
            {HELLO,"stop":""}                                   | stop   | empty
            {HELLO,"stream":"yes"}                              | stream | true or false
            {HELLO,"stream_options":{"usage":true}}             | stream_options.usage | Unknown field
            {HELLO,"n":33}                                      | n      | from 1 to 32
            {HELLO,"n":0}                                       | n      | from 1 to 32
            {HELLO,"n":"1"}                                     | n      | whole number
            {HELLO,"logprobs":2}                                | logprobs | true or false
            {HELLO,"logprobs":true,"top_logprobs":21}           | top_logprobs | from 0 to 20
            {HELLO,"logprobs":true,"top_logprobs":4,"n":16}     | top_logprobs | more than 64
            {HELLO,"top_logprobs":2}                            | top_logprobs | logprobs is true
            {HELLO,"truncation":"middle"}                       | truncation | disabled
            {HELLO,"tools":[{"type":"function"}]}               | tools  | nothing else
            {HELLO,"tool_choice":"required"}                    | tool_choice | nothing else
            {HELLO,"min_p":0.05}                                | min_p  | nothing else
            {HELLO,"logit_bias":{"5":1}}                        | logit_bias | nothing else
            {HELLO,"frobnicate":1}                              | frobnicate | Unknown field: frobnicate.
            {HELLO,"temprature":1}                              | temprature | Did you mean temperature?
            {HELLO,"max_token":1}                               | max_token | Did you mean max_tokens?
            """)
    void refusesWhatIsNotARequest(String body, String parameter, String message) throws Exception {
        String cold = HELLO.replace(",\"temperature\":0", "");
        HttpResponse<String> answer = run.answer(CHAT, body.replace("HELLO", cold));
        assertEquals(400, answer.statusCode(), answer.body());
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertTrue(error.get("message").asString().contains(message), answer.body());
        assertEquals("invalid_request_error", error.get("type").asString());
        assertEquals(
                parameter,
                error.get("param").isNull() ? null : error.get("param").asString());
    }

    /** Some clients send every field that they know, and give an answer back as they have it. */
    @Test
    void aFieldThatIsNullIsAsGoodAsAbsent() throws Exception {
        SavedModel.commit(folder);
        String body = "{\"model\":\"perdure\",\"max_tokens\":2,\"tool_choice\":null,\"frobnicate\":null,\"messages\":["
                + "{\"role\":\"user\",\"content\":\"Hello\"},"
                + "{\"role\":\"assistant\",\"content\":\"Hi\",\"annotations\":null,\"audio\":null,\"tool_calls\":null},"
                + "{\"role\":\"user\",\"content\":\"Hello\",\"name\":null}]}";
        HttpResponse<String> answer = run.answer(CHAT, body);
        assertEquals(200, answer.statusCode(), answer.body());
    }

    /** Fields that real clients send and that ask for nothing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tool_choice\":\"none\"",
                "\"tool_choice\":\"auto\",\"tools\":[]",
                "\"function_call\":\"none\",\"functions\":[]",
                "\"parallel_tool_calls\":false",
                "\"parallel_tool_calls\":true",
                "\"logprobs\":false,\"top_logprobs\":0",
                "\"top_logprobs\":0",
                "\"top_k\":-1",
                "\"min_p\":0.0",
                "\"n\":1.0,\"seed\":1.0",
                "\"presence_penalty\":0,\"frequency_penalty\":0.0,\"repetition_penalty\":1",
                "\"reasoning_effort\":\"low\",\"verbosity\":\"low\"",
                "\"max_tokens\":16384",
                "\"max_tokens\":-1",
                "\"max_completion_tokens\":9223372036854775807",
                "\"store\":false,\"metadata\":{\"a\":\"b\"},\"user\":\"u\",\"service_tier\":\"auto\"",
                "\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"]",
                "\"chat_template_kwargs\":{\"enable_thinking\":false},\"cache_prompt\":true",
                "\"stop\":[],\"stream_options\":{\"include_usage\":true},\"truncation\":\"disabled\"",
                "\"temperature\":1e-300",
                "\"top_p\":0",
                "\"top_p\":1e-999",
                "\"top_p\":1e-300,\"temperature\":2",
            })
    void acceptsWhatAsksForNothing(String field) throws Exception {
        SavedModel.commit(folder);
        String cold = HELLO.replace(",\"temperature\":0", "");
        String end = field.contains("max_") ? "\"stop\":\"a\"" : "\"max_tokens\":2";
        HttpResponse<String> answer = run.answer(CHAT, "{" + cold + "," + end + "," + field + "}");
        assertEquals(200, answer.statusCode(), answer.body());
    }

    @Test
    void acceptsWhatClientsAddToMessages() throws Exception {
        SavedModel.commit(folder);
        String body = "{\"model\":\"perdure\",\"max_tokens\":2,\"messages\":["
                + "{\"role\":\"developer\",\"content\":\"Be brief.\",\"name\":\"me\",\"id\":7},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\",\"cache_control\":{\"type\":\"ephemeral\"}}]},"
                + "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"No.\",\"annotations\":[]},"
                + "{\"role\":\"user\",\"content\":\"Hello\"}]}";
        HttpResponse<String> answer = run.answer(CHAT, body);
        assertEquals(200, answer.statusCode(), answer.body());
    }
}
