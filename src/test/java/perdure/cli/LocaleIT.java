package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is begun under one locale carries on under another, whatever the names of its files. */
class LocaleIT {

    @TempDir
    Path folder;

    @Test
    void carriesOnUnderAnotherLocale() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("sun.jnu.encoding").startsWith("UTF"), "the name needs a UTF-8 locale");
        TinyRun tiny = new TinyRun(folder);
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.copy(tiny.data, data.resolve("a.txt"));
        Files.writeString(data.resolve("\u00fc.txt"), "The hare sees the \u00fc.\n".repeat(100));

        assertEquals(0, train(tiny, data, "C", "1"), () -> said(tiny));
        assertTrue(said(tiny).contains("2 files, 2 documents."), said(tiny));
        assertEquals(0, train(tiny, data, "C.UTF-8", "2"), () -> said(tiny));
        assertTrue(said(tiny).contains("2 of 2 epochs"), said(tiny));
    }

    @Test
    void saysWhatToSetForAPathThatTheLocaleCannotExpress() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("sun.jnu.encoding").startsWith("UTF"), "the name needs a UTF-8 locale");
        TinyRun tiny = new TinyRun(folder);
        Path data = Files.copy(tiny.data, folder.resolve("\u00fc.txt"));
        assertEquals(2, train(tiny, data, "C", "1"), () -> said(tiny));
        assertTrue(said(tiny).contains("Set LC_ALL=C.UTF-8."), said(tiny));
        assertEquals(1, said(tiny).lines().count(), said(tiny));
    }

    private static int train(TinyRun tiny, Path data, String locale, String epochs) throws InterruptedException {
        List<String> command = tiny.train("--epochs", epochs);
        command.set(command.indexOf(tiny.data.toString()), data.toString());
        return TinyRun.await(tiny.start(command, Map.of("LC_ALL", locale)));
    }

    private static String said(TinyRun tiny) {
        try {
            return Files.readString(tiny.log());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
