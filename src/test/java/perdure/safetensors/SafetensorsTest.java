package perdure.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Tensors;

class SafetensorsTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/safetensors");
    private static final Map<String, String> METADATA = new LinkedHashMap<>();

    static {
        METADATA.put("format", "pt");
        METADATA.put("größe", "5 \" \\ ü");
    }

    @TempDir
    Path folder;

    /** What {@code scripts/golden/safetensors_files.py} expects. */
    private static Map<String, Tensor> golden() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "float.weight",
                Tensors.range(ScalarType.Float, 12).div(new Scalar(3.0)).view(3, 4));
        tensors.put("double", Tensors.range(ScalarType.Double, 12).div(new Scalar(3.0)));
        tensors.put("long", Tensors.range(ScalarType.Long, 12).mul(new Scalar(1L << 40)));
        tensors.put("int", Tensors.range(ScalarType.Int, 12).neg());
        tensors.put("half", Tensors.range(ScalarType.Half, 12).view(2, 2, 3));
        tensors.put("bfloat", Tensors.range(ScalarType.BFloat16, 12).view(12, 1));
        tensors.put("byte", Tensors.range(ScalarType.Byte, 12));
        tensors.put("scalar", Tensors.zeros(ScalarType.Float).add(new Scalar(2.5)));
        tensors.put("empty", Tensors.zeros(ScalarType.Float, 0, 4));
        tensors.put("naïve \u2603", Tensors.range(ScalarType.Float, 2));
        return tensors;
    }

    @Test
    void readsWhatPythonWrote() {
        Path file = GOLDEN.resolve("python.safetensors");

        assertTrue(Tensors.same(golden(), Safetensors.read(file)));
        assertEquals(METADATA, Safetensors.metadata(file));
    }

    @Test
    void writesWhatPythonRead() throws Exception {
        Path file = Path.of("target/perdure.safetensors");
        Safetensors.write(file, golden(), METADATA);

        assertArrayEquals(Files.readAllBytes(GOLDEN.resolve("perdure.safetensors")), Files.readAllBytes(file));
    }

    @Test
    void someTensorsOfAFileAreReadAndConverted() {
        // 12 million values: more than one piece, of two bytes in the file and of four in memory.
        Tensor half = Tensors.range(ScalarType.Half, 2_000).repeat(6_000).view(6_000, 2_000);
        Tensor bfloat = Tensors.range(ScalarType.BFloat16, 12).view(3, 4);
        Tensor exact = Tensors.range(ScalarType.Float, 12).div(new Scalar(3.0));
        Path file = folder.resolve("x");
        Safetensors.write(file, Map.of("half", half, "bfloat", bfloat, "float", exact, "other", exact), Map.of());
        assertEquals(
                new Safetensors.TensorInfo("BF16", List.of(3L, 4L)),
                Safetensors.tensors(file).get("bfloat"));

        Tensor wide = Tensors.zeros(ScalarType.Float, 6_000, 2_000);
        Tensor transposed = Tensors.zeros(ScalarType.Float, 4, 3);
        Tensor narrow = Tensors.zeros(ScalarType.BFloat16, 12);
        Safetensors.readConverted(file, Map.of("half", wide, "bfloat", transposed.t(), "float", narrow));
        assertTrue(Tensors.same(half.to(ScalarType.Float), wide));
        assertTrue(Tensors.same(bfloat.to(ScalarType.Float).t().contiguous(), transposed));
        assertTrue(Tensors.same(exact.to(ScalarType.BFloat16), narrow));

        DamagedFileException missing = assertThrows(
                DamagedFileException.class, () -> Safetensors.readConverted(file, Map.of("absent", narrow)));
        assertEquals(file + ": tensor \"absent\" is missing", missing.getMessage());
        DamagedFileException other = assertThrows(
                DamagedFileException.class, () -> Safetensors.readConverted(file, Map.of("bfloat", narrow)));
        assertEquals(file + ": tensor \"bfloat\" is [3, 4], not [12]", other.getMessage());
    }

    @Test
    void stridedViewsAreWrittenAndFilledInPieces() {
        // 24 million bytes transposed: more than one piece, and more than one buffer in each.
        Tensor transposed =
                Tensors.range(ScalarType.Float, 6_000_000).view(3, 2_000_000).t();
        Tensor column = Tensors.range(ScalarType.Long, 12).view(3, 4).select(1, 2);
        Path file = folder.resolve("x");
        Safetensors.write(file, Map.of("transposed", transposed, "column", column), Map.of());

        Map<String, Tensor> read = Safetensors.read(file);
        assertTrue(Tensors.same(transposed, read.get("transposed")));
        assertTrue(Tensors.same(column, read.get("column")));

        Tensor wide = Tensors.zeros(ScalarType.Float, 3, 2_000_000);
        Tensor frame = Tensors.zeros(ScalarType.Long, 3, 4);
        Safetensors.readInto(file, Map.of("transposed", wide.t(), "column", frame.select(1, 2)));
        assertTrue(Tensors.same(transposed, wide.t()));
        assertEquals(2 + 6 + 10, frame.sum().item_long());
    }

    @Test
    void fillsAParameterThatRequiresAGradient() {
        Path file = folder.resolve("x");
        Tensor values = Tensors.range(ScalarType.Float, 6).view(2, 3);
        Safetensors.write(file, Map.of("w", values), Map.of());

        Tensor parameter = Tensors.zeros(ScalarType.Float, 3, 2).requires_grad_(true);
        Safetensors.readInto(file, Map.of("w", parameter.t()));
        assertTrue(Tensors.same(values, parameter.t().detach()));
    }

    @Test
    void readsTheChosenTensorsAloneAndAllOfThem() {
        Path file = folder.resolve("x");
        Tensor values = Tensors.range(ScalarType.Float, 6);
        Safetensors.write(file, Map.of("a.v", values, "a.w", values, "b.v", values), Map.of());

        Tensor v = Tensors.zeros(ScalarType.Float, 6);
        Tensor w = Tensors.zeros(ScalarType.Float, 6);
        String message = assertThrows(
                        DamagedFileException.class,
                        () -> Safetensors.readInto(file, Map.of("a.v", v), name -> name.startsWith("a.")))
                .getMessage();
        assertTrue(message.contains("there is an unexpected tensor \"a.w\""), message);
        assertEquals(0, v.sum().item_double());
        Safetensors.readInto(file, Map.of("a.v", v, "a.w", w), name -> name.startsWith("a."));
        assertTrue(Tensors.same(values, v));
        assertTrue(Tensors.same(values, w));
    }

    @Test
    void readsIntoNothingUnlessNamesShapesAndTypesAgree() {
        Path file = folder.resolve("x");
        Safetensors.write(file, Map.of("a", Tensors.range(ScalarType.Float, 6)), Map.of());
        Tensor right = Tensors.zeros(ScalarType.Float, 6);
        List<Map<String, Tensor>> others = List.of(
                Map.of(),
                Map.of("b", right),
                Map.of("a", right, "b", right),
                Map.of("a", Tensors.zeros(ScalarType.Float, 2, 3)),
                Map.of("a", Tensors.zeros(ScalarType.Int, 6)));

        for (Map<String, Tensor> other : others) {
            String message = assertThrows(DamagedFileException.class, () -> Safetensors.readInto(file, other))
                    .getMessage();
            assertTrue(message.contains(file.toString()) && !message.contains("\n"), message);
        }
        assertEquals(0, right.sum().item_float());
    }

    @Test
    void noTruncationIsRead() throws Exception {
        byte[] whole = Files.readAllBytes(GOLDEN.resolve("python.safetensors"));
        Path file = folder.resolve("x");
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThrows(DamagedFileException.class, () -> Safetensors.header(file));
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThrows(DamagedFileException.class, () -> Safetensors.header(file));
    }
}
