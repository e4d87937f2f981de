package dev.skald.tensor;

import java.util.Locale;

/** How a stored number is written; always little-endian. */
public enum DType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one value. */
    public int bytes() {
        return bytes;
    }

    public boolean isFloating() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** {@code torch.float32}. */
    public String torchName() {
        return "torch."
                + switch (this) {
                    case F64 -> "float64";
                    case F32 -> "float32";
                    case F16 -> "float16";
                    case BF16 -> "bfloat16";
                    case I64 -> "int64";
                    case I32 -> "int32";
                    case I16 -> "int16";
                    case I8 -> "int8";
                    case U8 -> "uint8";
                    case BOOL -> name().toLowerCase(Locale.ROOT);
                };
    }
}
