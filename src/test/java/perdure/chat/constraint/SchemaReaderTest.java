package perdure.chat.constraint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Keywords are followed or refused by name. */
class SchemaReaderTest {

    @Test
    void followsWhatTheKeywordsSay() {
        accepts("{\"type\":\"string\"}", "\"\"", "\"a\\\"b\\\\\\n ü語\u2028😀\"");
        refuses("{\"type\":\"string\"}", "\"\n\"", "\"\\u0041\"", "1", "null", "\"a\" ", " \"a\"");
        accepts("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"😀ü\"", "\"\\n\\n\\n\"");
        refuses("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"ü\"", "\"abcd\"");
        accepts("{\"type\":[\"integer\",\"null\"]}", "0", "-17", "null", "2147483647");
        refuses("{\"type\":[\"integer\",\"null\"]}", "1.0", "1e3", "007", "-0", "2147483648", "true");
        accepts("{\"type\":\"number\",\"minimum\":-0.5,\"exclusiveMaximum\":1}", "-0.5", "0", "0.999", "-0.125");
        refuses("{\"type\":\"number\",\"minimum\":-0.5,\"exclusiveMaximum\":1}", "1", "1.0", "-0.51", "-0", "-1", ".5");
        accepts("{\"type\":\"integer\",\"minimum\":3000000000}", "3000000000", "999999999999999");
        accepts("{\"type\":\"integer\",\"maximum\":9007199254740991}", "9007199254740991");
        refuses("{\"type\":\"integer\",\"maximum\":9007199254740991}", "9007199254740992");
        accepts("{\"enum\":[\"a\",1,12,null,{\"b\":[true]}]}", "\"a\"", "1", "12", "null", "{\"b\":[true]}");
        refuses("{\"enum\":[\"a\",1,12],\"type\":\"integer\"}", "\"a\"", "2", "123");
        accepts("{\"const\":\"é\"}", "\"é\"");
        accepts("{\"items\":{\"type\":\"boolean\"},\"minItems\":1,\"maxItems\":2}", "[true]", "[true, false]");
        refuses(
                "{\"items\":{\"type\":\"boolean\"},\"minItems\":1,\"maxItems\":2}",
                "[]",
                "[true,]",
                "[true,true,true]",
                "{}");
        accepts("{\"prefixItems\":[{\"const\":1}],\"items\":false}", "[]", "[1]");
        refuses("{\"prefixItems\":[{\"const\":1}],\"items\":false}", "[2]", "[1,1]");
        accepts("true", "{\"a\": [1, {\"b\": null}]}", "[]", "1.5", "\"x\"");
        accepts("{\"anyOf\":[{\"const\":\"aa\"},{\"const\":\"ab\"},{\"type\":\"null\"}]}", "\"aa\"", "\"ab\"", "null");
    }

    @Test
    void objectsHaveTheirPropertiesInTheOrderOfTheSchema() {
        String schema =
                "{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"null\"},\"c\":{}},\"required\":[\"b\"]}";
        accepts(schema, "{\"a\":1,\"b\":null,\"c\":[]}", "{\"b\": null}", "{\"a\":1, \"b\":null}");
        refuses(
                schema,
                "{}",
                "{\"a\":1}",
                "{\"b\":null,\"a\":1}",
                "{\"b\":null,\"d\":1}",
                "{\"b\":null,\"b\":null}",
                "{\"a\":1,}");
        accepts("{\"required\":[\"x\"],\"additionalProperties\":{\"type\":\"null\"}}", "{\"x\":null}");
        accepts("{\"additionalProperties\":{\"type\":\"null\"}}", "{}", "{\"x\":null,\"y\":null}");
        refuses(
                "{\"additionalProperties\":{\"type\":\"null\"}}",
                "{\"x\":1}",
                "{\"x\":null,\"x\":null}",
                "{\"\\u0078\":null}");
        accepts("{\"additionalProperties\":false}", "{}");
        refuses("{\"type\":\"object\",\"additionalProperties\":false}", "{\"x\":1}");
    }

    @Test
    void schemasMayReferToThemselves() {
        String list =
                "{\"$ref\":\"#/$defs/node\",\"$defs\":{\"node\":{\"properties\":{\"next\":{\"anyOf\":[{\"$ref\":\"#/$defs/node\"},"
                        + "{\"type\":\"null\"}]}},\"required\":[\"next\"],\"additionalProperties\":false}}}";
        accepts(list, "{\"next\":null}", "{\"next\":{\"next\":{\"next\":null}}}");
        accepts("{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}", "[[],[[]]]");
        accepts("{\"$defs\":{\"a/b\":{\"const\":1}},\"items\":{\"$ref\":\"#/$defs/a~1b\"}}", "[1]");
        // The judge would look for an end for ever.
        String loop = "{\"definitions\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/definitions/a\"},{\"const\":1}]}},"
                + "\"$ref\":\"#/definitions/a\"}";
        assertTrue(read(loop).next(new byte[] {'1'}).complete());
    }

    @Test
    void nestsOnlySoDeep() {
        accepts("true", "[".repeat(64) + "]".repeat(64));
        refuses("true", "[".repeat(65) + "]".repeat(65));
    }

    @Test
    void keywordsThatOnlyDescribeArePassedOver() {
        accepts(
                "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":\"T\",\"description\":\"D\",\"default\":1,"
                        + "\"examples\":[1],\"deprecated\":true,\"nullable\":true,\"type\":\"integer\"}",
                "1");
    }

