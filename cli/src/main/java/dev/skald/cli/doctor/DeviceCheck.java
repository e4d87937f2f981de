package dev.skald.cli.doctor;

import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.Failure;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider.Device;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks at a GPU: what it is, and whether a sentence sounds on it as it does on the CPU. */
final class DeviceCheck {
    private static final String TEXT = "This is a test of the voice.";

    /** Of the samples of both, where they are equally many: the same sound. */
    private static final double SAME = 0.9;

    /** Of levels, in decibels, and of lengths: a sound of the same kind. */
    private static final double LEVEL = 3;

    private static final double LENGTH = 0.25;

    private final Console console;
    private final Device device;
    private final List<Finding> findings = new ArrayList<>();

    private record Said(float[] samples, SpeechReport report, String voice) {}

    private DeviceCheck(Console console, Device device) {
        this.console = console;
        this.device = device;
    }

    static List<Finding> of(Console console, Device device) {
        DeviceCheck check = new DeviceCheck(console, device);
        check.run();
        return check.findings;
    }

    private void run() {
        String section = device.name();
        try (Devices.Lease lease = Devices.open(console.engineContext().on(section), any -> true)) {
            Backend backend = lease.backend();
            backend.details()
                    .forEach((name, detail) -> findings.add(Finding.info(section, name, detail)));
            Mode mode = mode();
            Said here;
            String memory;
            try (Skald skald = console.open(section)) {
                here = say(skald, mode);
                memory = backend.memory().map(DeviceMemory::toString).orElse("the host's");
            }
            findings.add(Finding.info(section, "memory", memory));
            try (Skald skald = console.open("cpu")) {
                findings.add(compared(section, here, say(skald, mode)));
            }
        } catch (SkaldException e) {
            findings.add(Finding.bad(section, "a sentence", Failure.of(e).line()));
        }
    }

    /** Cinematic where it is installed. */
    private Mode mode() {
        try (Skald skald = console.open("cpu")) {
            skald.choice(SpeechRequest.builder(TEXT).mode(Mode.CINEMATIC).strict(true).build());
            return Mode.CINEMATIC;
        } catch (SkaldException e) {
            return Mode.FAST;
        }
    }

    private static Said say(Skald skald, Mode mode) {
        SpeechRequest request = SpeechRequest.builder(TEXT).mode(mode).strict(true).seed(1).build();
        try (Speech speech = skald.speak(request)) {
            return new Said(speech.samples(), speech.report(), speech.voice().id());
        }
    }

    /** The device's sentence, finite and audible as every speech is, against the CPU's. */
    private static Finding compared(String section, Said here, Said cpu) {
        double level = 20 * Math.log10(here.report.rms() / cpu.report.rms());
        double length = here.report.seconds() / cpu.report.seconds();
        boolean equal = here.samples.length == cpu.samples.length;
        double same = equal ? correlation(here.samples, cpu.samples) : 0;
        boolean ok =
                equal ? same >= SAME : Math.abs(level) <= LEVEL && Math.abs(length - 1) <= LENGTH;
        String detail =
                String.format(
                        Locale.ROOT,
                        "%s: %.2f s of audio in %.2f s; on the CPU %.2f s in %.2f s, %s, level %+.1f"
                                + " dB",
                        here.voice,
                        here.report.seconds(),
                        here.report.elapsedSeconds(),
                        cpu.report.seconds(),
                        cpu.report.elapsedSeconds(),
                        equal
                                ? String.format(Locale.ROOT, "correlation %.4f", same)
                                : "of another length, so not compared sample by sample",
                        level);
        return ok
                ? Finding.of(section, "a sentence", true, detail)
                : Finding.bad(
                        section, "a sentence", "it sounds otherwise than on the CPU: " + detail);
    }

    private static double correlation(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.sqrt(aa * bb);
    }
}
