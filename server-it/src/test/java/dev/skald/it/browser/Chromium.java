package dev.skald.it.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import dev.skald.it.Tools;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Debian's Chromium, driven by Playwright over the Node that is installed. */
final class Chromium implements AutoCloseable {
    /** What a page is seen on. */
    enum Screen {
        DESKTOP(1440, 900),
        PHONE(390, 844);

        final int width;
        final int height;

        Screen(int width, int height) {
            this.width = width;
            this.height = height;
        }
    }

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Playwright playwright, Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    /** Skips the test if there is no Chromium or no Node. */
    static Chromium open() {
        Path chromium = Tools.program("chromium", "chromium-browser", "google-chrome");
        Path node = Tools.program("node", "nodejs");
        Playwright playwright =
                Playwright.create(
                        new Playwright.CreateOptions()
                                .setEnv(
                                        Map.of(
                                                "PLAYWRIGHT_NODEJS_PATH",
                                                node.toString(),
                                                "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD",
                                                "1")));
        try {
            Browser browser =
                    playwright
                            .chromium()
                            .launch(
                                    new BrowserType.LaunchOptions()
                                            .setExecutablePath(chromium)
                                            .setArgs(List.of("--no-sandbox", "--mute-audio")));
            return new Chromium(playwright, browser);
        } catch (RuntimeException e) {
            playwright.close();
            throw e;
        }
    }

    BrowserContext context(Screen screen, ColorScheme scheme, ReducedMotion motion) {
        BrowserContext context =
                browser.newContext(
                        new Browser.NewContextOptions()
                                .setViewportSize(screen.width, screen.height)
                                .setDeviceScaleFactor(screen == Screen.PHONE ? 2 : 1)
                                .setHasTouch(screen == Screen.PHONE)
                                .setColorScheme(scheme)
                                .setReducedMotion(motion)
                                .setAcceptDownloads(true));
        context.setDefaultTimeout(60_000);
        return context;
    }

    Page page(Screen screen, ColorScheme scheme) {
        return context(screen, scheme, ReducedMotion.NO_PREFERENCE).newPage();
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