    @Test
    void everyOtherKeywordIsRefusedByItsPath() {
        for (String keyword : List.of(
                "pattern",
                "format",
                "multipleOf",
                "uniqueItems",
                "oneOf",
                "allOf",
                "not",
                "if",
                "patternProperties",
                "propertyNames",
                "minProperties",
                "dependentRequired",
                "minimun",
                "$anchor",
                "contains")) {
            assertEquals(
                    "properties.a.items." + keyword + " is not supported.",
                    refusal("{\"properties\":{\"a\":{\"items\":{\"type\":\"string\",\"" + keyword + "\":1}}}}"));
        }
        assertEquals("anyOf[1].pattern is not supported.", refusal("{\"anyOf\":[true,{\"pattern\":\"x\"}]}"));
        assertEquals("properties is not supported beside anyOf.", refusal("{\"anyOf\":[true],\"properties\":{}}"));
        assertEquals("minLength is not supported beside enum.", refusal("{\"enum\":[\"a\"],\"minLength\":1}"));
        assertEquals("type is not supported beside $ref.", refusal("{\"$ref\":\"#\",\"type\":\"object\"}"));
        assertEquals(
                "$defs.x.pattern is not supported.",
                refusal("{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"pattern\":\"\"}}}"));
    }

    @Test
    void wrongValuesAreRefusedByTheirPath() {
        assertEquals("The schema must be a JSON object, true or false.", refusal("[]"));
        assertEquals("items must be a JSON object, true or false.", refusal("{\"items\":[{}]}"));
        assertEquals(
                "type must be one or more of object, array, string, number, integer, boolean, null.",
                refusal("{\"type\":\"float\"}"));
        assertEquals("properties must be a JSON object.", refusal("{\"properties\":[]}"));
        assertEquals("required must be an array of names.", refusal("{\"required\":[1]}"));
        assertEquals("minLength must be a whole number from 0 on.", refusal("{\"minLength\":-1}"));
        assertEquals("maxItems must be a whole number from 0 on.", refusal("{\"maxItems\":1.5}"));
        assertEquals("minimum must be a number.", refusal("{\"minimum\":\"1\"}"));
        assertEquals("$ref refers to #/$defs/x, which is not there.", refusal("{\"$ref\":\"#/$defs/x\"}"));
        assertTrue(refusal("{\"$ref\":\"http://example.com/x.json\"}").startsWith("$ref must be # or begin with #/"));
        assertEquals(
                "const holds half of a surrogate pair.",
                refusal("{\"const\":\"\\ud800\"}").replaceFirst("^The schema", "const"));
    }

    @Test
    void whatNothingSatisfiesIsRefused() {
        for (String schema : List.of(
                "false",
                "{\"$ref\":\"#\"}",
                "{\"anyOf\":[]}",
                "{\"enum\":[]}",
                "{\"enum\":[\"a\"],\"type\":\"integer\"}",
                "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
                "{\"minLength\":2,\"maxLength\":1}",
                "{\"minItems\":1,\"items\":false}",
                "{\"type\":\"integer\",\"minimum\":0.2,\"maximum\":0.8}",
                "{\"type\":\"number\",\"exclusiveMinimum\":1,\"maximum\":1}",
                "{\"type\":\"integer\",\"minimum\":1e30}",
                "{\"required\":[\"a\"],\"additionalProperties\":false}")) {
            assertEquals("The schema is satisfied by no value that can be written.", refusal(schema));
        }
        accepts("{\"properties\":{\"a\":false}}", "{}");
    }

    @Test
    void sizesHaveLimits() {
        assertTrue(refusal("{\"minLength\":1000000}").startsWith("The schema has no value of less than 1000002 bytes"));
        assertTrue(refusal("{\"minItems\":2000000000}").startsWith("The schema has no value of less than"));
        String many =
                IntStream.range(0, 2_000).mapToObj(i -> "\"p" + i + "\":{}").collect(Collectors.joining(","));
        assertEquals(
                "properties.p999 is one schema too many: there may be 1000.",
                refusal("{\"properties\":{" + many + "}}"));
        String names = IntStream.range(0, 2_000).mapToObj(i -> "\"p" + i + "\"").collect(Collectors.joining(","));
        assertEquals("required is one schema too many: there may be 1000.", refusal("{\"required\":[" + names + "]}"));
        assertTrue(refusal("{\"items\":".repeat(300) + "{}" + "}".repeat(300))
                .endsWith("is nested too deep: there may be 200 schemas inside each other."));
        String chain = IntStream.range(0, 900)
                .mapToObj(i -> "\"d" + i + "\":{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}")
                .collect(Collectors.joining(","));
        assertTrue(
                refusal("{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + chain + "}}").contains("is nested too deep"));
        assertTrue(refusal("{\"const\":\"" + "x".repeat(300_000) + "\"}").contains("may have 100000 bytes"));
    }

    private static void accepts(String schema, String... documents) {
        for (String document : documents) {
            State end = read(schema).next(document.getBytes(UTF_8));
            assertTrue(end != null && end.complete(), schema + " " + document);
            SchemaJudge.check(JsonMapper.shared().readTree(schema), document);
        }
    }

    private static void refuses(String schema, String... documents) {
        for (String document : documents) {
            State end = read(schema).next(document.getBytes(UTF_8));
            assertFalse(end != null && end.complete(), schema + " " + document);
        }
    }

    private static State read(String schema) {
        return JsonFormat.schema(JsonMapper.shared().readTree(schema)).start();
    }

    private static String refusal(String schema) {
        return assertThrows(SchemaException.class, () -> read(schema), schema).getMessage();
    }
}
