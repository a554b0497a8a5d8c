package perdure.safetensors;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** The element types that this package stores, by their names in a safetensors header. */
enum ElementType {
    F64(ScalarType.Double, 8),
    F32(ScalarType.Float, 4),
    F16(ScalarType.Half, 2),
    BF16(ScalarType.BFloat16, 2),
    I64(ScalarType.Long, 8),
    I32(ScalarType.Int, 4),
    U8(ScalarType.Byte, 1);

    private final ScalarType scalarType;
    private final int bytes;

    ElementType(ScalarType scalarType, int bytes) {
        this.scalarType = scalarType;
        this.bytes = bytes;
    }

    ScalarType scalarType() {
        return scalarType;
    }

    /** Size of one element, in bytes. */
    int bytes() {
        return bytes;
    }

    /** The type with that name in a header, or null if there is none. */
    static ElementType named(String name) {
        for (ElementType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }

    /**
     * The element type of a scalar type. libtorch returns another object than the enum's constant, hence {@code
     * intern}.
     *
     * @throws IllegalArgumentException if tensors of that type cannot be stored
     */
    static ElementType of(ScalarType scalarType) {
        for (ElementType type : values()) {
            if (type.scalarType == scalarType.intern()) {
                return type;
            }
        }
        throw new IllegalArgumentException("Tensors of type " + scalarType + " cannot be stored.");
    }
}
