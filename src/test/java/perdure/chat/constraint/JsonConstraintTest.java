package perdure.chat.constraint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokens are drawn at random from those that are allowed, as from a model that knows nothing. */
class JsonConstraintTest {
    /** All bytes, then pieces as a byte-level tokenizer learns them, and one that is no text. */
    private static final List<byte[]> TOKENS = tokens();

    private static final int STOP = TOKENS.size() - 1;
    private static final TokenTrie TRIE = new TokenTrie(TOKENS.size(), TOKENS::get);

    private static List<byte[]> tokens() {
        List<byte[]> tokens = new ArrayList<>();
        for (int value = 0; value < 256; value++) {
            tokens.add(new byte[] {(byte) value});
        }
        String pieces =
                "\": | \":|\", \"|, \"|{\"|\"}|\"}}|]}|]]|[[|[{\"|name|\"name\":|true|false|null|12|100|0.5|-1|re|red\""
                        + "|\\n|\\\"|ü|語|ab|ab|value|children|\":[]|  |\n|\": \"| the|1,|0}|e5";
        for (String piece : pieces.split("\\|")) {
            tokens.add(piece.getBytes(UTF_8));
        }
        tokens.add(new byte[] {'"', (byte) 0xe8}); // cuts a character, and so does the next
        tokens.add(new byte[] {(byte) 0xaa, (byte) 0x9e, '"'});
        tokens.add(new byte[0]);
        return tokens;
    }

    @Property(tries = 2_000)
    void everyAnswerIsJsonOfItsSchema(@ForAll long seed, @ForAll @IntRange(max = 120) int more) {
        JsonNode schema = RandomSchemas.of(seed);
        JsonFormat format = JsonFormat.schema(schema);
        Walk walk = new Walk(format, (int) format.start().least() + more, seed);
        SchemaJudge.check(schema, walk.answer());
    }

    @Property(tries = 400)
    void everyAnswerIsAnObjectWhereNoMoreIsAsked(@ForAll long seed, @ForAll @IntRange(max = 300) int more) {
        String answer = new Walk(JsonFormat.object(), 2 + more, seed).answer();
        assertTrue(SchemaJudge.read(answer).isObject(), answer);
    }

    @Property(tries = 300)
    void theTokensAllowedAreThoseWhoseBytesMayFollow(@ForAll long seed) {
        State state = JsonFormat.schema(RandomSchemas.of(seed)).start();
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; step < 30 && !state.ended(); step++) {
            BitSet expected = new BitSet();
            for (int id = 0; id < STOP; id++) {
                expected.set(id, state.next(TOKENS.get(id)) != null);
            }
            BitSet allowed = new BitSet();
            TRIE.allow(state, Long.MAX_VALUE, allowed);
            assertEquals(expected, allowed);
            if (allowed.isEmpty()) {
                break; // after the last digit of a number
            }
            state = state.next(TOKENS.get(Walk.any(allowed, random)));
        }
    }

    @Property(tries = 300)
    void oneByteAlwaysComesCloserToTheEnd(@ForAll long seed) {
        State state = JsonFormat.schema(RandomSchemas.of(seed)).start();
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; step < 60 && !state.ended(); step++) {
            BitSet bytes = new BitSet();
            long best = Long.MAX_VALUE;
            for (int next = 0; next < 256; next++) {
                State after = state.next(next);
                bytes.set(next, after != null);
                best = after == null ? best : Math.min(best, after.least());
            }
            if (state.least() > 0) {
                assertEquals(state.least() - 1, best);
            }
            assertEquals(state.least() == 0, state.complete());
            if (bytes.isEmpty()) {
                break;
            }
            state = state.next(Walk.any(bytes, random));
        }
    }

    @Example
    void theJudgeRefusesWhatDoesNotFollow() {
        JsonNode schema =
                JsonMapper.shared().readTree("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"integer\"}}}");
        assertEquals(1, SchemaJudge.errors(schema, "\"1\"").size());
    }

    @Example
    void withTooFewTokensAnAnswerComesAsCloseToItsEndAsItCan() {
        JsonNode schema = JsonMapper.shared().readTree("{\"enum\":[\"name\"]}");
        JsonConstraint constraint = new JsonConstraint(JsonFormat.schema(schema), TRIE, STOP);
        assertEquals("\"", text(constraint.allowed(2)));
        constraint.accept('"');
        assertEquals("name", text(constraint.allowed(1)));
    }

    @Example
    void anAnswerEndsByItselfWhereNothingCanFollow() {
        JsonNode schema =
                JsonMapper.shared().readTree("{\"type\":[\"boolean\",\"integer\"],\"maximum\":12,\"minimum\":1}");
        JsonConstraint constraint = new JsonConstraint(JsonFormat.schema(schema), TRIE, STOP);
        assertFalse(constraint.complete());
        constraint.accept('1');
        assertTrue(constraint.complete());
        assertTrue(constraint.allowed(10).get(STOP), "1 is whole");
        assertTrue(constraint.allowed(10).get('2'), "and can go on to 12");
        constraint.accept('2');
        assertEquals(1, constraint.allowed(10).cardinality());
        assertTrue(constraint.allowed(10).get(STOP));
        constraint = new JsonConstraint(JsonFormat.object(), TRIE, STOP);
        constraint.accept('{');
        constraint.accept('}');
        assertTrue(constraint.allowed(10).isEmpty());
    }

    @Example
    void aVocabularyWithoutSomeBytesIsRefused() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> new TokenTrie(3, id -> new byte[] {(byte) (' ' + id)}));
        assertEquals("The vocabulary has no token for the byte 0x23 alone.", refused.getMessage());
    }

    private static String text(BitSet ids) {
        assertEquals(1, ids.cardinality(), ids::toString);
        return new String(TOKENS.get(ids.nextSetBit(0)), UTF_8);
    }

    /** One answer of at most so many tokens. */
    private record Walk(JsonFormat format, int most, long seed) {
        String answer() {
            SplittableRandom random = new SplittableRandom(seed);
            JsonConstraint constraint = new JsonConstraint(format, TRIE, STOP);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int left = most; left > 0; left--) {
                BitSet ids = constraint.allowed(left);
                int id = ids.isEmpty() ? STOP : any(ids, random);
                if (id == STOP) {
                    break;
                }
                constraint.accept(id);
                bytes.writeBytes(TOKENS.get(id));
            }
            String text = bytes.toString(UTF_8);
            assertTrue(constraint.complete(), text);
            assertArrayEquals(bytes.toByteArray(), text.getBytes(UTF_8), "valid UTF-8");
            return text;
        }

        static int any(BitSet ids, SplittableRandom random) {
            int id = ids.nextSetBit(0);
            for (int skipped = random.nextInt(ids.cardinality()); skipped > 0; skipped--) {
                id = ids.nextSetBit(id + 1);
            }
            return id;
        }
    }
}
