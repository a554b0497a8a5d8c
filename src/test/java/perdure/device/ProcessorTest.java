package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessorTest {

    private static Processor of(String flags) {
        return Processor.of(List.of(
                "processor\t: 0",
                "cpu family\t: 25",
                "model\t\t: 17",
                "model name\t: AMD EPYC",
                "flags\t\t: " + flags,
                "processor\t: 1",
                "flags\t\t: none"));
    }

    @Test
    void isNamedAsItsMakersCountThem() {
        assertEquals("AMD EPYC, family 25, model 17", of("fpu sse").name());
    }

    @Test
    void knowsWhetherItMultipliesBf16() {
        assertTrue(of("fpu avx512_bf16 sse").multipliesBf16());
        assertTrue(of("amx_bf16").multipliesBf16());
        assertFalse(of("fpu avx512f avx512_vnni").multipliesBf16());
    }

    @Test
    void withoutADescriptionItIsItsArchitecture() {
        Processor unknown = Processor.of(List.of());
        assertEquals(System.getProperty("os.arch"), unknown.name());
        assertFalse(unknown.multipliesBf16());
        assertFalse(Processor.current().name().isEmpty());
    }
}
