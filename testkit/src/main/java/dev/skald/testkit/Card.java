package dev.skald.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A subclass with this runs the tests of its superclass on a GPU; without one it is skipped and
 * says why. {@link Simulated} has the simulated driver stand for one.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("gpu")
@ExtendWith(Card.OnDevice.class)
public @interface Card {
    /** The same on the simulated driver. */
    @Target(ElementType.TYPE)
    @Retention(RetentionPolicy.RUNTIME)
    @Tag("simulated")
    @ExtendWith(OnSimulator.class)
    @interface Simulated {
        /** Whether it takes minutes, so that it runs only with {@code -Dskald.simulated=all}. */
        boolean slow() default false;
    }

    /** Has {@link TestDevice} open a GPU. */
    class OnDevice implements ExecutionCondition, BeforeAllCallback, AfterAllCallback {
        private static @Nullable String before;

        /** Whether there is the library of a real driver. */
        static boolean driver() {
            boolean windows = System.getProperty("os.name").startsWith("Windows");
            try (Arena arena = Arena.ofConfined()) {
                SymbolLookup.libraryLookup(windows ? "nvcuda.dll" : "libcuda.so.1", arena);
                return true;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }

        /** Why not; empty if it can be. */
        Optional<String> unavailable(ExtensionContext context) {
            return !driver() || System.getProperty(SimulatedDriver.LIBRARY) != null
                    ? Optional.of("there is no NVIDIA driver on this machine")
                    : Optional.empty();
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return unavailable(context)
                    .map(ConditionEvaluationResult::disabled)
                    .orElseGet(() -> ConditionEvaluationResult.enabled("there is a GPU"));
        }

        @Override
        public void beforeAll(ExtensionContext context) {
            before = System.setProperty(TestDevice.PROPERTY, "cuda");
        }

        @Override
        public void afterAll(ExtensionContext context) {
            if (before == null) {
                System.clearProperty(TestDevice.PROPERTY);
            } else {
                System.setProperty(TestDevice.PROPERTY, before);
            }
        }
    }

    /** Has it open the simulated one. */
    class OnSimulator extends OnDevice {
        @Override
        Optional<String> unavailable(ExtensionContext context) {
            boolean slow =
                    context.getTestClass()
                            .map(c -> c.getAnnotation(Simulated.class))
                            .map(Simulated::slow)
                            .orElse(false);
            return slow && !"all".equals(System.getProperty("skald.simulated"))
                    ? Optional.of("it takes minutes on a CPU: run it with -Dskald.simulated=all")
                    : SimulatedDriver.unavailable();
        }

        @Override
        public void beforeAll(ExtensionContext context) {
            SimulatedDriver.use();
            super.beforeAll(context);
        }
    }
}
