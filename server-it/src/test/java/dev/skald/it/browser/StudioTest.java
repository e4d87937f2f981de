package dev.skald.it.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import com.microsoft.playwright.options.ReducedMotion;
import dev.skald.Skald;
import dev.skald.audio.codec.AudioClip;
import dev.skald.it.browser.Chromium.Screen;
import dev.skald.server.ServerOptions;
import dev.skald.server.SpeechServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A person at the studio, with the voice that comes with Skald. */
class StudioTest {
    private static final String STORY =
            "The harbour was quiet that morning. Nobody spoke of the storm; the boats lay side by"
                    + " side, and the old pilot mended his net as if there had been no wind at"
                    + " all.\n\n“You heard it too,” said the boy.\n\nThe pilot did not look up. “I"
                    + " heard it before you were born.”";

    /** No word comes twice. */
    private static final String KEYED =
            "Spoken without a mouse, from the first word to my very last one.";

    private static final List<String> KEYED_WORDS = List.of(KEYED.split("[ ,.]+"));

    private static Skald skald;
    private static SpeechServer server;
    private static Chromium chromium;

    @BeforeAll
    static void open() throws IOException {
        chromium = Chromium.open();
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
    }

    @AfterAll
    static void close() {
        if (server != null) {
            server.close();
            skald.close();
        }
        if (chromium != null) {
            chromium.close();
        }
    }

    private static String url() {
        return "http://127.0.0.1:" + server.port() + "/";
    }

    private static StudioPage studio(Screen screen, ColorScheme scheme) {
        return new StudioPage(chromium.page(screen, scheme), url()).open();
    }

    /** Every state, looked at by axe-core and kept as a picture. */
    @ParameterizedTest
    @CsvSource({"DESKTOP,LIGHT", "DESKTOP,DARK", "PHONE,LIGHT", "PHONE,DARK"})
    void everyStateIsAccessible(Screen screen, ColorScheme scheme) throws IOException {
        StudioPage studio = studio(screen, scheme);
        String look = (screen + "-" + scheme).toLowerCase(Locale.ROOT);
        seen(studio, look, "empty");
        Object room =
                studio.page.evaluate(
                        "() => document.querySelector('#speak').getBoundingClientRect().top -"
                                + " document.querySelector('#samples').getBoundingClientRect().bottom");
        assertThat(((Number) room).doubleValue()).as("the examples cover nothing").isNotNegative();

        studio.at("#voice-button").click();
        seen(studio, look, "voices");
        studio.page.keyboard().press("Escape");

        studio.write(STORY);
        studio.at("#tab-words").click();
        studio.at("#say-word").fill("pilot");
        studio.at("#say-as").fill("[[pˈaɪlət]]");
        studio.page.waitForSelector("#say-live .ipa");
        studio.page.waitForSelector("#reading:not([hidden])");
        seen(studio, look, "words");
        studio.at("#say-form button[type=submit]").click();
        studio.at("#tab-tune").click();

        studio.speak();
        studio.player("playing");
        studio.page.waitForFunction(
                "() => Number(document.querySelector('#timeline').ariaValueNow) > 2.5");
        seen(studio, look, "speaking");

        studio.until("done");
        studio.page.keyboard().press("End");
        studio.at("#timeline").press("End");
        studio.player("ended");
        studio.at("#tab-history").click();
        studio.page.waitForSelector("#history-list li");
        seen(studio, look, "finished");
        studio.at("#download").click();
        seen(studio, look, "download");
        studio.page.keyboard().press("Escape");

        studio.at("#voice-button").click();
        studio.at("#voice-clone").click();
        seen(studio, look, "clone-empty");
        studio.at("#clone-file")
                .setInputFiles(new FilePayload("anna.wav", "audio/wav", recording()));
        studio.page.waitForSelector("#clone[data-state=checked]");
        seen(studio, look, "clone");
        studio.flawless();
        // No model that clones is installed here: the server says so, in the dialog.
        studio.at("#clone-consent").check();
        studio.at("#clone-send").click();
        studio.page.waitForSelector("#clone-error:not([hidden])");
        seen(studio, look, "clone-refused");
        studio.page.keyboard().press("Escape");

        studio.at("#edit").click();
        studio.page.route("**/v1/audio/speech", route -> route.fulfill(refusal()));
        studio.write("This will not be spoken.");
        studio.speak();
        studio.page.waitForSelector("#notice[data-kind=error]");
        seen(studio, look, "error");
        studio.page.context().close();
    }

