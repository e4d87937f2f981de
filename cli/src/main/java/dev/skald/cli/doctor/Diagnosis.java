package dev.skald.cli.doctor;

import dev.skald.Mode;
import dev.skald.Optimisation;
import dev.skald.PhysicalCores;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.Failure;
import dev.skald.cli.console.Version;
import dev.skald.cli.launch.Machine;
import dev.skald.cli.voices.Bundled;
import dev.skald.spi.Availability;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.Devices;
import dev.skald.text.Phonemizer;
import dev.skald.text.Phonemizer.Clause;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;

/** Looks at everything {@code skald doctor} tells of. */
final class Diagnosis {
    private static final String TEST = "This is a test of the voice.";

    private final Console console;
    private final List<Finding> findings = new ArrayList<>();

    Diagnosis(Console console) {
        this.console = console;
    }

    List<Finding> findings() {
        machine();
        voices();
        gpu();
        devices();
        try (Skald skald = console.open()) {
            engines(skald);
            espeak();
            watermark();
            optimisations();
            speak(skald);
        }
        if (!console.globals().device.equalsIgnoreCase("cpu")) {
            gpus();
        }
        return findings;
    }

    private void gpus() {
        for (BackendProvider provider : Devices.providers()) {
            for (BackendProvider.Device device : provider.devices()) {
                if (device.memory() > 0) {
                    findings.addAll(DeviceCheck.of(console, device));
                }
            }
        }
    }

    private void machine() {
        String section = "Machine";
        info(section, "system", Machine.system());
        info(section, "processor", Machine.processor());
        info(
                section,
                "cores",
                PhysicalCores.count()
                        + " physical, "
                        + Runtime.getRuntime().availableProcessors()
                        + " logical");
        Machine.memoryBytes()
                .ifPresent(
                        bytes ->
                                info(
                                        section,
                                        "memory",
                                        String.format(Locale.ROOT, "%.1f GB", bytes / 1e9)));
        String java =
                Runtime.version()
                        + ", "
                        + System.getProperty("java.vendor")
                        + ", "
                        + System.getProperty("java.home");
        findings.add(
                Runtime.version().feature() >= 25
                        ? new Finding(section, "Java", Finding.State.OK, java)
                        : Finding.bad(section, "Java", java + ": Skald needs 25 or newer"));
        info(section, "Skald", Version.number() + ", home " + console.globals().home());
    }

    private void voices() {
        String section = "Voices";
        List<InstalledVoice> installed = VoiceLibrary.at(console.globals().home()).list();
        for (InstalledVoice voice : installed) {
            findings.add(
                    new Finding(
                            section,
                            voice.id(),
                            Finding.State.OK,
                            String.format(
                                    Locale.ROOT,
                                    "%s, %s, %d Hz, licence %s, %.1f MB",
                                    voice.kind(),
                                    voice.info().language(),
                                    voice.info().sampleRate(),
                                    voice.info().licence(),
                                    voice.bytes() / 1e6)));
        }
        for (VoiceInfo voice : Bundled.voices()) {
            if (installed.stream().noneMatch(v -> v.id().equals(voice.id()))) {
                findings.add(
                        new Finding(
                                section,
                                voice.id(),
                                Finding.State.OK,
                                "comes with Skald, licence " + voice.licence()));
            }
        }
    }

    private void gpu() {
        String section = "GPU";
        List<String> names = Gpu.names();
        info(section, "NVIDIA GPU", names.isEmpty() ? "none seen" : String.join(", ", names));
        info(section, "driver", Gpu.driver().orElse("none"));
        info(section, "driver library", Gpu.library().map(Path::toString).orElse("none"));
    }

    private void devices() {
        for (BackendProvider provider : Devices.providers()) {
            List<BackendProvider.Device> devices = provider.devices();
            for (BackendProvider.Device device : devices) {
                findings.add(Finding.of("Devices", device.name(), true, device.description()));
            }
            if (devices.isEmpty()) {
                findings.add(Finding.of("Devices", provider.kind(), false, provider.unavailable()));
            }
        }
    }

    private void engines(Skald skald) {
        for (Mode mode : List.of(Mode.FAST, Mode.CINEMATIC)) {
            SpeechRequest request = SpeechRequest.builder(TEST).mode(mode).strict(true).build();
            try {
                var choice = skald.choice(request);
                Availability says = skald.engines(request).get(choice.engine());
                findings.add(
                        Finding.of(
                                "Engines",
                                "mode " + mode,
                                true,
                                choice.engine() + (says == null ? "" : ": " + says.reason())));
            } catch (SkaldException e) {
                findings.add(Finding.of("Engines", "mode " + mode, false, Failure.of(e).line()));
            }
        }
    }

