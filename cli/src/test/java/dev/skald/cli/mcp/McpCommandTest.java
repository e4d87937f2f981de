package dev.skald.cli.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema.AudioContent;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process, with the SDK's own client on its streams. */
class McpCommandTest {
    @TempDir Path home;

    private McpSyncClient client() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ServerParameters process =
                ServerParameters.builder(java)
                        .args(
                                "--add-modules",
                                "jdk.incubator.vector",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dev.skald.cli.Main",
                                "mcp",
                                "--offline",
                                "--home",
                                home.toString())
                        .build();
        return McpClient.sync(new StdioClientTransport(process, McpJsonDefaults.getMapper()))
                .requestTimeout(Duration.ofMinutes(3))
                .initializationTimeout(Duration.ofMinutes(3))
                .build();
    }

    private static String text(CallToolResult result) {
        return ((TextContent) result.content().getFirst()).text();
    }

    @Test
    void anAssistantListsVoicesAndSpeaks() {
        try (McpSyncClient client = client()) {
            assertThat(client.initialize().serverInfo().name()).isEqualTo("skald");
            assertThat(client.listTools().tools())
                    .extracting(Tool::name)
                    .containsExactlyInAnyOrder("speak", "list_voices");
            assertThat(text(client.callTool(new CallToolRequest("list_voices", Map.of()))))
                    .contains("en_US-joe-medium: en_US");

            CallToolResult spoken =
                    client.callTool(
                            new CallToolRequest(
                                    "speak",
                                    Map.of("text", "Hello there.", "voice", "en_US-joe-medium")));
            assertThat(spoken.isError()).isNotEqualTo(true);
            AudioContent audio = (AudioContent) spoken.content().get(1);
            assertThat(audio.mimeType()).isEqualTo("audio/mpeg");
            byte[] mp3 = Base64.getDecoder().decode(audio.data());
            assertThat(mp3[0]).isEqualTo((byte) 0xff);
            assertThat(mp3.length).isGreaterThan(4_000);

            for (Map<String, Object> bad :
                    java.util.List.<Map<String, Object>>of(
                            Map.of("text", "..."),
                            Map.of("text", "a", "voice", "/etc/passwd"),
                            Map.of("text", "a", "voice", "nobody"))) {
                CallToolResult refused = client.callTool(new CallToolRequest("speak", bad));
                assertThat(refused.isError()).as(bad.toString()).isTrue();
            }
        }
    }
}
