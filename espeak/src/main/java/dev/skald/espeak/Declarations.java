package dev.skald.espeak;

import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.CodeSection;
import com.dylibso.chicory.wasm.types.DataCountSection;
import com.dylibso.chicory.wasm.types.DataSection;
import com.dylibso.chicory.wasm.types.ElementSection;
import com.dylibso.chicory.wasm.types.ExportSection;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionSection;
import com.dylibso.chicory.wasm.types.GlobalSection;
import com.dylibso.chicory.wasm.types.ImportSection;
import com.dylibso.chicory.wasm.types.MemorySection;
import com.dylibso.chicory.wasm.types.Section;
import com.dylibso.chicory.wasm.types.SectionId;
import com.dylibso.chicory.wasm.types.TableSection;
import com.dylibso.chicory.wasm.types.TypeSection;
import dev.skald.SkaldException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;

/**
 * The module without its code, which is a Java class. {@code EspeakModule.load} would also decode
 * and check a stub of each function and take a digest: 40 ms of a process that has just started.
 */
final class Declarations {
    /** Read once: it does not change. */
    static final WasmModule MODULE = read();

    private final WasmModule.Builder module = WasmModule.builder().withValidation(false);
    private int functions;

    private Declarations() {}

    private static WasmModule read() {
        Parser parser =
                Parser.builder()
                        .withValidation(false)
                        .includeSectionId(SectionId.TYPE)
                        .includeSectionId(SectionId.IMPORT)
                        .includeSectionId(SectionId.FUNCTION)
                        .includeSectionId(SectionId.TABLE)
                        .includeSectionId(SectionId.MEMORY)
                        .includeSectionId(SectionId.GLOBAL)
                        .includeSectionId(SectionId.EXPORT)
                        .includeSectionId(SectionId.ELEMENT)
                        .includeSectionId(SectionId.DATA)
                        .includeSectionId(SectionId.DATA_COUNT)
                        .build();
        Declarations declarations = new Declarations();
        try (InputStream in =
                Objects.requireNonNull(
                        Declarations.class.getResourceAsStream("EspeakModule.meta"))) {
            parser.parse(in, declarations::take);
        } catch (IOException e) {
            throw new SkaldException("cannot read eSpeak NG in the jar of skald-espeak", e);
        }
        CodeSection.Builder code = CodeSection.builder();
        FunctionBody none = new FunctionBody(List.of(), List.of());
        for (int i = 0; i < declarations.functions; i++) {
            code.addFunctionBody(none);
        }
        return declarations.module.setCodeSection(code.build()).build();
    }

    private void take(Section section) {
        switch (section.sectionId()) {
            case SectionId.TYPE -> module.setTypeSection((TypeSection) section);
            case SectionId.IMPORT -> module.setImportSection((ImportSection) section);
            case SectionId.FUNCTION -> {
                functions = ((FunctionSection) section).functionCount();
                module.setFunctionSection((FunctionSection) section);
            }
            case SectionId.TABLE -> module.setTableSection((TableSection) section);
            case SectionId.MEMORY -> module.setMemorySection((MemorySection) section);
            case SectionId.GLOBAL -> module.setGlobalSection((GlobalSection) section);
            case SectionId.EXPORT -> module.setExportSection((ExportSection) section);
            case SectionId.ELEMENT -> module.setElementSection((ElementSection) section);
            case SectionId.DATA -> module.setDataSection((DataSection) section);
            case SectionId.DATA_COUNT -> module.setDataCountSection((DataCountSection) section);
            default -> throw new SkaldException("a section of eSpeak NG that was not asked for");
        }
    }
}
