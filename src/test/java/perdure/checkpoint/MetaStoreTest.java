package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetaStoreTest {

    @TempDir
    Path folder;

    private MetaStore store(String meta) throws Exception {
        MetaStore store = new MetaStore(folder);
        if (meta != null) {
            Files.writeString(store.file(), meta);
        }
        return store;
    }

    /** Each row of the table of resume arithmetic. */
    @ParameterizedTest
    @CsvSource({
        ", 10, 0, 10, 9",
        "3, 10, 4, 6, 9",
        "9, 10, 10, 0, 9",
        "11, 10, 12, 0, 11",
        "9, 15, 10, 5, 14",
        "-1, 1, 0, 1, 0",
    })
    void plansWhatRemains(Integer lastEpoch, int epochs, int start, int remaining, int ends) throws Exception {
        MetaStore.ResumePlan plan = store(lastEpoch == null ? null : "{\"last_epoch\":" + lastEpoch + "}")
                .plan(epochs);

        assertEquals(start, plan.start());
        assertEquals(remaining, plan.remaining());
        assertEquals(ends, plan.lastEpoch() + plan.remaining());
        assertEquals(plan, Restart.find(folder).plan(epochs));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-1 | 10 | Training epochs 1 to 10 of 10.",
                "3 | 10 | Resuming with epochs 5 to 10 of 10.",
                "8 | 10 | Resuming with epoch 10 of 10.",
                "9 | 10 | Requested epochs already completed (last=9). Skipping training.",
                "11 | 10 | Requested epochs already completed (last=11). Skipping training.",
            })
    void saysWhatItPlans(int lastEpoch, int epochs, String message) {
        assertEquals(message, new MetaStore.ResumePlan(lastEpoch, epochs).message());
    }

    @Property
    void noEpochIsLostOrRepeated(
            @ForAll @IntRange(min = -1, max = Meta.MAXIMUM_EPOCH) int lastEpoch,
            @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE) int epochs) {
        MetaStore.ResumePlan plan = new MetaStore.ResumePlan(lastEpoch, epochs);

        assertEquals(lastEpoch + 1L, plan.start());
        assertEquals(Math.max(lastEpoch + 1L, epochs), (long) plan.start() + plan.remaining());
    }

    @Test
    void metaWithNoWeightsBesideItStartsThemFreshAndSaysSo() throws Exception {
        store("{\"last_epoch\":3,\"best_loss\":1.5}");
        Restart restart = Restart.find(folder);

        assertEquals(6, restart.plan(10).remaining());
        assertEquals(new TrainerState.Position(4, 0, 0, 0, 0L), restart.position());
        assertEquals(new TrainerState.Best(1.5, -1), restart.best());
        assertNull(restart.checkpoint());
        assertEquals(1, restart.warnings().size());
        assertTrue(restart.warnings().get(0).contains("weights start fresh"));
    }

    @Test
    void readsWhatItWrites() throws Exception {
        Meta meta = new Meta(11, 4.9482, "step-0000012345", 12345L, 9, "step-0000010000-1");
        MetaStore store = store(null);
        store.commit(meta, new DurableFiles(point -> {}));

        assertEquals(meta, store.read());
    }

    @Test
    void readsAFileWithoutLossesAndWithKeysOfANewerVersion() throws Exception {
        assertEquals(
                new Meta(2, null, null, null, null, null),
                store("{\"last_epoch\":2,\"best_loss\":null,\"new\":[]}").read());
        assertEquals(Meta.NONE, store("{}").read());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "not JSON",
                "[]",
                "3",
                "null",
                "{\"last_epoch\":3",
                "{\"last_epoch\":3} x",
                "{\"last_epoch\":3,\"last_epoch\":4}",
                "{\"last_epoch\":-2}",
                "{\"last_epoch\":1000000001}",
                "{\"last_epoch\":99999999999999999999}",
                "{\"last_epoch\":\"3\"}",
                "{\"last_epoch\":3.0}",
                "{\"last_epoch\":true}",
                "{\"last_epoch\":[3]}",
                "{\"best_loss\":\"low\"}",
                "{\"best_loss\":1e999}",
                "{\"best_loss\":NaN}",
                "{\"checkpoint\":7}",
                "{\"checkpoint\":\"../../etc\"}",
                "{\"checkpoint\":\"step-12\"}",
                "{\"step\":-1}",
                "{\"best_checkpoint\":\"\"}"
            })
    void refusesInOneLineThatNamesTheFileAndChangesNothing(String meta) throws Exception {
        MetaStore store = store(meta);
        String message =
                assertThrows(IllegalArgumentException.class, store::read).getMessage();

        assertTrue(message.startsWith(store.file().toString()) && !message.contains("\n"), message);
        assertEquals(meta, Files.readString(store.file()));
    }

    @Test
    void namesTheValueThatItRefuses() throws Exception {
        MetaStore store = store("{\"last_epoch\":-7}");
        String message =
                assertThrows(IllegalArgumentException.class, store::read).getMessage();
        assertEquals(store.file() + ": last_epoch is -7; it must be a whole number from -1 to 1000000000.", message);
    }

    @Test
    void refusesAFileTooLargeToBeTrue() throws Exception {
        MetaStore store = store("{\"last_epoch\":3}" + " ".repeat(1 << 20));
        assertThrows(IllegalArgumentException.class, store::read);
    }

    @Test
    void refusesZeroEpochs() {
        assertThrows(IllegalArgumentException.class, () -> new MetaStore(folder).plan(0));
    }
}
