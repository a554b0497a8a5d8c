package perdure.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {

    private static final Path FILE = Path.of("some.safetensors");

    private static final String VALID =
            "{\"__metadata__\":{\"format\":\"pt\"},\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                    + "\"a\":{\"shape\":[],\"data_offsets\":[24,32],\"dtype\":\"I64\"}}  ";

    private static SafetensorsHeader parse(String header, long dataLength) {
        return SafetensorsHeader.parse(FILE, header.getBytes(StandardCharsets.UTF_8), dataLength);
    }

    @Test
    void parsesWhatTheFormatAllows() {
        SafetensorsHeader header = parse(VALID, 32);

        assertEquals(List.of("b", "a"), List.copyOf(header.entries().keySet()));
        assertEquals(24, header.entries().get("b").end());
        assertEquals(Map.of("format", "pt"), header.metadata());
        assertEquals(0, parse("{}", 0).entries().size());
    }

    @Test
    void whatItWritesIsAlignedAndParsesToTheSame() {
        SafetensorsHeader header = parse(VALID, 32);
        byte[] bytes = header.toBytes();

        assertEquals(0, bytes.length % 64);
        assertEquals(header, SafetensorsHeader.parse(FILE, Arrays.copyOfRange(bytes, 8, bytes.length), 32));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "24 | [] | not an object",
                "24 | ' {}' | not an object",
                "24 | {} | data at 24",
                "24 | {'a':1} | not an object",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24]}} x | or has a name twice, at its character 56",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24]}} {} | text after",
                "24 | {'a':{'dtype':'F99','shape':[6],'data_offsets':[0,24]}} | unknown dtype F99",
                "24 | {'a':{'dtype':7,'shape':[6],'data_offsets':[0,24]}} | dtype",
                "24 | {'a':{'shape':[6],'data_offsets':[0,24]}} | dtype",
                "24 | {'a':{'dtype':'F32','data_offsets':[0,24]}} | shape",
                "24 | {'a':{'dtype':'F32','shape':[6]}} | data_offsets",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0]}} | data_offsets",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24],'x':1}} | unknown key",
                "24 | {'a':{'dtype':'F32','shape':[5],'data_offsets':[0,24]}} | does not fit",
                "24 | {'a':{'dtype':'F32','shape':[6.0],'data_offsets':[0,24]}} | other than numbers",
                "24 | {'a':{'dtype':'F32','shape':[-6],'data_offsets':[0,24]}} | negative",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[24,0]}} | does not fit",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[4,28]}} | begins at 4",
                "28 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24]}} | data at 28",
                "20 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24]}} | data at 20",
                "24 | {'a':{'dtype':'F32','shape':[4611686018427387905,4],'data_offsets':[0,24]}} | beyond any",
                "24 | {'a':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,24]}} | not JSON",
                "24 | {'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24]},'a':{}} | or has a name twice, at its character 5",
                "24 | {'__metadata__':{'x':1}} | not a string",
            })
    void refuses(long dataLength, String header, String problem) {
        String message = assertThrows(DamagedFileException.class, () -> parse(header.replace('\'', '"'), dataLength))
                .getMessage();
        assertTrue(message.startsWith(FILE.toString()) && message.contains(problem), message);
    }

    @Test
    void refusesTwoTensorsInOnePlace() {
        String overlap = VALID.replace("[24,32]", "[16,24]");
        assertThrows(DamagedFileException.class, () -> parse(overlap, 24));
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        byte[] header = "{\"a\":\"?\"}".getBytes(StandardCharsets.UTF_8);
        header[6] = (byte) 0xFF;
        assertThrows(DamagedFileException.class, () -> SafetensorsHeader.parse(FILE, header, 0));
    }

    @Property
    void nothingButDamageIsThrownForAnyBytes(@ForAll byte[] header, @ForAll long dataLength) {
        parsesOrNamesTheDamage(header, dataLength);
    }

    @Property
    void nothingButDamageIsThrownForJsonLikeText(@ForAll("jsonLike") String header) {
        parsesOrNamesTheDamage(header.getBytes(StandardCharsets.UTF_8), 24);
    }

    @Property
    void nothingButDamageIsThrownForAnAlteredHeader(
            @ForAll @IntRange(max = 141) int position, @ForAll byte value, @ForAll @IntRange(max = 1) int deleted) {
        byte[] valid = VALID.getBytes(StandardCharsets.UTF_8);
        byte[] altered = Arrays.copyOf(valid, valid.length - deleted);
        altered[position] = value;
        parsesOrNamesTheDamage(altered, 32);
    }

    @Provide
    Arbitrary<String> jsonLike() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ":",
                        ",",
                        "\"a\"",
                        "\"b\"",
                        "\"dtype\"",
                        "\"F32\"",
                        "\"shape\"",
                        "null",
                        "\"data_offsets\"",
                        "\"__metadata__\"",
                        "0",
                        "24",
                        "-1",
                        "1e3",
                        "6",
                        "true",
                        " ",
                        "\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}",
                        "9223372036854775807")
                .list()
                .ofMaxSize(24)
                .map(tokens -> "{" + String.join("", tokens));
    }

    private static void parsesOrNamesTheDamage(byte[] header, long dataLength) {
        try {
            SafetensorsHeader parsed = SafetensorsHeader.parse(FILE, header, dataLength);
            long covered = parsed.entries().values().stream()
                    .mapToLong(entry -> entry.end() - entry.begin())
                    .sum();
            assertEquals(dataLength, covered);
        } catch (DamagedFileException expected) {
            assertTrue(expected.getMessage().startsWith(FILE.toString()));
        }
    }
}
