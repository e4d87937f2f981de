package dev.skald.it.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import dev.skald.it.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The studio's page as a test handles it. */
final class StudioPage {
    private static final Path SHOTS = Path.of("target", "screenshots");
    private static final String AXE_VERSION = "4.14.1";

    final Page page;
    private final String url;
    private final List<String> faults = new ArrayList<>();

    StudioPage(Page page, String url) {
        this.page = page;
        this.url = url;
        page.onPageError(faults::add);
        page.onConsoleMessage(
                message -> {
                    if (message.type().equals("error")) {
                        faults.add(message.text());
                    }
                });
    }

    StudioPage open() {
        page.navigate(url);
        return ready();
    }

    StudioPage ready() {
        page.waitForSelector("html[data-ready]", attached());
        return this;
    }

    Locator at(String selector) {
        return page.locator(selector);
    }

    void write(String text) {
        at("#text").fill(text);
    }

    void speak() {
        at("#speak").click();
    }

    /** Waits until the take is made: done, lost, failed, ... */
    void until(String phase) {
        page.waitForSelector("html[data-phase=" + phase + "]", attached());
    }

    /** Waits until the player is playing, paused, ended, ... */
    void player(String state) {
        page.waitForSelector("html[data-player=" + state + "]", attached());
    }

    /** Seconds of the take at which the listener is. */
    double time() {
        return Double.parseDouble(at("#timeline").getAttribute("aria-valuenow"));
    }

    /** Seconds of audio that are made. */
    double made() {
        return Double.parseDouble(at("#timeline").getAttribute("aria-valuemax"));
    }

    private static Page.WaitForSelectorOptions attached() {
        return new Page.WaitForSelectorOptions()
                .setState(com.microsoft.playwright.options.WaitForSelectorState.ATTACHED)
                .setTimeout(180_000);
    }

    /** A picture for whoever looks at CI's output. */
    void shot(String name) throws IOException {
        Files.createDirectories(SHOTS);
        page.screenshot(new Page.ScreenshotOptions().setPath(SHOTS.resolve(name + ".png")));
    }

    /** All that axe-core finds, best practices too: there must be nothing. */
    void accessible(String state) throws IOException {
        Path axe = Tools.npm("axe-core", AXE_VERSION).resolve("axe.min.js");
        // What moves comes to rest first. A change of a moment ago begins to move with the next
        // frame, so two frames without movement are wanted.
        page.evaluate(
                """
                async () => {
                  const moves = a => a.playState === "running"
                      && a.effect.getComputedTiming().iterations !== Infinity;
                  for (let calm = 0; calm < 2;) {
                    await new Promise(requestAnimationFrame);
                    calm = document.getAnimations().some(moves) ? 0 : calm + 1;
                  }
                }""");
        if (!Boolean.TRUE.equals(page.evaluate("() => 'axe' in window"))) {
            page.evaluate(Files.readString(axe));
        }
        Object found =
                page.evaluate(
                        "async () => (await axe.run()).violations.flatMap(v => v.nodes.map(n =>"
                                + " v.id + ' at ' + n.target.join(' ') + ': ' +"
                                + " n.failureSummary))");
        assertThat((List<?>) found).as(state).isEmpty();
        assertThat(page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))
                .as("pixels to scroll sideways, " + state)
                .isEqualTo(0);
    }

    /** Errors of scripts, refusals of the policy, files that are missing. */
    void flawless() {
        assertThat(faults).isEmpty();
    }
}
