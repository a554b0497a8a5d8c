package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON, tables and compressed files, each written and read back. */
class FormatsTest {

    @TempDir
    Path folder;

    private List<String> read(String name, String content) throws IOException {
        return read(name, content.getBytes(StandardCharsets.UTF_8));
    }

    private List<String> read(String name, byte[] content) throws IOException {
        Path file = Files.write(folder.resolve(name), content);
        List<String> texts = new ArrayList<>();
        Corpus.files(List.of(file)).read(passage -> texts.add(passage.text()));
        return texts;
    }

    private String refused(String name, byte[] content) {
        return assertThrows(IllegalArgumentException.class, () -> read(name, content))
                .getMessage()
                .replace(folder + "/", "");
    }

    private String refused(String name, String content) {
        return refused(name, content.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'text':'a'}\n{'text':'b'}\n",
                "{'text':'a'}\r\n\r\n \ufeff{'text':'b'}",
                "\ufeff{'text':'a'}\n\ufeff{'text':'b'}\n",
                "{'text':'a'}{'text':'b'}",
                "{'text':'a'},\n{'text':'b'},\n",
                "[{'text':'a'},{'text':'b'}]",
                "[\n{'text':'a'},\n{'text':'b'}\n]\n",
                "['a','b']",
                "{\n  'text': 'a'\n}\n{\n  'text': 'b'\n}\n",
                "{'text':'a','x':NaN,'y':-Infinity,'z':1e999999999}\n{'text':'b','text':'b',}",
                "[{'text':'a'}]\n[{'text':'b'}]\n"
            })
    void rowsOfJsonMayStandInAnyWay(String content) throws IOException {
        for (String name : List.of("a.json", "a.jsonl", "a.NDJSON")) {
            assertEquals(List.of("a", "b"), read(name, content.replace('\'', '"')), content);
        }
    }

    @Test
    void anArrayOfMessagesIsAConversation() throws IOException {
        String messages = "[{'role':'user','content':'a'},{'role':'assistant','content':'b'}]".replace('\'', '"');
        assertEquals(List.of("a", "b", "a", "b"), read("a.jsonl", messages + "\n" + messages));
        assertTrue(refused("a.json", messages.replace("role", "Role").replace("user", "nobody"))
                .contains("has the role \"nobody\""));
    }

    @Test
    void valuesThatAreNotReadRefuseNothing() throws IOException {
        String deep = "[".repeat(200_000) + "]".repeat(200_000);
        String number = "9".repeat(1_000_000);
        String name = "k".repeat(100_000);
        String row = "{\"" + name + "\":1,\"d\":" + deep + ",\"n\":" + number + ",\"text\":\"a\"}";
        assertEquals(List.of("a"), read("a.jsonl", row));
        assertEquals(List.of("a"), read("a.json", "[" + row + "]"));
    }

    @Test
    void aTableNamesEachColumnOnce() throws IOException {
        assertEquals("a.csv line 1 names the column \"text\" twice.", refused("a.csv", "text,Text\na,b\n"));
        assertEquals(List.of("a"), read("a.csv", "text,x,x\na,b,c\n"));
    }

    @Test
    void kindsOfFilesThatAreNoTextAreNamed() throws IOException {
        for (String[] kind : new String[][] {
            {"%PDF-1.7\n", "a PDF document"},
            {"PK\3\4\n\0", "a ZIP archive"},
            {"BZh91AY&SY\u00e1", "compressed with bzip2"},
            {"\u00fd7zXZ\0\0", "compressed with xz"},
            {"PAR1\u0015\4", "a Parquet file"}
        }) {
            Path file = folder.resolve("a.txt");
            Files.write(file, kind[0].getBytes(StandardCharsets.ISO_8859_1));
            for (Reading reading : List.of(Reading.DEFAULT, Reading.DEFAULT.skipInvalid(true))) {
                Corpus corpus = FileCorpus.of(List.of(file), reading);
                assertEquals(
                        file + " is " + kind[1] + " and not text.",
                        assertThrows(IllegalArgumentException.class, () -> corpus.check(() -> false))
                                .getMessage());
            }
        }
        Path twice = Files.write(
                folder.resolve("a.jsonl.gz"),
                packed(GZIPOutputStream::new, packed(GZIPOutputStream::new, new byte[] {'{', '}'})));
        Corpus corpus = FileCorpus.of(List.of(twice), Reading.DEFAULT);
        assertEquals(
                twice + " is compressed more than once and not text.",
                assertThrows(IllegalArgumentException.class, () -> corpus.check(() -> false))
                        .getMessage());
    }

    @Test
    void whatIsNotJsonIsNamedInOneLine() {
        assertEquals(
                "a.jsonl line 1 is not JSON: Unexpected character ('<' (code 60)). Rows like this can be skipped",
                refused("a.jsonl", "<html>404</html>"));
        assertEquals(
                "a.json row 2 is not JSON: it ends too early.", refused("a.json", "[{\"text\":\"a\"},\n{\"text\""));
        assertEquals(
                "a.jsonl line 1 is not JSON: it ends too early. Rows like this can be skipped",
                refused("a.jsonl", "{\"text\":\n{\"text\":\"b\"}"));
        assertTrue(refused("a.jsonl", "version https://git-lfs.github.com/spec/v1\noid")
                .contains("git lfs pull"));
        assertTrue(refused("a.json", "[[1]]").startsWith("a.json row 1 "));
    }

    @Test
    void tablesHaveTheSameKeys() throws IOException {
        assertEquals(List.of("a, \"b\"\nc", "d"), read("a.csv", "id,text\n1,\"a, \"\"b\"\"\nc\"\n2,d\n"));
        assertEquals(List.of("a", "b"), read("a.csv", "\ufeffprompt;completion\r\na;b\r\n"));
        assertEquals(List.of("a,x", "b"), read("A.TSV", "Question\tAnswer\na,x\tb\n"));
        assertEquals(
                "a.csv line 3 has 1 cell, and the first line 2. Rows like this can be skipped",
                refused("a.csv", "id,text\n1,a\n2\n"));
        assertTrue(refused("a.csv", "id,x\n1,a\n").startsWith("a.csv line 2 has no text: none of"));
        assertTrue(
                refused("a.csv", "text\n\"a").startsWith("a.csv after line 1 is no table"),
                refused("a.csv", "text\n\"a"));
    }

    private interface Packing {
        OutputStream over(OutputStream output) throws IOException;
    }

    private static byte[] packed(Packing packing, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream output = packing.over(bytes)) {
            output.write(content);
        }
        return bytes.toByteArray();
    }

    @Test
    void compressedFilesAreReadWhateverTheirName() throws IOException {
        byte[] text = "text ".repeat(50_000).getBytes(StandardCharsets.UTF_8);
        for (Packing packing :
                List.<Packing>of(GZIPOutputStream::new, output -> new ZstdOutputStream(output).setChecksum(true))) {
            byte[] packed = packed(packing, text);
            byte[] twice = new byte[2 * packed.length];
            System.arraycopy(packed, 0, twice, 0, packed.length);
            System.arraycopy(packed, 0, twice, packed.length, packed.length);
            assertEquals("text ".repeat(100_000), String.join("", read("a.txt.gz", twice)));
            assertEquals("text ".repeat(50_000), String.join("", read("a.txt", packed)));
            assertEquals(
                    "a.zst is compressed and ends too early: it is not complete.",
                    refused("a.zst", Arrays.copyOf(packed, packed.length / 2)));
            packed[packed.length / 2] ^= 0x55;
            assertTrue(refused("a.md.ZST", packed).contains("compressed"));
        }
        assertEquals(List.of("plain"), read("a.jsonl.gz", "{\"text\":\"plain\"}"));
    }

    @Test
    void aZstandardFileMayBeginWithAFrameToSkip() throws IOException {
        byte[] frames = packed(ZstdOutputStream::new, "text ".repeat(50).getBytes(StandardCharsets.UTF_8));
        for (int kind = 0; kind < 16; kind++) {
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            file.write(new byte[] {(byte) (0x50 + kind), 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4});
            file.write(frames);
            assertEquals("text ".repeat(50), String.join("", read("a.txt.zst", file.toByteArray())));
        }
        assertEquals("P*M", String.join("", read("a.txt", "P*M")));
    }

    /** As of files that were put together: Java's own stream leaves out a further part whose header is damaged. */
    @Test
    void whatFollowsACompressedTextIsNeverLeftOut() throws IOException {
        for (int words : List.of(10, 200_000)) {
            byte[] packed = packed(GZIPOutputStream::new, "text ".repeat(words).getBytes(StandardCharsets.UTF_8));
            for (int length : List.of(1, 9, packed.length)) {
                byte[] twice = Arrays.copyOf(packed, packed.length + length);
                System.arraycopy(packed, 0, twice, packed.length, length);
                twice[packed.length] ^= 1;
                assertTrue(refused("a.txt.gz", twice).startsWith("a.txt.gz is compressed and damaged: what follows"));
            }
            for (int zeros : List.of(1, 30, 200_000)) {
                byte[] padded = Arrays.copyOf(packed, packed.length + zeros);
                assertEquals("text ".repeat(words), String.join("", read("a.txt.gz", padded)));
            }
        }
    }

    @Test
    void whatGrowsWithoutMeasureIsRefused() throws IOException {
        byte[] bomb = packed(ZstdOutputStream::new, "a".repeat(200 << 20).getBytes(StandardCharsets.US_ASCII));
        assertTrue(bomb.length < 100_000);
        assertEquals("a.zst unpacks to more than 1000 times its size, which no text does.", refused("a.zst", bomb));
    }

    @Test
    void likelyEncodingsAreNamedAndRead() throws IOException {
        assertLikely("UTF-16", "\ufeffHello, world. This is text.\n", "UTF-16LE");
        assertLikely("UTF-16LE", "Hello, world. This is text.\n", "UTF-16LE");
        assertLikely("UTF-16BE", "Hello, world. This is text.\n", "UTF-16BE");
        assertLikely("UTF-16LE", "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u6211\u4eec\u53bb\u516c\u56ed", "UTF-16LE");
        assertLikely("UTF-16LE", "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u3002", "UTF-16LE");
        assertLikely("UTF-32LE", "Hello, world. This is text.\n", "UTF-32LE");
        assertLikely("ISO-8859-1 (Latin-1)", "Le caf\u00e9 est tr\u00e8s bon, \u00e7a va.\n", "ISO-8859-1");
        assertLikely("windows-1252", "\u201cSmart quotes\u201d and the \u20ac sign\u2026\n", "windows-1252");
        assertLikely(
                "windows-1251",
                "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?\n",
                "windows-1251");
        assertLikely(
                "KOI8-R",
                "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?\n",
                "KOI8-R");
        assertLikely("GBK", "\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u3002\n", "GBK");
        assertLikely(
                "Big5", "\u4eca\u5929\u5929\u6c23\u5f88\u597d\uff0c\u6211\u5011\u53bb\u516c\u5712\u3002\n", "Big5");
        assertLikely(
                "Shift_JIS", "\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044\u3067\u3059\u306d\u3002\n", "Shift_JIS");
        assertLikely("EUC-KR", "\uc624\ub298\uc740 \ub0a0\uc528\uac00 \uc88b\uc2b5\ub2c8\ub2e4.\n", "EUC-KR");
    }

    private void assertLikely(String named, String text, String encoding) throws IOException {
        byte[] bytes = text.repeat(3).getBytes(encoding);
        String message = refused("a.txt", bytes);
        assertTrue(message.contains("It looks like " + named + ": choose that encoding"), message);
        List<String> read = new ArrayList<>();
        Corpus.files(List.of(folder.resolve("a.txt")), new Reading(Reading.encoding(named.split(" ")[0]), false, null))
                .read(passage -> read.add(passage.text()));
        String expected = text.repeat(3);
        assertEquals(expected.startsWith("\ufeff") ? expected.substring(1) : expected, String.join("", read));
    }

    @Test
    void textThatIsMostlyUtf8HasNoOtherEncoding() {
        byte[] bytes = "caf\u00e9 ".repeat(100).getBytes(StandardCharsets.UTF_8);
        bytes[300] = (byte) 0xff;
        assertTrue(refused("a.txt", bytes).endsWith("is wrong. Bytes that are no text can be skipped"));
        byte[] overlong = "plain text\n\0\0".getBytes(StandardCharsets.US_ASCII);
        overlong[11] = (byte) 0xc0;
        overlong[12] = (byte) 0x80;
        assertTrue(refused("a.txt", overlong).endsWith("at offset 11 is wrong. Bytes that are no text can be skipped"));
    }
}