    private static com.microsoft.playwright.Route.FulfillOptions refusal() {
        return new com.microsoft.playwright.Route.FulfillOptions()
                .setStatus(500)
                .setContentType("application/json")
                .setBody(
                        "{\"error\":{\"message\":\"the voice is damaged: install it"
                                + " again\",\"type\":\"server_error\",\"param\":null,\"code\":null}}");
    }

    private static void seen(StudioPage studio, String look, String state) throws IOException {
        studio.accessible(look + " " + state);
        studio.shot(look + "-" + state);
    }

    /** Some seconds of the voice itself, as a WAV. */
    private static byte[] recording() {
        ByteArrayOutputStream wav = new ByteArrayOutputStream();
        skald.speak(
                        "This is a recording of about eight seconds, which a person might drop"
                                + " onto the page to make a voice of it, and it is quite clean.")
                .writeTo(wav, "wav");
        return wav.toByteArray();
    }

    @Test
    void aClickOnAWordGoesThere() {
        StudioPage studio = studio(Screen.DESKTOP, ColorScheme.LIGHT);
        studio.write(STORY);
        studio.speak();
        studio.until("done");
        studio.at("#play").click();
        studio.player("paused");
        double all = studio.made();
        clickWord(studio, "born");
        studio.player("playing");
        assertThat(studio.time()).isBetween(all * 0.8, all);
        clickWord(studio, "quiet");
        studio.page.waitForFunction(
                "() => Number(document.querySelector('#timeline').ariaValueNow) < 3");
        assertThat(marked(studio)).isIn("quiet", "that", "morning");
        studio.flawless();
        studio.page.context().close();
    }

    private static void clickWord(StudioPage studio, String word) {
        Object box =
                studio.page.evaluate(
                        """
                        word => {
                          const text = document.querySelector("#reader").lastChild;
                          const range = document.createRange();
                          range.setStart(text, text.data.indexOf(word));
                          range.setEnd(text, text.data.indexOf(word) + word.length);
                          const { left, top, width, height } = range.getBoundingClientRect();
                          return [left + width / 2, top + height / 2];
                        }""",
                        word);
        List<?> at = (List<?>) box;
        studio.page
                .mouse()
                .click(((Number) at.get(0)).doubleValue(), ((Number) at.get(1)).doubleValue());
    }

    private static String marked(StudioPage studio) {
        return (String)
                studio.page.evaluate("() => String([...CSS.highlights.get('now')][0] ?? '')");
    }

    /** The words are marked in their order, one after the other, while they are heard. */
    @Test
    void theSpokenWordIsMarked() {
        StudioPage studio = studio(Screen.DESKTOP, ColorScheme.LIGHT);
        List<String> words =
                List.of("One", "small", "boat", "two", "tall", "masts", "three", "white", "sails");
        studio.write("One small boat, two tall masts, three white sails.");
        studio.page.evaluate(
                """
                () => {
                  window.seen = [];
                  const look = () => {
                    const word = String([...CSS.highlights.get("now")][0] ?? "");
                    if (word && window.seen.at(-1) !== word) window.seen.push(word);
                    requestAnimationFrame(look);
                  };
                  look();
                }""");
        studio.speak();
        studio.player("ended");
        List<?> seen = (List<?>) studio.page.evaluate("() => window.seen");
        assertThat(words).containsSubsequence(seen.toArray(String[]::new));
        // A browser without a processor for a moment shows no picture of a short word.
        assertThat(seen).hasSizeGreaterThan(words.size() / 2);
        assertThat(studio.at("#facts").textContent()).doesNotContain("estimated");
        studio.flawless();
        studio.page.context().close();
    }