    private void watermark() {
        boolean here = VoiceLibrary.at(console.globals().home()).find("perth").isPresent();
        findings.add(
                Finding.of(
                        "Engines",
                        "watermark",
                        here,
                        here
                                ? "cinematic speech carries Perth's mark"
                                : "cinematic speech is not marked (skald voices install perth)"));
    }

    private void espeak() {
        String name = "eSpeak NG";
        Phonemizer espeak = ServiceLoader.load(Phonemizer.class).findFirst().orElse(null);
        if (espeak == null) {
            findings.add(
                    Finding.of(
                            "Engines",
                            name,
                            false,
                            "skald-espeak is not on the class path: only voices whose phoneme_type"
                                    + " is text, and Chatterbox"));
            return;
        }
        try {
            boolean reads =
                    espeak.phonemize("en-us", "skald")
                            .equals(List.of(new Clause("skˈæld", "", true)));
            int voices = espeak.voices().size();
            findings.add(
                    reads
                            ? Finding.of("Engines", name, true, voices + " languages and accents")
                            : Finding.bad("Engines", name, "reads wrongly: install Skald again"));
        } catch (SkaldException e) {
            findings.add(Finding.bad("Engines", name, Failure.of(e).line()));
        }
    }

    private void optimisations() {
        String section = "Optimisations";
        boolean vectors = Simd.present();
        findings.add(
                Finding.of(
                        section,
                        "Vector API",
                        vectors,
                        vectors
                                ? Simd.bits() + "-bit vectors"
                                : "start with --add-modules jdk.incubator.vector"));
        findings.add(aotCache(section));
        Optional<BackendProvider.Device> device = device();
        boolean gpu = device.isPresent() && device.get().memory() > 0;
        Set<Optimisation> without = console.globals().without();
        for (Optimisation o : Optimisation.values()) {
            Optional<String> meaningless = gpu ? Optional.empty() : o.notOnCpu();
            boolean on = !without.contains(o) && meaningless.isEmpty();
            String why =
                    without.contains(o)
                            ? "off (--without): "
                            : meaningless.map(m -> "no meaning on a CPU (" + m + "): ").orElse("");
            findings.add(Finding.of(section, o.toString(), on, why + o.what() + own(o)));
        }
    }

    /** What a request in mode cinematic is computed on; a Piper voice takes the CPU by itself. */
    private Optional<BackendProvider.Device> device() {
        try {
            return Optional.of(Devices.find(console.globals().device));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // told among the devices
        }
    }

    /** What is to be said of this machine. */
    private String own(Optimisation o) {
        return switch (o) {
            case CORES ->
                    "; "
                            + console.globals().threads()
                            + " threads of "
                            + PhysicalCores.count()
                            + " cores";
            case BF16, MIXED_PRECISION -> "; --precision " + console.globals().precision;
            default -> "";
        };
    }

    /** The JVM maps the cache it uses, and leaves one alone that does not fit. */
    private static Finding aotCache(String section) {
        String name = "AOT cache";
        try {
            boolean mapped =
                    Files.readString(Path.of("/proc/self/maps"))
                            .lines()
                            .anyMatch(l -> l.endsWith(".aot"));
            return Finding.of(
                    section,
                    name,
                    mapped,
                    mapped
                            ? "classes and profiles of an earlier run are loaded at start"
                            : "made after the first speech by ./skald");
        } catch (IOException e) {
            return Finding.info(section, name, "this system does not tell");
        }
    }

    private void speak(Skald skald) {
        String section = "Test";
        try (Speech speech = skald.speak(SpeechRequest.builder(TEST).mode(Mode.AUTO).build())) {
            float[] samples = speech.samples();
            SpeechReport report = speech.report();
            findings.add(
                    new Finding(
                            section,
                            "a sentence",
                            Finding.State.OK,
                            String.format(
                                    Locale.ROOT,
                                    "%s: %.2f s of audio in %.2f s (real-time factor %.3f)",
                                    speech.voice().id(),
                                    report.seconds(),
                                    report.elapsedSeconds(),
                                    report.realTimeFactor())));
            findings.add(
                    new Finding(
                            section,
                            "its audio",
                            Finding.State.OK,
                            String.format(
                                    Locale.ROOT,
                                    "%d samples, finite, peak %.2f, rms %.3f, of a length the text"
                                            + " can have",
                                    samples.length,
                                    report.peak(),
                                    report.rms())));
        } catch (SkaldException e) {
            findings.add(Finding.bad(section, "a sentence", Failure.of(e).line()));
        }
    }

    private void info(String section, String name, String detail) {
        findings.add(Finding.info(section, name, detail));
    }
}
