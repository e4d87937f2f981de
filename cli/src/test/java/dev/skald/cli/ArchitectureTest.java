package dev.skald.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows of docs/ARCHITECTURE.md. */
class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.skald");

    @Test
    void onlyPiperSeesOnnxRuntime() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.piper..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(CLASSES);
    }

    @Test
    void onlyTheGpuDriverCallsNativeCode() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.cuda.driver..")))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(CLASSES);
    }

    @Test
    void onlySandboxesSeeWebAssembly() {
        noClasses()
                .that(not(resideInAnyPackage("dev.skald.espeak..", "dev.skald.audio.codec..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.dylibso.chicory..")
                .check(CLASSES);
    }

    /** It is GPL-3 and may be left out: only a service loader finds it. */
    @Test
    void nothingSeesEspeak() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.espeak..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.skald.espeak..")
                .check(CLASSES);
    }

    @Test
    void theServerKnowsTheApiAlone() {
        classes()
                .that()
                .resideInAPackage("dev.skald.server..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.skald",
                        "dev.skald.spi",
                        "dev.skald.server..",
                        "dev.skald.audio.codec",
                        "dev.skald.audio.resample",
                        "java..",
                        "io.vertx..",
                        "io.netty.handler.codec..",
                        "io.prometheus..",
                        "javax.jmdns..",
                        "tools.jackson..",
                        "org.jspecify..")
                .check(CLASSES);
        noClasses()
                .that(not(resideInAPackage("dev.skald.server..")))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "io.netty..", "io.prometheus..", "javax.jmdns..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandSeesPicocli() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.cli..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandPrints() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.cli..")))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
    }

    @Test
    void theModelsSeeNoBackend() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.skald.chatterbox..", "dev.skald.nn..", "dev.skald.piper.vits..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "jdk.incubator.vector..",
                        "ai.onnxruntime..",
                        "dev.skald.tensor.cpu..",
                        "dev.skald.cuda..")
                .check(CLASSES);
    }

    @Test
    void onlyTensorSeesVectors() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.tensor..")))
                .and()
                .doNotHaveFullyQualifiedName("dev.skald.cli.doctor.Simd")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(CLASSES);
    }

    @Test
    void theApiStandsAlone() {
        classes()
                .that()
                .resideInAnyPackage("dev.skald", "dev.skald.spi")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.skald", "dev.skald.spi", "java..", "javax.sound..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void nothingSeesTheCommand() {
        noClasses()
                .that(not(resideInAPackage("dev.skald.cli..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.skald.cli..")
                .check(CLASSES);
    }

    @Test
    void modulesHaveNoCycles() {
        slices().matching("dev.skald.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.skald.cli.(*)..").should().beFreeOfCycles().check(CLASSES);
        slices().matching("dev.skald.(voices.*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void theKernelsHaveNoCycles() {
        slices().matching("dev.skald.tensor.cpu.(*)..").should().beFreeOfCycles().check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage("dev.skald.tensor.cpu.*..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.skald.tensor.cpu")
                .check(CLASSES);
    }

    @Test
    void theModelsSeeNoKernels() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.skald.chatterbox..", "dev.skald.nn..", "dev.skald.piper..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.skald.tensor.cpu..")
                .check(CLASSES);
    }
}
