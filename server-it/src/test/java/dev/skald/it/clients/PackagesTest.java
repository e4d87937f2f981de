package dev.skald.it.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.skald.it.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that are packages of pip and npm. Each script says "ok" once nothing was wrong. */
class PackagesTest {
    private static final Path CLIENTS = Path.of("target", "clients").toAbsolutePath();
    private static final Path SCRIPTS = Path.of("src", "test").toAbsolutePath();

    private static Path python() throws IOException {
        if (!Files.exists(CLIENTS)) {
            return abort("there are no clients of pip: run server-it/install-clients first");
        }
        Path install = Path.of("install-clients").toAbsolutePath();
        String installed = Tools.run(Path.of("."), List.of(install.toString(), "200"));
        if (!Files.exists(CLIENTS.resolve("done"))) {
            return abort("pip did not install the clients: " + installed.strip());
        }
        return CLIENTS.resolve("venv/bin/python");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "openai_client",
                "livekit_client",
                "pipecat_client",
                "pipecat_elevenlabs",
                "wyoming_client"
            })
    void ofPip(String script) throws IOException {
        String server = script.startsWith("wyoming") ? Served.ONE.wyoming() : Served.ONE.url();
        String said =
                Tools.run(
                        SCRIPTS,
                        List.of(
                                python().toString(),
                                SCRIPTS.resolve("python").resolve(script + ".py").toString(),
                                server));
        assertThat(said).endsWith("ok\n");
    }

    @Test
    void ofNpm() throws IOException {
        Path folder = Tools.npm("openai", "7.55.0");
        String said =
                Tools.run(
                        SCRIPTS,
                        List.of(
                                Tools.program("node", "nodejs").toString(),
                                SCRIPTS.resolve("js/openai-client.mjs").toString(),
                                folder.toString(),
                                Served.ONE.url()));
        assertThat(said).endsWith("ok\n");
    }
}