    @Test
    void everythingCanBeDoneWithTheKeyboard() {
        StudioPage studio = studio(Screen.DESKTOP, ColorScheme.LIGHT);
        Page page = studio.page;
        page.keyboard().press("Tab");
        assertThat(focused(page)).isEqualTo("Skip to the text");
        page.keyboard().press("Enter");
        assertThat(focus(page)).isEqualTo("text");
        page.keyboard().type(KEYED);
        page.keyboard().press("Control+Enter");
        studio.player("playing");
        assertThat(focus(page)).isEqualTo("play");
        page.keyboard().press("Space");
        studio.player("paused");
        studio.until("done");
        tabTo(page, "timeline", true);
        page.keyboard().press("Home");
        page.waitForFunction("() => document.querySelector('#timeline').ariaValueNow === '0.0'");
        page.keyboard().press("ArrowRight");
        page.waitForFunction("() => document.querySelector('#timeline').ariaValueNow === '2.0'");
        assertThat(studio.at("#timeline").getAttribute("aria-valuetext")).contains("2 seconds of");
        tabTo(page, "reader", true);
        int word = heard(studio);
        page.keyboard().press("ArrowRight");
        page.waitForFunction(
                "heard => !document.querySelector('#timeline').ariaValueText.endsWith(heard)",
                KEYED_WORDS.get(word) + "”");
        assertThat(heard(studio)).isGreaterThan(word);
        assertThat(studio.time()).isGreaterThanOrEqualTo(2);
        tabTo(page, "download", false);
        page.keyboard().press("Enter");
        page.waitForSelector("#format-sheet:popover-open");
        Download file = page.waitForDownload(() -> page.keyboard().press("Enter"));
        assertThat(file.suggestedFilename()).matches("skald-joe-spoken-without-a-mouse-.*\\.mp3");
        tabTo(page, "tab-tune", false);
        page.keyboard().press("ArrowRight");
        page.keyboard().press("ArrowRight");
        assertThat(focus(page)).isEqualTo("tab-history");
        page.keyboard().press("Tab");
        assertThat(focused(page)).contains("Spoken without a mouse");
        tabTo(page, "voice-button", true);
        page.keyboard().press("Enter");
        page.waitForSelector("#voice-sheet:popover-open");
        tabTo(page, "voice-clone", false);
        page.keyboard().press("Enter");
        page.waitForSelector("#clone[open]");
        page.keyboard().press("Escape");
        assertThat(studio.at("#clone").isVisible()).isFalse();
        studio.flawless();
        page.context().close();
    }

    /** The next key may come at once: the focus must be in the sheet when the press returns. */
    @ParameterizedTest
    @CsvSource({"download,format-sheet", "voice-button,voice-sheet"})
    void anOpenSheetHasTheFocus(String button, String sheet) {
        StudioPage studio = studio(Screen.DESKTOP, ColorScheme.LIGHT);
        studio.write("A short one.");
        studio.speak();
        studio.until("done");
        studio.page.keyboard().press("Tab");
        assertThat(
                        studio.page.evaluate(
                                """
                                ([button, sheet]) => {
                                  document.getElementById(button).focus();
                                  document.getElementById(button).click();
                                  return document.getElementById(sheet).contains(document.activeElement);
                                }""",
                                List.of(button, sheet)))
                .isEqualTo(true);
        studio.flawless();
        studio.page.context().close();
    }

