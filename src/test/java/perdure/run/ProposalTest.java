package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class ProposalTest {
    private static Proposal open(String... given) {
        return new Proposal(RunConfig.in(Path.of("run")).epochs(1), Set.of(given));
    }

    private static Proposal shapeFor(long tokens, String... given) {
        Proposal proposal = open(given);
        proposal.shape(1539, Proposal.mostParameters(tokens));
        return proposal;
    }

    @Test
    void moreTextGetsALargerModel() {
        assertEquals("64", shapeFor(1_000).chosen().get("hidden size"));
        assertEquals("128", shapeFor(400_000).chosen().get("hidden size"));
        assertEquals("768", shapeFor(1_000_000_000).chosen().get("hidden size"));
    }

    @Test
    void whatIsGivenStays() {
        Proposal proposal = new Proposal(
                RunConfig.in(Path.of("run"))
                        .epochs(7)
                        .model(shape -> shape.hiddenSize(96).heads(3))
                        .optimization(learning -> learning.batchSize(5)),
                Set.of("hidden size", "heads", "epochs", "batch size"));
        proposal.shape(1539, 1e9);
        proposal.epochs(1539, 1_000);
        proposal.batch(1539, 100_000, 7);
        assertEquals(Set.of("layers", "grad accum"), proposal.chosen().keySet());
        assertEquals("12", proposal.chosen().get("layers"));
        assertEquals("12", proposal.chosen().get("grad accum"), "64 sequences for each step, 5 at a time");
        assertEquals(96, proposal.config().model().hiddenSize());
        assertEquals(5, proposal.config().optimization().batching().size());
    }

    @Test
    void shapesThatDoNotGoTogetherAreNotProposed() {
        Proposal proposal = new Proposal(
                RunConfig.in(Path.of("run"))
                        .model(shape -> shape.hiddenSize(132).heads(6)),
                Set.of("heads"));
        proposal.shape(1539, 3e7);
        assertEquals("384", proposal.chosen().get("hidden size"), "6 heads do not divide 512");
    }

    @Test
    void aShortTextIsReadOftenAndALongOneOnce() {
        Proposal often = shapeFor(10_000);
        assertEquals(16, often.epochs(1539, 10_000));
        Proposal once = shapeFor(10_000_000_000L);
        assertEquals(1, once.epochs(1539, 10_000_000_000L));
    }

    @Test
    void aShortRunWarmsUpForATenthOfIt() {
        Proposal proposal = open();
        proposal.rates(50);
        assertEquals(Map.of("learning rate", "0.005", "warmup steps", "5"), proposal.chosen());
    }

    /** Whatever is proposed is a model and a batch that can be made. */
    @Property(tries = 200)
    void proposesWhatCanBeTrained(
            @ForAll @LongRange(min = 1, max = 1L << 40) long tokens,
            @ForAll @IntRange(min = 259, max = 130_000) int ids,
            @ForAll @LongRange(min = 1, max = 1L << 30) long rows) {
        Proposal proposal = open();
        proposal.shape(ids, Proposal.mostParameters(tokens));
        proposal.batch(ids, rows, proposal.epochs(ids, tokens));
        RunConfig config = proposal.config();
        assertTrue(config.modelConfig(ids).parameterCount() > 0);
        assertTrue(config.optimization().batching().rows() <= 64);
        assertFalse(proposal.chosen().isEmpty());
    }
}
