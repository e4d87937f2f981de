package dev.skald.cli.doctor;

import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Messages;
import dev.skald.cli.console.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code skald doctor}. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Look at the machine, the engines, the voices and every optimisation, and speak a test"
                    + " sentence.",
            "Exit code 0 if Skald can speak, 1 if not."
        })
public final class DoctorCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    public DoctorCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<Finding> findings = new Diagnosis(console).findings();
        boolean healthy = findings.stream().noneMatch(f -> f.state() == Finding.State.BAD);
        console.io().out().print(json ? json(findings, healthy) : text(findings, healthy));
        return healthy ? ExitCode.OK.number : ExitCode.FAILED.number;
    }

    static String text(List<Finding> findings, boolean healthy) {
        StringBuilder out = new StringBuilder();
        String section = "";
        for (Finding f : findings) {
            if (!f.section().equals(section)) {
                section = f.section();
                out.append(out.isEmpty() ? "" : "\n").append(section).append('\n');
            }
            out.append(
                    String.format(
                            Locale.ROOT,
                            "  %s %-24s %s\n",
                            f.state().mark,
                            f.name(),
                            Messages.oneLine(f.detail())));
        }
        out.append(healthy ? "\nSkald can speak here.\n" : "\nSkald cannot speak here: see !!\n");
        return out.toString();
    }

    static String json(List<Finding> findings, boolean healthy) {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Finding f : findings) {
            Map<String, Object> item = new LinkedHashMap<>();
            item.put("section", f.section());
            item.put("name", f.name());
            item.put("state", f.state().toString());
            item.put("detail", f.detail());
            list.add(item);
        }
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("healthy", healthy);
        root.put("version", Version.number());
        root.put("findings", list);
        return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
