package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Numbers that name something: telephones, addresses, versions, serial numbers, model names. */
final class CodeRules {
    private static final String EXTENSION = "(?:,? ?(?:ext\\.?|extension|x) ?(?<ext>\\d{1,6}))?";

    /** Rules for what begins with a digit, a plus, a parenthesis or a hash before a digit. */
    static final List<Rule> NUMERIC =
            List.of(
                    new Rule(
                            ".",
                            "(?<ip>\\d{1,3}(?:\\.\\d{1,3}){3})(?:(?<s>[/:])(?<n>\\d{1,5}))?(?![\\w])(?!\\.\\d)",
                            CodeRules::address),
                    new Rule(
                            "+",
                            "\\+\\d{1,3}[ .-]?(?:\\(\\d{1,4}\\)[ .-]?)?\\d{2,4}(?:[ .-]\\d{2,8}){1,4}(?![\\w])"
                                    + EXTENSION,
                            CodeRules::telephone),
                    new Rule("+", "\\+\\d{8,15}(?!\\w)", CodeRules::telephone),
                    new Rule(
                            "-. ",
                            "(?:1[-. ])?(?:\\(\\d{3}\\)[ -.]?|\\d{3}[-./ ])\\d{3}[-.]\\d{4}(?![\\w])(?![-.]\\d)"
                                    + EXTENSION,
                            CodeRules::telephone),
                    new Rule(
                            "-",
                            "(?:1-)?(?<area>8\\d\\d)-(?<word>[A-Z]{2,}(?:-(?:[A-Z]+|\\d))*)(?!\\w)",
                            hit ->
                                    (hit.all().startsWith("1") ? "one " : "")
                                            + NumberWords.cardinal(hit.group("area"))
                                            + ", "
                                            + hit.group("word").replace('-', ' ')),
                    new Rule(
                            " -",
                            "(?:0\\d{2,4}[ -]|\\(0\\d{2,4}\\) ?)\\d{3,4}[ -]\\d{3,4}(?![\\w])(?!-\\d)",
                            CodeRules::telephone),
                    new Rule(
                            " /",
                            "0\\d{3,4} \\d{5,6}(?!\\w)|0\\d{2,4}/\\d{4,8}(?!\\w)",
                            CodeRules::telephone),
                    new Rule(
                            "/",
                            "10\\.\\d{4,9}/[\\w.()/-]*\\w",
                            hit -> WebAddresses.spoken(hit.all())),
                    new Rule("-", "\\d{3}-\\d{4}(?![\\w])(?!-)(?! ?=)", CodeRules::local),
                    new Rule(
                            "(",
                            "(?<n>\\d{3})\\((?<a>[a-z])\\)(?:\\((?<b>\\d{1,2}|[a-z])\\))?",
                            CodeRules::section),
                    new Rule(
                            ".",
                            "802\\.(?<n>\\d{1,2})(?<x>[a-z]{1,2})?(?!\\w)",
                            hit ->
                                    "eight oh two point "
                                            + NumberWords.cardinal(hit.group("n"))
                                            + (hit.has("x")
                                                    ? " "
                                                            + NumberWords.spelledWithLetters(
                                                                    hit.group("x"))
                                                    : "")),
                    new Rule(
                            " ",
                            "(?<n>[123]) (?<book>[A-Z][a-z]{1,14})(?<dot>\\.?) (?<c>\\d{1,3}):(?<v>\\d{1,3})(?:[-–](?<w>\\d{1,3}))?(?!\\w)",
                            hit -> Verses.read(hit, hit.group("n"))),
                    new Rule(
                            "-",
                            "[\\dA-Fa-f]{8}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{12}(?!\\w)",
                            hit -> groups(hit.all())),
                    new Rule(
                            ":-",
                            "[\\dA-Fa-f]{2}(?<s>[:-])[\\dA-Fa-f]{2}(?:\\k<s>[\\dA-Fa-f]{2}){4}(?!\\w)",
                            hit -> groups(hit.all())),
                    new Rule(
                            "-",
                            "\\d{1,7}(?:-\\d{1,7}){2,6}(?:-[\\dX])?(?![\\w])(?! ?=)",
                            CodeRules::serial),
                    new Rule(
                            " -",
                            "\\d{4}(?<s>[ -])\\d{4}(?:\\k<s>\\d{4}){1,3}(?![\\w])",
                            CodeRules::serial),
                    new Rule(
                            " ",
                            "(?=[\\d ]{0,12}\\d{4})\\d{3,4}(?: \\d{3,4}){2,4}(?![\\w])(?! ?[-/.:]\\d)",
                            hit -> groups(hit.all())),
                    new Rule("-", "\\d{2,6}-0\\d{2,6}(?![\\w-])", hit -> groups(hit.all())),
                    new Rule("-", "\\d{5}-\\d{4}(?!\\w)(?!-)", CodeRules::serial),
                    new Rule(
                            ".",
                            "\\d{1,6}(?:\\.\\d{1,6}){2,6}(?:[-_]?(?<tag>alpha|beta|rc|a|b|RC|SNAPSHOT|dev|post)[-.]?(?<n>\\d{0,4}))?(?!\\w)(?!,\\d)",
                            CodeRules::version),
                    new Rule(
                            "xX",
                            "0[xX](?<hex>[\\dA-Fa-f]+)(?!\\w)",
                            hit -> "zero x " + NumberWords.spelledWithLetters(hit.group("hex"))),
                    new Rule(
                            "bB",
                            "0[bB](?<bits>[01]+)(?!\\w)",
                            hit -> "zero b " + NumberWords.spelled(hit.group("bits"))),
                    new Rule(
                            "#",
                            "#(?<hex>[\\dA-Fa-f]{6}|[\\dA-Fa-f]{3})(?!\\w)",
                            CodeRules::colour));

