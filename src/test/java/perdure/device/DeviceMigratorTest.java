package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

@ExtendWith(LoadedNatives.class)
class DeviceMigratorTest {

    /** Counts how often it is walked, and equals its like, as two modules do that had the same address. */
    private static final class CountingModule extends Module {

        // A copy of the handle: the one that the module returns moves when another parameter is registered.
        private final Tensor weight = new Tensor(register_parameter("weight", torch.ones(3), true)).retainReference();
        private int walks;

        CountingModule() {
            super("CountingModule");
            register_parameter("bias", torch.ones(2), true);
            register_buffer("table", torch.ones(4));
        }

        @Override
        public StringTensorDict named_parameters() {
            walks++;
            return super.named_parameters();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof CountingModule;
        }

        @Override
        public int hashCode() {
            return 1;
        }
    }

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private Device cpu;
    private CountingModule module;

    @BeforeEach
    void open() {
        NativeRuntime.load();
        cpu = new Device("cpu");
        module = new CountingModule();
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void close() {
        logger().detachAppender(log);
        module.close();
        cpu.close();
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(DeviceMigrator.class);
    }

    private List<String> lines() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void walksOnceAndNeverAgain() {
        for (int epoch = 0; epoch < 10; epoch++) {
            DeviceMigrator.ensure(module, cpu);
        }
        assertEquals(1, module.walks);
    }

    @Test
    void walksEveryTimeIfToldTo() {
        DeviceMigrator.ensure(module, cpu, false);
        DeviceMigrator.ensure(module, cpu, false);
        assertEquals(2, module.walks);
    }

    @Test
    void saysNothingIfNothingMoves() {
        DeviceMigrator.ensure(module, cpu);
        assertEquals(List.of(), lines());
    }

    @Test
    void walksEveryModuleThoughTwoAreEqualByAddress() {
        try (CountingModule other = new CountingModule()) {
            assertEquals(module, other);
            DeviceMigrator.ensure(module, cpu);
            DeviceMigrator.ensure(other, cpu);
            assertEquals(1, other.walks);
        }
    }

    @Test
    @Tag("gpu")
    void movesParametersGradientsAndBuffersInPlaceAndSaysSoOnce() {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        try (Device gpu = Devices.resolve("cuda")) {
            module.weight.sum().backward();
            DeviceMigrator.ensure(module, gpu);
            DeviceMigrator.ensure(module, gpu);
            assertTrue(module.weight.is_cuda());
            assertTrue(module.weight.grad().is_cuda());
            assertTrue(module.named_buffers().get(0).value().is_cuda());
            assertEquals(List.of("Migrating 3 parameters to cuda:0"), lines());
            DeviceMigrator.ensure(module, cpu);
            assertNotEquals(1, module.walks);
            assertTrue(module.weight.is_cpu());
        }
    }
}
