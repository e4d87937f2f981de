package dev.skald.testkit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A CUDA driver that is a CPU: {@code cuda/src/test/cuda} runs the kernels' own sources, so that
 * what drives a card is tested where there is none. It fails where it is asked to.
 */
public final class SimulatedDriver {
    /** The property that names the driver's library. */
    static final String LIBRARY = "skald.cuda.library";

    private final MethodHandle fail;
    private final MethodHandle get;
    private final MethodHandle set;

    private SimulatedDriver(Path library) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        fail =
                function(
                        symbols,
                        "skald_sim_fail",
                        FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT));
        get = function(symbols, "skald_sim_get", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        set = function(symbols, "skald_sim_set", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
    }

    private static MethodHandle function(
            SymbolLookup symbols, String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), type);
    }

    /** Why it cannot stand for a card here; empty if it can. */
    public static Optional<String> unavailable() {
        if (System.getProperty(LIBRARY) != null) {
            return Optional.empty();
        }
        if (Card.OnDevice.driver()) {
            return Optional.of("there is a real driver on this machine");
        }
        return has("g++")
                ? Optional.empty()
                : Optional.of("the simulated driver is built with g++, which is not here");
    }

    /** Builds it if its sources changed, and has it loaded in the place of the real one. */
    public static SimulatedDriver use() {
        if (System.getProperty(LIBRARY) == null) {
            System.setProperty(LIBRARY, built().toString());
        }
        return new SimulatedDriver(Path.of(System.getProperty(LIBRARY)));
    }

    private static Path built() {
        Path module = Files.exists(Path.of("build-kernels")) ? Path.of("") : Path.of("../cuda");
        Path library = module.resolve("target/libcuda-sim.so").toAbsolutePath().normalize();
        try {
            if (Files.exists(library) && !changed(module, library)) {
                return library;
            }
            Process build =
                    new ProcessBuilder("bash", module.resolve("build-kernels").toString(), "--sim")
                            .inheritIO()
                            .start();
            if (!build.waitFor(9, TimeUnit.MINUTES) || build.exitValue() != 0) {
                throw new AssertionError("build-kernels --sim failed");
            }
            return library;
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static boolean changed(Path module, Path library) throws IOException {
        long since = Files.getLastModifiedTime(library).toMillis();
        for (Path folder :
                List.of(module.resolve("src/main/cuda"), module.resolve("src/test/cuda"))) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    if (Files.getLastModifiedTime(file).toMillis() > since) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean has(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String folder : path.split(":")) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Has a call fail.
     *
     * @param function its name; empty for any
     * @param nth 0 for the next one; negative for none
     * @param code the driver's number for the error
     * @param later whether the call itself succeeds and those after it fail
     */
    public void fail(String function, long nth, int code, boolean later) {
        try (Arena arena = Arena.ofConfined()) {
            fail.invoke(arena.allocateFrom(function), nth, code, later ? 1 : 0);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Lets all calls succeed. */
    public void heal() {
        set("repeat", 0);
        set("fail_device", -1);
        fail("", -1, 0, false);
    }

    /**
     * A count.
     *
     * @param key {@code calls}, {@code allocated}, {@code pinned} (bytes), {@code peak}, {@code
     *     streams}, {@code contexts}, {@code graphs}, {@code early} (kernels started early), {@code
     *     failed} (whether the call that should has failed), or how often a function was called
     */
    public long get(String key) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) get.invoke(arena.allocateFrom(key));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /**
     * Changes what the card is.
     *
     * @param key {@code version}, {@code devices}, {@code major}, {@code minor}, {@code memory},
     *     {@code init} (what {@code cuInit} returns), {@code repeat} (1: every call from the nth on
     *     fails), {@code fail_device} (only calls for that device fail; -1: for any), {@code
     *     gathers} (1: launches begin when somebody asks for them, as on Windows)
     */
    public void set(String key, long value) {
        try (Arena arena = Arena.ofConfined()) {
            set.invoke(arena.allocateFrom(key), value);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