    /** Rules for what begins with a letter and goes on with digits. */
    static final List<Rule> WORDY =
            List.of(
                    new Rule(
                            "",
                            "[vV](?:er)?\\.? ?(?<v>\\d{1,6}(?:\\.\\d{1,6})+)(?:[-_]?(?<tag>alpha|beta|rc|a|b|RC|SNAPSHOT|dev)[-.]?(?<n>\\d{0,4}))?(?!\\w)",
                            hit -> "version " + versionNumber(hit)),
                    new Rule(
                            "",
                            "v(?<v>\\d{1,4})(?![\\w.])",
                            hit -> "version " + NumberWords.cardinal(hit.group("v"))),
                    new Rule(
                            "-",
                            "[\\dA-Fa-f]{8}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{4}-[\\dA-Fa-f]{12}(?!\\w)",
                            hit -> groups(hit.all())),
                    new Rule(
                            "-",
                            "(?<zone>UTC|GMT)-(?<h>\\d{1,2})(?![\\w:])",
                            hit ->
                                    hit.group("zone")
                                            + " minus "
                                            + NumberWords.cardinal(hit.group("h"))),
                    new Rule(
                            "",
                            "(?:(?<prefix>[A-Z][A-Za-z]*)-|[A-Za-z]++)\\d++(?:\\.\\d++)?(?:-(?=\\d{3})\\d++[A-Za-z]?+|(?<=x86)[-_]64)?+(?:-?[A-Za-z]++(?:-?\\d++)?)*+(?!\\w)",
                            CodeRules::model));

    private static final class Parts {
        private static final Pattern RUN = Pattern.compile("[A-Za-z]+|\\d+(?:\\.\\d+)?");
    }

    private CodeRules() {}

    /** A number that is a name, in pairs: 747 is "seven forty-seven", 4090 "forty ninety". */
    static String name(String digits) {
        int n = digits.length();
        if (digits.indexOf('.') >= 0) {
            return NumberWords.decimal(digits);
        }
        if (n > 4 || (n > 1 && digits.charAt(0) == '0')) {
            return NumberWords.spelled(digits);
        }
        if (n == 3 && !digits.endsWith("00")) {
            return NumberWords.digit(digits.charAt(0))
                    + " "
                    + NumberWords.pair(digits.substring(1));
        }
        if (n == 4 && !digits.endsWith("000")) {
            String rest = digits.substring(2);
            String pair = rest.equals("00") ? "hundred" : NumberWords.pair(rest);
            return NumberWords.cardinal(digits.substring(0, 2)) + " " + pair;
        }
        return NumberWords.cardinal(digits);
    }

    /** "two point zero point one". */
    static String dotted(String number) {
        StringBuilder out = new StringBuilder();
        for (String part : number.split("\\.")) {
            out.append(out.isEmpty() ? "" : " point ");
            boolean zero = part.length() > 1 && part.charAt(0) == '0';
            out.append(zero ? NumberWords.spelled(part) : NumberWords.cardinal(part));
        }
        return out.toString();
    }