    /** Which word of {@link #KEYED} the slider says. */
    private static int heard(StudioPage studio) {
        String said = studio.at("#timeline").getAttribute("aria-valuetext");
        return KEYED_WORDS.indexOf(said.replaceFirst(".*“(.*)”", "$1"));
    }

    /** Goes on with the key alone; whatever has the focus must be seen to have it. */
    private static void tabTo(Page page, String id, boolean back) {
        for (int i = 0; i < 60 && !focus(page).equals(id); i++) {
            page.keyboard().press(back ? "Shift+Tab" : "Tab");
            Object seen =
                    page.evaluate(
                            """
                            () => {
                              const node = document.activeElement;
                              if (node === document.body) return true;
                              const shown = [node, node.nextElementSibling, node.closest("label"),
                                node.closest(".stage")].filter(Boolean);
                              return shown.some(n => getComputedStyle(n).outlineStyle !== "none"
                                || n.matches(".stage:has(#text:focus-visible)"));
                            }""");
            assertThat(seen).as("the focus of " + focused(page)).isEqualTo(true);
        }
        assertThat(focus(page)).isEqualTo(id);
    }

    private static String focus(Page page) {
        return (String) page.evaluate("() => document.activeElement.id");
    }

    private static String focused(Page page) {
        return (String) page.evaluate("() => document.activeElement.textContent.trim()");
    }

    @Test
    void nothingMovesWhereMotionIsReduced() {
        BrowserContext context =
                chromium.context(Screen.DESKTOP, ColorScheme.LIGHT, ReducedMotion.REDUCE);
        StudioPage studio = new StudioPage(context.newPage(), url()).open();
        studio.write(STORY);
        studio.speak();
        studio.player("playing");
        studio.page.waitForFunction(
                "() => Number(document.querySelector('#timeline').ariaValueNow) > 1");
        assertThat(
                        studio.page.evaluate(
                                "() => getComputedStyle(document.querySelector('#pill'))"
                                        + ".transitionDuration"))
                .isEqualTo("0s");
        assertThat(
                        studio.page.evaluate(
                                "() => document.getAnimations().filter(a =>"
                                        + " a.effect.getComputedTiming().duration > 10).length"))
                .isEqualTo(0);
        studio.flawless();
        context.close();
    }

    @Test
    void theHistorySurvivesAReload() throws IOException {
        StudioPage studio = studio(Screen.DESKTOP, ColorScheme.LIGHT);
        studio.write("What was said once can be heard again.");
        studio.speak();
        studio.until("done");
        double seconds = studio.made();
        studio.at("#tab-history").click();
        studio.page.waitForSelector("#history-list li[data-whole=true]");
        studio.page.reload();
        studio.ready();
        assertThat(studio.at("#text").inputValue()).startsWith("What was said once");
        studio.at("#history-list .take").click();
        studio.until("done");
        studio.page.waitForFunction(
                "() => Number(document.querySelector('#timeline').ariaValueMax) > 0");
        assertThat(studio.made()).isEqualTo(seconds);
        studio.at("#play").click();
        studio.player("ended");
        studio.at("#download").click();
        Download file =
                studio.page.waitForDownload(
                        () -> studio.at("#formats button:has-text('WAV')").click());
        assertThat(file.suggestedFilename())
                .matches("skald-joe-what-was-said-once-can-be-\\d{4}-\\d\\d-\\d\\d-\\d{4}\\.wav");
        assertThat((Files.size(file.path()) - 44) / 48_000.0)
                .isBetween(seconds - 0.06, seconds + 0.06);
        // Another format is made of the same samples, and nothing is spoken for it.
        List<String> asked = new ArrayList<>();
        studio.page.onRequest(request -> asked.add(URI.create(request.url()).getPath()));
        studio.at("#download").click();
        Download flac =
                studio.page.waitForDownload(
                        () -> studio.at("#formats button:has-text('FLAC')").click());
        assertThat(asked).contains("/studio/encode").doesNotContain("/v1/audio/speech");
        assertThat(AudioClip.read(flac.path()).samples())
                .isEqualTo(AudioClip.read(file.path()).samples());
        studio.flawless();
        studio.page.context().close();
    }

