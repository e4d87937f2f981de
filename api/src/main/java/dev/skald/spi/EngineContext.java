package dev.skald.spi;

import dev.skald.InvalidRequestException;
import dev.skald.Optimisation;
import dev.skald.PhysicalCores;
import dev.skald.Precision;
import dev.skald.SkaldHome;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What an engine may use of the machine. Immutable; made by {@link #builder}. */
public final class EngineContext {
    private final Path home;
    private final int threads;
    private final boolean offline;
    private final String device;
    private final Precision precision;
    private final long modelMemory;
    private final long deviceMemory;
    private final Set<Optimisation> without;

    private EngineContext(Builder b) {
        home = b.home;
        threads = b.without.contains(Optimisation.CORES) ? 1 : b.threads;
        offline = b.offline;
        device = b.device;
        precision = b.precision;
        modelMemory = b.modelMemory;
        deviceMemory = b.deviceMemory;
        without = Set.copyOf(b.without);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The folder of installed voices, models and caches; may not exist yet. */
    public Path home() {
        return home;
    }

    /** How many threads may compute at once, at least 1. */
    public int threads() {
        return threads;
    }

    /** Whether the network must be left alone. */
    public boolean offline() {
        return offline;
    }

    /**
     * What computes: {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:1}; several divided by
     * commas share the requests.
     */
    public String device() {
        return device;
    }

    /** Each of {@link #device}. */
    public List<String> devices() {
        return List.of(device.split(","));
    }

    /** How the weights of models are kept. */
    public Precision precision() {
        return precision;
    }

    /** Bytes that the loaded models of an engine may take before one that nobody uses has to go. */
    public long modelMemory() {
        return modelMemory;
    }

    /** Bytes that may be taken of a GPU's memory; 0 for all there is. */
    public long deviceMemory() {
        return deviceMemory;
    }

    /** What is switched off. */
    public Set<Optimisation> without() {
        return without;
    }

    /** Whether that is on. */
    public boolean uses(Optimisation optimisation) {
        return !without.contains(optimisation);
    }

    /** The same on another device. */
    public EngineContext on(String device) {
        return builder()
                .home(home)
                .threads(threads)
                .offline(offline)
                .device(device)
                .precision(precision)
                .modelMemory(modelMemory)
                .deviceMemory(deviceMemory)
                .without(without)
                .build();
    }

    /** Builds an {@link EngineContext}; what is not set has the default of {@code Skald.open()}. */
    public static final class Builder {
        private static final Pattern DEVICE =
                Pattern.compile("[a-z]+(:[0-9]{1,3})?(,[a-z]+(:[0-9]{1,3})?)*");

        private Path home = SkaldHome.folder();
        private int threads = PhysicalCores.count();
        private boolean offline = SkaldHome.offline();
        private String device = "auto";
        private Precision precision = Precision.AUTO;
        private long modelMemory = Runtime.getRuntime().maxMemory() / 2;
        private long deviceMemory;
        private Set<Optimisation> without = Set.of();

        private Builder() {}

        public Builder home(Path home) {
            this.home = home;
            return this;
        }

        /** From 1 to 1024. Throws {@link InvalidRequestException}. */
        public Builder threads(int threads) {
            if (threads < 1 || threads > 1024) {
                throw new InvalidRequestException(
                        "threads must lie between 1 and 1024, not " + threads);
            }
            this.threads = threads;
            return this;
        }

        public Builder offline(boolean offline) {
            this.offline = offline;
            return this;
        }

        /** Throws {@link InvalidRequestException} if it cannot be the name of a device. */
        public Builder device(String device) {
            String name = device.strip().toLowerCase(Locale.ROOT);
            if (!DEVICE.matcher(name).matches()) {
                throw new InvalidRequestException(
                        "'"
                                + device
                                + "' is no device: use auto, cpu, cuda, cuda:1 or cuda:0,cuda:1");
            }
            List<String> each = List.of(name.split(","));
            if (each.size() > 1
                    && (each.contains("auto") || new HashSet<>(each).size() < each.size())) {
                throw new InvalidRequestException(
                        "of several devices each is named once, and none is auto: not '"
                                + device
                                + "'");
            }
            this.device = name;
            return this;
        }

        public Builder precision(Precision precision) {
            this.precision = precision;
            return this;
        }

        /** At least 0, which keeps the model used last. Throws {@link InvalidRequestException}. */
        public Builder modelMemory(long bytes) {
            if (bytes < 0) {
                throw new InvalidRequestException(
                        "the memory of models must be at least 0, not " + bytes);
            }
            modelMemory = bytes;
            return this;
        }

        /** At least 0, which allows all there is. Throws {@link InvalidRequestException}. */
        public Builder deviceMemory(long bytes) {
            if (bytes < 0) {
                throw new InvalidRequestException(
                        "the memory of a device must be at least 0, not " + bytes);
            }
            deviceMemory = bytes;
            return this;
        }

        /**
         * What is switched off: none if not set. Without {@link Optimisation#CORES} one thread
         * computes, however many are set. Throws {@link InvalidRequestException}.
         */
        public Builder without(Set<Optimisation> optimisations) {
            for (Optimisation o : optimisations) {
                if (!o.canBeOff()) {
                    throw new InvalidRequestException(o + " cannot be switched off");
                }
            }
            without = Set.copyOf(optimisations);
            return this;
        }

        public EngineContext build() {
            return new EngineContext(this);
        }
    }
}
