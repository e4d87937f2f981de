package dev.skald.tensor.io;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

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

    /** The type of that safetensors name, if it is one we read. */
    static @Nullable DType ofSafetensors(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }

    /** The type of a torch storage class, {@code FloatStorage}, if it is one we read. */
    static @Nullable DType ofTorchStorage(String name) {
        return switch (name) {
            case "DoubleStorage" -> F64;
            case "FloatStorage" -> F32;
            case "HalfStorage" -> F16;
            case "BFloat16Storage" -> BF16;
            case "LongStorage" -> I64;
            case "IntStorage" -> I32;
            case "ShortStorage" -> I16;
            case "CharStorage" -> I8;
            case "ByteStorage" -> U8;
            case "BoolStorage" -> BOOL;
            default -> null;
        };
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