    @Test
    void aLongTextGoesOnAfterTheConnectionWasLost() throws Exception {
        String sentence = "Number %d: the harbour was quiet, and nobody spoke of the storm. ";
        StringBuilder text = new StringBuilder();
        for (int i = 1; text.length() < 10_000; i++) {
            text.append(String.format(Locale.ROOT, sentence, i));
        }
        try (Cable cable = new Cable(server.port())) {
            StudioPage studio =
                    new StudioPage(
                                    chromium.page(Screen.DESKTOP, ColorScheme.LIGHT),
                                    "http://127.0.0.1:" + cable.port() + "/")
                            .open();
            studio.write(text.toString());
            studio.speak();
            studio.page.waitForFunction(
                    "() => document.querySelector('#progress-text').textContent.startsWith('Part"
                            + " 3')");
            studio.shot("desktop-light-long");
            cable.cut();
            studio.until("waiting");
            double before = studio.made();
            assertThat(before).isPositive();
            studio.shot("desktop-light-lost");
            studio.accessible("lost");
            cable.mend();
            studio.until("done");
            assertThat(studio.made()).isGreaterThan(before * 2);
            // The parts around the break are what an unbroken take of the same seed gives.
            Object broken = studio.page.evaluate(FIRST_PARTS);
            String facts = studio.at("#facts").textContent();
            studio.at("#seed").fill(facts.replaceAll("(?s).*seed (\\d+).*", "$1"));
            studio.at("#edit").click();
            studio.write(text.substring(0, 4_500));
            studio.speak();
            studio.until("making");
            studio.until("done");
            assertThat(studio.page.evaluate(FIRST_PARTS)).isEqualTo(broken);
            studio.page.context().close();
        }
    }

    /** Lengths and hashes of the first four parts of the last take, from the history. */
    private static final String FIRST_PARTS =
            """
            async () => {
              const db = await new Promise((done) => {
                const open = indexedDB.open("skald-studio");
                open.onsuccess = () => done(open.result);
              });
              const all = (store, what) => new Promise((done) => {
                const ask = db.transaction(store).objectStore(store)[what]();
                ask.onsuccess = () => done(ask.result);
              });
              const takes = await all("takes", "getAll");
              const last = takes.sort((a, b) => b.created - a.created)[0].id;
              const keys = await all("audio", "getAllKeys");
              const parts = await all("audio", "getAll");
              const hash = (buffer) =>
                new Int16Array(buffer).reduce((h, s) => (h * 31 + s) | 0, 7);
              return keys.flatMap(([id, part], i) =>
                id === last && part < 4 ? [`${part}: ${parts[i].byteLength} ${hash(parts[i])}`] : []);
            }""";

    @Test
    void aKeyIsAskedForWhereKeysAreSet() throws IOException {
        ServerOptions options = ServerOptions.builder().port(0).apiKey("test", "s3cret").build();
        try (SpeechServer locked = SpeechServer.open(skald, options)) {
            Page page = chromium.page(Screen.DESKTOP, ColorScheme.LIGHT);
            StudioPage studio = new StudioPage(page, "http://127.0.0.1:" + locked.port() + "/");
            page.navigate("http://127.0.0.1:" + locked.port() + "/");
            page.waitForSelector("#key-dialog[open]");
            seen(studio, "desktop-light", "key");
            studio.at("#key").fill("wrong");
            page.keyboard().press("Enter");
            page.waitForSelector("#key-wrong:not([hidden])");
            studio.at("#key").fill("s3cret");
            studio.at("#key-dialog .primary").click();
            studio.ready();
            studio.write("Let in.");
            studio.speak();
            studio.until("done");
            page.context().close();
        }
    }
}
