package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DialectTest {

    private final Dialect dialect = new Dialect(false);

    /** The passages as {@code role: text | role: text}, with a star where they are not learned although said. */
    private String read(String json) {
        List<Passage> passages = dialect.passages(JsonValues.only(json.replace('\'', '"')));
        assertTrue(passages.get(passages.size() - 1).endsDocument());
        return passages.stream()
                .map(passage -> (passage.role() == null ? "" : passage.role() + ": ")
                        + passage.text()
                        + ("assistant".equals(passage.role()) && !passage.learned() ? "*" : ""))
                .collect(Collectors.joining(" | "));
    }

    private String problem(String json) {
        return assertThrows(RowException.class, () -> read(json)).getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            {'text':'a'}; a
            {'Text':'a','id':1}; a
            {'content':'a'}; a
            'a'; a
            {'text':'','x':1}; ``
            {'text':'a','messages':[],'prompt':null}; a
            [{'role':'assistant','content':'a','tool_calls':[],'function_call':{'name':null,'arguments':null}}]; assistant: a
            {'messages':[{'role':'user','content':'a'},{'role':'assistant','content':'b'}]}; user: a | assistant: b
            {'messages':null,'text':'a'}; a
            {'text':'a','messages':[{'role':'user','content':'b'}]}; user: b
            {'messages':'[{\\'role\\':\\'user\\',\\'content\\':\\'b\\'}]'}; user: b
            [{'role':'User','content':'a'},{'role':'DEVELOPER','content':'b'}]; user: a | system: b
            {'messages':[{'role':'user','content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}]}; user: ab
            {'messages':[{'role':'tool','content':{'t':[1.50,'x']}}]}; tool: {"t": [1.50, "x"]}
            {'messages':[{'role':'function','name':'f','content':'a'}]}; tool: a
            {'messages':[{'role':'assistant','content':'a','weight':0}]}; assistant: a*
            {'messages':[{'role':'assistant','content':'a','weight':0.0}]}; assistant: a*
            {'messages':[{'role':'assistant','content':'a','weight':'0'}]}; assistant: a*
            {'messages':[{'role':'assistant','content':'a','weight':false}]}; assistant: a*
            {'messages':[{'role':'assistant','content':'a','weight':1}]}; assistant: a
            {'messages':[{'role':'assistant','content':'a','weight':true}]}; assistant: a
            {'messages':[{'role':'assistant','content':'a','weight':null}]}; assistant: a
            {'messages':[{'role':'user','content':'a','weight':7}]}; user: a
            {'TEXT':'b','text':'a'}; a
            {'text':'a','TEXT':'b'}; a
            {'conversations':[{'from':'human','value':'a'},{'from':'gpt','value':'b'}],'system':'s'}; system: s | user: a | assistant: b
            {'conversation':[{'role':'user','content':'a'}]}; user: a
            {'instruction':'a','input':'','output':'b'}; user: a | assistant: b
            {'instruction':'a','input':'i','output':'b','text':null}; user: a\\n\\ni | assistant: b
            {'instruction':'a','context':'i','response':'b'}; user: a\\n\\ni | assistant: b
            {'input':'a','output':'b'}; user: a | assistant: b
            {'prompt':'a','completion':'b'}; user: a | assistant: b
            {'prompt':[{'role':'system','content':'s'},{'role':'user','content':'a'}],'completion':[{'role':'assistant','content':'b'}]}; system: s | user: a | assistant: b
            {'prompt':'a','chosen':[{'role':'user','content':'a'},{'role':'assistant','content':'b'}],'rejected':[]}; user: a | assistant: b
            {'question':'a','answer':'b'}; user: a | assistant: b
            {'prompt':'a','completion':'b','label':true}; user: a | assistant: b
            {'prompt':'a','completion':'b','label':0}; user: a | assistant: b
            {'messages':[{'role':'user','content':'a'}],'label':false}; user: a
            {'conversations':[{'from':'human','value':'a'}],'kto_tag':true}; user: a
            {'messages':[{'role':'user','content':'a'}],'system':' '}; user: a
            {'messages':[{'role':'assistant','content':'a','tool_calls':''}]}; assistant: a
            {'messages':[{'role':'assistant','content':'a','tool_calls':'null'}]}; assistant: a
            {'messages':[{'role':'assistant','content':'a','tool_calls':'[]'}]}; assistant: a
            {'conversations':[{'from':'function_call','value':'f(1)'}]}; assistant: f(1)
            """)
    void readsTheFormsThatPeopleHave(String json, String expected) {
        assertEquals(expected.replace("\\n", "\n"), read(json));
    }

    @Test
    void aCallOfAToolIsText() {
        String call = "{'role':'assistant','content':null,'tool_calls':[{'id':'1','type':'function','function':"
                + "{'name':'f','arguments':'{\\'a\\':1.0}'}},{'function':{'name':'g'}}]}";
        assertEquals(
                "assistant: <tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1.0}}\n</tool_call>\n"
                        + "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>",
                read("{'messages':[" + call + "]}"));
        assertEquals(
                "assistant: hm\n<tool_call>\n{\"name\": \"f\", \"arguments\": \"x\"}\n</tool_call>",
                read("[{'role':'assistant','content':'hm','function_call':{'name':'f','arguments':'x'}}]"));
        assertEquals(
                "assistant: <tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call> | tool: r",
                read("{'conversations':[{'from':'function_call','value':'{\\'name\\':\\'f\\',\\'arguments\\':{}}'},"
                        + "{'from':'observation','value':'r'}]}"));
        assertEquals(
                "has the call {\"id\": 1}, which names no tool.",
                problem("[{'role':'assistant','tool_calls':[{'id':1}]}]"));
        assertEquals(
                "has the call \"f(1)\", which names no tool.",
                problem("[{'role':'assistant','content':'','tool_calls':'f(1)'}]"));
    }

    /** As an object, as a list, and as JSON in a text, whose arguments have two names. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'from':'function_call','value':{'name':'f','arguments':{'a':1}}}",
                "{'from':'function_call','value':[{'name':'f','arguments':{'a':1}}]}",
                "{'from':'function_call','value':'{\\'name\\':\\'f\\',\\'parameters\\':{\\'a\\':1}}'}",
                "{'role':'assistant','content':null,'tool_calls':{'name':'f','arguments':{'a':1}}}",
                "{'role':'assistant','content':null,'tool_calls':[{'name':'f','parameters':{'a':1}}]}",
                "{'role':'assistant','tool_calls':'[{\\'name\\':\\'f\\',\\'arguments\\':{\\'a\\':1}}]'}",
                "{'role':'assistant','function_call':'{\\'name\\':\\'f\\',\\'arguments\\':{\\'a\\':1}}'}"
            })
    void callsAreReadInEveryForm(String message) {
        assertEquals(
                "assistant: <tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>",
                read("{'messages':[" + message + "]}"));
    }

    @Test
    void whatIsNotUsedIsRemembered() {
        read("{'messages':[{'role':'assistant','content':[{'type':'image_url','image_url':{}},'a'],"
                + "'reasoning_content':'r','refusal':null}],'tools':[1],'id':null}");
        assertEquals(
                Set.of(
                        "image_url parts",
                        "reasoning_content (except by chat templates)",
                        "tools (except by chat templates)"),
                dialect.unused());
        read("{'text':'a'}");
        assertEquals(Set.of(), dialect.unused());
        read("{'messages':[{'role':'assistant','content':'a'}],'tools':{'name':'f'}}");
        assertEquals(Set.of("tools that are not a list"), dialect.unused());
        for (String none : List.of("''", "'[]'", "[]")) {
            read("{'messages':[{'role':'assistant','content':'a'}],'tools':" + none + "}");
            assertEquals(Set.of(), dialect.unused());
        }
        read("{'messages':[{'role':'tool','content':'a','tool_call_id':7}]}");
        assertEquals(Set.of("tool_call_id that is not text"), dialect.unused());
    }

    @Test
    void whatCannotBeUsedIsNamed() {
        assertTrue(problem("{'text':null,'id':1}").startsWith("has no text: none of text, messages,"));
        assertTrue(problem("{'text':null,'id':1}").endsWith(", but id."));
        assertEquals("has \"text\": [\"a\"], which is not text.", problem("{'text':['a']}"));
        assertEquals("has \"input\": 5, which is not text.", problem("{'instruction':'a','input':5,'output':'b'}"));
        assertEquals("has \"output\": 5, which is not text.", problem("{'instruction':'a','output':5}"));
        assertEquals("has \"question\": 5, which is not text.", problem("{'question':5,'answer':'b'}"));
        assertEquals("has the content 5, which is not text.", problem("[{'role':'user','content':5}]"));
        assertEquals(
                "has the answer [{\"type\": \"tool_use\", \"name\": \"f\"}], which is not text.",
                problem("[{'role':'assistant','content':[{'type':'tool_use','name':'f'}]}]"));
        assertEquals(
                "has the message \"a\", which is not an object with a role and content.",
                problem("{'conversations':['a']}"));
        assertEquals(
                "has a message without a role, but with speaker, text.", problem("[{'speaker':'user','text':'a'}]"));
        assertEquals(
                "has a message of the role user without content, but with text.",
                problem("[{'role':'user','text':'a'}]"));
        assertEquals("has a message of the role assistant without content.", problem("[{'role':'assistant'}]"));
        assertEquals(
                "has a message of the role assistant without content.",
                problem("[{'role':'assistant','content':null,'tool_calls':[{'function':{'name':null}}]}]"));
        String notGood = "has the label false: its answer is not a good one, and would be learned.";
        assertEquals(notGood, problem("{'prompt':'a','completion':'b','label':false}"));
        assertEquals(notGood, problem("{'prompt':'a','completion':'b','label':'False'}"));
        assertEquals(
                "has the weight 0.5, which is neither 0 nor 1.",
                problem("[{'role':'assistant','content':'a','weight':0.5}]"));
        assertEquals(
                "has the weight [0], which is neither 0 nor 1.",
                problem("[{'role':'assistant','content':'a','weight':[0]}]"));
        assertEquals(
                "has the kto_tag false: its answer is not a good one, and would be learned.",
                problem("{'conversations':[{'from':'gpt','value':'a'}],'kto_tag':false}"));
        assertEquals("is neither an object nor a text.", problem("7"));
        assertEquals(
                "has \"messages\": \"hi\", which is not a list of messages in JSON.", problem("{'messages':'hi'}"));
        assertEquals(
                "has \"conversations\": {\"from\": [\"human\"]}, which is not a list of messages.",
                problem("{'conversations':{'from':['human']}}"));
    }

    @Test
    void inAFormerOrderTextIsFirst() {
        String both = "{\"text\":\"a\",\"conversations\":[{\"from\":\"gpt\",\"value\":\"b\"}]}";
        assertEquals(
                "a", new Dialect(true).passages(JsonValues.only(both)).get(0).text());
        assertEquals(
                "b", new Dialect(false).passages(JsonValues.only(both)).get(0).text());
    }
}
