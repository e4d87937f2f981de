package dev.skald.cli.console;

import dev.skald.Optimisation;
import dev.skald.SkaldHome;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What a shell offers for an option's value. Asked only when a completion script is printed. */
public final class Choices {
    private Choices() {}

    public static final class Modes implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("auto", "fast", "cinematic").iterator();
        }
    }

    public static final class Models implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("piper", "chatterbox", "nano", "turbo", "original", "multilingual")
                    .iterator();
        }
    }

    public static final class Formats implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("auto", "text", "markdown", "html").iterator();
        }
    }

    public static final class Timestamps implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("word", "sentence", "none").iterator();
        }
    }

    public static final class Devices implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("auto", "cpu", "cuda").iterator();
        }
    }

    public static final class Optimisations implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Optimisation.switchable().stream().map(Optimisation::toString).iterator();
        }
    }

    public static final class Precisions implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("auto", "fp32", "bf16", "int8").iterator();
        }
    }

    public static final class Shells implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("bash", "zsh").iterator();
        }
    }

    /** The languages that a voice or model is known for: {@code de} and {@code de_DE}. */
    public static final class Languages implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            TreeSet<String> all = new TreeSet<>();
            for (CatalogueEntry entry : Catalogue.of(SkaldHome.folder()).entries()) {
                String language = entry.info().language();
                all.add(language);
                all.add(language.split("_", 2)[0]);
            }
            return all.iterator();
        }
    }

    /** The voices that were installed or added. */
    public static final class Installed implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return VoiceLibrary.at(SkaldHome.folder()).list().stream()
                    .map(InstalledVoice::id)
                    .iterator();
        }
    }

    /** The voices that are here. */
    public static final class Voices implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return installed().iterator();
        }
    }

    /** The voices and models that are here or could be. */
    public static final class AllVoices implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            TreeSet<String> all = new TreeSet<>(installed());
            Catalogue.of(SkaldHome.folder()).entries().stream()
                    .map(CatalogueEntry::id)
                    .forEach(all::add);
            return all.iterator();
        }
    }

    private static List<String> installed() {
        return Stream.concat(
                        Stream.of(VoiceLibrary.DEFAULT_VOICE),
                        VoiceLibrary.at(SkaldHome.folder()).list().stream().map(InstalledVoice::id))
                .distinct()
                .sorted()
                .toList();
    }
}
