package dev.skald.espeak;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skald.SkaldException;
import dev.skald.text.Phonemizer.Clause;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The calls of {@code speak_lib.h}. The library keeps global state: whoever calls it holds the lock
 * of {@link EspeakNg}. Loaded for the life of the process.
 */
final class EspeakLibrary {
    private static final int OUTPUT_SYNCHRONOUS = 2;

    /** {@code espeakINITIALIZE_DONT_EXIT}: report bad data instead of ending the process. */
    private static final int DONT_EXIT = 0x8000;

    private static final int CHARS_AUTO = 0;
    private static final int PHONEMES_IPA = 2;
    private static final int EE_OK = 0;

    /** Of a terminator: what tells clauses apart, without the pause's style. */
    private static final int CLAUSE_MASK = 0xFFFFF;

    private static final int SENTENCE = 0x80000;

    /** Its buffers of paths hold 255 bytes, and it puts names of its own behind. */
    private static final int LONGEST_PATH = 200;

    private final MethodHandle setVoiceByName;
    private final MethodHandle textToPhonemes;
    private final MethodHandle listVoices;

    private EspeakLibrary(SymbolLookup library) {
        setVoiceByName =
                function(
                        library, "espeak_SetVoiceByName", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        textToPhonemes =
                function(
                        library,
                        "espeak_TextToPhonemesWithTerminator",
                        FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
        listVoices =
                function(library, "espeak_ListVoices", FunctionDescriptor.of(ADDRESS, ADDRESS));
    }

    static EspeakLibrary load(EspeakFiles files) {
        String data = name(files.data());
        SymbolLookup library;
        try {
            library = SymbolLookup.libraryLookup(files.library(), Arena.global());
        } catch (IllegalArgumentException e) {
            throw new SkaldException(
                    "cannot load "
                            + files.library()
                            + ": delete its folder and try again (on Linux it needs glibc 2.29 or later)",
                    e);
        }
        MethodHandle initialize =
                function(
                        library,
                        "espeak_Initialize",
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int rate =
                    (int)
                            initialize.invokeExact(
                                    OUTPUT_SYNCHRONOUS, 0, arena.allocateFrom(data), DONT_EXIT);
            if (rate <= 0) {
                throw new SkaldException(
                        "eSpeak NG cannot read its data: delete " + data + " and try again");
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
        return new EspeakLibrary(library);
    }

    /**
     * The folder's name in the bytes the library has for it: from the working folder if need be.
     */
    static String name(Path folder) {
        Path absolute = folder.toAbsolutePath();
        Path here = Path.of("").toAbsolutePath();
        String name = absolute.toString();
        if (tooLong(name) && Objects.equals(absolute.getRoot(), here.getRoot())) {
            name = here.relativize(absolute).toString();
        }
        if (tooLong(name)) {
            throw new SkaldException(
                    "the folder "
                            + absolute
                            + " has too long a name for eSpeak NG: set SKALD_HOME to a shorter one");
        }
        return name;
    }

    private static boolean tooLong(String name) {
        return name.getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH;
    }

    /** Whether there was such a voice; if so it is set. */
    boolean setVoice(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) setVoiceByName.invokeExact(arena.allocateFrom(name)) == EE_OK;
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** The clauses of a text without NUL, in the voice that is set. */
    List<Clause> phonemes(String text) {
        List<Clause> clauses = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment utf8 = arena.allocateFrom(text);
            MemorySegment cursor = arena.allocateFrom(ADDRESS, utf8);
            MemorySegment terminator = arena.allocate(JAVA_INT);
            while (cursor.get(ADDRESS, 0).address() != 0) {
                MemorySegment phonemes =
                        (MemorySegment)
                                textToPhonemes.invokeExact(
                                        cursor, CHARS_AUTO, PHONEMES_IPA, terminator);
                int end = terminator.get(JAVA_INT, 0) & CLAUSE_MASK;
                clauses.add(new Clause(string(phonemes), symbol(end), (end & SENTENCE) != 0));
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
        return clauses;
    }

    /** Each language code of each voice, with the name that {@link #setVoice} takes for it. */
    SortedMap<String, String> voices() {
        // espeak_VOICE: name, languages (priority, code, NUL; ...; NUL), identifier (gmw/en-US),
        // ...
        SortedMap<String, String> names = new TreeMap<>();
        Map<String, Byte> priorities = new HashMap<>();
        try {
            MemorySegment voices =
                    ((MemorySegment) listVoices.invokeExact(MemorySegment.NULL))
                            .reinterpret(Long.MAX_VALUE);
            for (long i = 0; voices.getAtIndex(ADDRESS, i).address() != 0; i++) {
                MemorySegment voice =
                        voices.getAtIndex(ADDRESS, i).reinterpret(3 * ADDRESS.byteSize());
                String file = string(voice.getAtIndex(ADDRESS, 2));
                String name = file.substring(file.lastIndexOf('/') + 1);
                names.put(name.toLowerCase(Locale.ROOT), name);
                priorities.put(name.toLowerCase(Locale.ROOT), (byte) 0);
                MemorySegment codes = voice.getAtIndex(ADDRESS, 1).reinterpret(Long.MAX_VALUE);
                for (long at = 0; codes.get(JAVA_BYTE, at) != 0; ) {
                    byte priority = codes.get(JAVA_BYTE, at);
                    String code = codes.getString(at + 1);
                    Byte known = priorities.get(code.toLowerCase(Locale.ROOT));
                    if (known == null || priority < known) {
                        names.put(code.toLowerCase(Locale.ROOT), name);
                        priorities.put(code.toLowerCase(Locale.ROOT), priority);
                    }
                    at += code.length() + 2;
                }
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
        return names;
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

    private static String string(MemorySegment utf8) {
        return utf8.address() == 0 ? "" : utf8.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static MethodHandle function(
            SymbolLookup library, String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker()
                .downcallHandle(
                        library.find(name)
                                .orElseThrow(() -> new SkaldException("eSpeak NG lacks " + name)),
                        descriptor);
    }

    private static RuntimeException rethrown(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
    }
}