    private static @Nullable String address(Rule.Hit hit) {
        StringBuilder out = new StringBuilder();
        for (String part : hit.group("ip").split("\\.")) {
            if (Integer.parseInt(part) > 255) {
                return null;
            }
            out.append(out.isEmpty() ? "" : " dot ").append(NumberWords.spelled(part));
        }
        if (hit.has("s")) {
            out.append(hit.group("s").equals("/") ? " slash " : " colon ");
            out.append(NumberWords.spelled(hit.group("n")));
        }
        return out.toString();
    }

    private static String telephone(Rule.Hit hit) {
        String number = hit.all();
        if (hit.match().namedGroups().containsKey("ext") && hit.has("ext")) {
            number = number.substring(0, hit.match().start("ext") - hit.match().start());
            int digits = number.length();
            while (!Character.isDigit(number.charAt(digits - 1))) {
                digits--;
            }
            return groups(number.substring(0, digits))
                    + ", extension "
                    + NumberWords.spelled(hit.group("ext"));
        }
        return groups(number);
    }

    /** 500-1000 is a range, 555-1234 a telephone. */
    private static @Nullable String local(Rule.Hit hit) {
        return hit.all().endsWith("00") ? null : groups(hit.all());
    }

    /** "401(k)", "501(c)(3)". */
    private static String section(Rule.Hit hit) {
        String words = name(hit.group("n")) + " " + hit.group("a");
        if (!hit.has("b")) {
            return words;
        }
        String b = hit.group("b");
        return words + " " + (Character.isDigit(b.charAt(0)) ? NumberWords.cardinal(b) : b);
    }

    private static String serial(Rule.Hit hit) {
        String all = hit.all();
        boolean single = all.length() < 10 && !all.matches(".*\\d\\d.*");
        return single ? NumberWords.spelled(all) : groups(all);
    }

    /** Groups of digits, one by one, with a pause between groups. */
    private static String groups(String number) {
        StringBuilder out = new StringBuilder(number.startsWith("+") ? "plus " : "");
        boolean first = true;
        for (String group : number.split("[^0-9A-Za-z]+")) {
            if (group.isEmpty()) {
                continue;
            }
            out.append(first ? "" : ", ");
            first = false;
            boolean tollFree = group.equals("800") || group.equals("900");
            out.append(
                    tollFree ? NumberWords.cardinal(group) : NumberWords.spelledWithLetters(group));
        }
        return out.toString();
    }

    private static String version(Rule.Hit hit) {
        String digits = hit.all();
        if (digits.matches("[1-9]\\d{0,2}(\\.\\d{3}){2,}")) {
            return NumberWords.cardinal(digits.replace(".", ""));
        }
        int tag = hit.has("tag") ? hit.match().start("tag") - hit.match().start() : digits.length();
        return dotted(digits.substring(0, tag).replaceAll("[-_]$", "")) + tag(hit);
    }

    private static String versionNumber(Rule.Hit hit) {
        return dotted(hit.group("v")) + tag(hit);
    }

    private static String tag(Rule.Hit hit) {
        if (!hit.has("tag")) {
            return "";
        }
        String tag = hit.group("tag");
        String said =
                switch (tag) {
                    case "rc" -> "RC";
                    case "SNAPSHOT" -> "snapshot";
                    default -> tag;
                };
        String number = hit.group("n");
        return " " + said + (number.isEmpty() ? "" : " " + NumberWords.cardinal(number));
    }

    private static @Nullable String colour(Rule.Hit hit) {
        String hex = hit.group("hex");
        boolean number = hex.chars().allMatch(Character::isDigit);
        boolean word = hex.chars().noneMatch(Character::isDigit);
        boolean same = hex.chars().allMatch(c -> c == hex.charAt(0));
        return (number && hex.length() == 3) || word && !same
                ? null
                : "hash " + NumberWords.spelledWithLetters(hex);
    }

    private static @Nullable String model(Rule.Hit hit) {
        String all = hit.all();
        switch (hit.group("prefix")) {
            case "Mid", "Pre", "Post", "Non", "Early", "Late" -> {
                return null;
            }
            default -> {}
        }
        if (Formulas.formula(all)) {
            return Formulas.said(all);
        }
        StringBuilder out = new StringBuilder();
        Matcher runs = Parts.RUN.matcher(all);
        int count = 0;
        while (runs.find()) {
            count++;
            String run = runs.group();
            if (run.equals("s") && runs.end() == all.length() && count == 3) {
                String plural = NumberWords.plural(out.toString());
                out.setLength(0);
                out.append(plural);
                break;
            }
            out.append(out.isEmpty() ? "" : " ");
            out.append(Character.isDigit(run.charAt(0)) ? name(run) : run);
        }
        return count > 5 ? NumberWords.spelledWithLetters(all) : out.toString();
    }
}
