package dev.skald.espeak;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import dev.skald.SkaldException;
import dev.skald.text.Phonemizer.Clause;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One eSpeak NG as WebAssembly: its memory is an array of this object, its only way out the files
 * of {@link EspeakData}. What goes wrong in it is an exception here; after one the object is thrown
 * away. Used by one thread at a time.
 */
final class EspeakSandbox {
    /** Of a terminator: what tells clauses apart, without the pause's style. */
    private static final int CLAUSE_MASK = 0xFFFFF;

    private static final int SENTENCE = 0x80000;

    /** The module's one global: the end of its stack, which a call cut short leaves behind. */
    private static final int STACK_POINTER = 0;

    private final Instance instance;
    private final Memory memory;
    private final ExportFunction allocate;
    private final ExportFunction text;
    private final ExportFunction clause;
    private final ExportFunction terminator;
    private final long stack;

    EspeakSandbox() {
        instance =
                Instance.builder(Declarations.MODULE)
                        .withMachineFactory(EspeakModule::create)
                        .withMemoryFactory(ByteArrayMemory::new)
                        .withImportValues(
                                ImportValues.builder().addFunction(length(), read()).build())
                        .build();
        memory = instance.memory();
        allocate = instance.export("allocate");
        text = instance.export("text");
        clause = instance.export("clause");
        terminator = instance.export("terminator");
        stack = instance.global(STACK_POINTER).getValue();
    }

    /**
     * The memory of a fresh sandbox once it has read a voice: where each text of that voice begins.
     *
     * @param file of the voice, below {@code lang/}
     */
    byte[] image(String file) {
        if (instance.export("open").apply()[0] != 0) {
            throw new SkaldException("eSpeak NG cannot read its data in the jar of skald-espeak");
        }
        if (instance.export("voice").apply(copied(file.getBytes(StandardCharsets.UTF_8)))[0] != 0) {
            throw new SkaldException("eSpeak NG cannot read its voice " + file);
        }
        return memory.readBytes(0, size());
    }

    private int size() {
        return memory.pages() * Memory.PAGE_SIZE;
    }

    /** Whether its memory is as large as the image's, as it must be to begin there. */
    boolean takes(byte[] image) {
        return size() <= image.length;
    }

    /**
     * The clauses of a text without NUL. Nothing of what was read before is left.
     *
     * @param image of the voice, made by any sandbox
     */
    List<Clause> phonemize(byte[] image, String what) {
        if (size() < image.length) {
            memory.grow((image.length - size()) / Memory.PAGE_SIZE);
        }
        memory.write(0, image);
        instance.global(STACK_POINTER).setValue(stack);
        text.apply(copied(what.getBytes(StandardCharsets.UTF_8)));
        List<Clause> clauses = new ArrayList<>();
        for (int at; (at = (int) clause.apply()[0]) != 0; ) {
            String phonemes = memory.readCString(at);
            int end = (int) terminator.apply()[0] & CLAUSE_MASK;
            clauses.add(new Clause(phonemes, symbol(end), (end & SENTENCE) != 0));
        }
        return clauses;
    }

    private int copied(byte[] string) {
        int at = (int) allocate.apply(string.length + 1)[0];
        if (at == 0) {
            throw new SkaldException("the text is too long for eSpeak NG");
        }
        memory.write(at, string);
        memory.writeByte(at + string.length, (byte) 0);
        return at;
    }

    private static String symbol(int terminator) {
        return switch (terminator) {
            case 0x80028 -> ".";
            case 0x82028 -> "?";
            case 0x8302D -> "!";
            case 0x41014 -> ",";
            case 0x4001E -> ":";
            case 0x4101E -> ";";
            default -> "";
        };
    }

    private static HostFunction length() {
        return new HostFunction(
                "skald",
                "length",
                FunctionType.of(List.of(ValType.I32), List.of(ValType.I32)),
                (instance, args) -> {
                    byte[] file = EspeakData.file(instance.memory().readCString((int) args[0]));
                    return new long[] {file == null ? -1 : file.length};
                });
    }

    private static HostFunction read() {
        return new HostFunction(
                "skald",
                "read",
                FunctionType.of(
                        List.of(ValType.I32, ValType.I32, ValType.I32, ValType.I32), List.of()),
                (instance, args) -> {
                    String path = instance.memory().readCString((int) args[0]);
                    byte[] file = EspeakData.file(path);
                    if (file == null) {
                        throw new SkaldException("eSpeak NG reads a file that is not there");
                    }
                    // Out of bounds throws, on either side.
                    instance.memory().write((int) args[2], file, (int) args[1], (int) args[3]);
                    return new long[0];
                });
    }
}
