package dev.skald.text.markup;

import java.util.Map;

/** Formulas in LaTeX in words: {@code x_i^2 \leq 24} is "x i squared less than or equal to 24". */
final class Latex {
    /** A formula longer than this is taken for text. */
    static final int LONGEST = 1_000;

    private static final int DEEPEST = 20;

    private static final Map<String, String> WORDS =
            Map.ofEntries(
                    Map.entry("leq", "less than or equal to"),
                    Map.entry("le", "less than or equal to"),
                    Map.entry("geq", "greater than or equal to"),
                    Map.entry("ge", "greater than or equal to"),
                    Map.entry("neq", "is not equal to"),
                    Map.entry("ne", "is not equal to"),
                    Map.entry("approx", "is approximately"),
                    Map.entry("equiv", "is equivalent to"),
                    Map.entry("sim", "is similar to"),
                    Map.entry("propto", "is proportional to"),
                    Map.entry("ll", "much less than"),
                    Map.entry("gg", "much greater than"),
                    Map.entry("times", "times"),
                    Map.entry("cdot", "times"),
                    Map.entry("div", "divided by"),
                    Map.entry("pm", "plus or minus"),
                    Map.entry("mp", "minus or plus"),
                    Map.entry("infty", "infinity"),
                    Map.entry("partial", "partial"),
                    Map.entry("nabla", "nabla"),
                    Map.entry("in", "in"),
                    Map.entry("notin", "not in"),
                    Map.entry("subset", "subset of"),
                    Map.entry("subseteq", "subset of"),
                    Map.entry("cup", "union"),
                    Map.entry("cap", "intersection"),
                    Map.entry("emptyset", "the empty set"),
                    Map.entry("forall", "for all"),
                    Map.entry("exists", "there exists"),
                    Map.entry("neg", "not"),
                    Map.entry("land", "and"),
                    Map.entry("lor", "or"),
                    Map.entry("to", "to"),
                    Map.entry("rightarrow", "to"),
                    Map.entry("leftarrow", "from"),
                    Map.entry("Rightarrow", "implies"),
                    Map.entry("implies", "implies"),
                    Map.entry("iff", "if and only if"),
                    Map.entry("sin", "sine"),
                    Map.entry("cos", "cosine"),
                    Map.entry("tan", "tangent"),
                    Map.entry("log", "log"),
                    Map.entry("ln", "natural log"),
                    Map.entry("exp", "exp"),
                    Map.entry("max", "max"),
                    Map.entry("min", "min"),
                    Map.entry("circ", "degrees"),
                    Map.entry("degree", "degrees"),
                    Map.entry("percent", "percent"),
                    Map.entry("%", "percent"),
                    Map.entry("&", "and"),
                    Map.entry("$", "dollars"),
                    Map.entry("#", "number"),
                    Map.entry("ldots", ", and so on,"),
                    Map.entry("dots", ", and so on,"),
                    Map.entry("cdots", ", and so on,"));

    /** Commands that say how their argument looks. */
    private static final String LOOKS =
            " text mathrm mathbf mathit mathcal mathbb mathsf mathtt operatorname textbf textit emph"
                    + " vec hat bar tilde overline underline boldsymbol left right big Big displaystyle"
                    + " limits quad qquad begin end , ; : ! ";

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private int depth;

    private Latex(String source) {
        this.source = source;
    }

    /** Whether what stands between two dollar signs is a formula and no sum of money. */
    static boolean likely(String inside) {
        if (inside.isBlank() || inside.endsWith(" ")) {
            return false;
        }
        String plain = inside.strip();
        boolean sign = plain.chars().anyMatch(c -> "\\^_={}<>+".indexOf(c) >= 0);
        boolean letters = plain.length() <= 3 && plain.chars().allMatch(Character::isLetter);
        boolean call =
                plain.matches("[A-Za-z]\\([A-Za-z0-9, ]*\\)'?|\\d?[A-Za-z]'?|\\d+(\\.\\d+)?");
        return sign || letters || call;
    }

    /** The formula in words, symbols that the rules know left as they are. */
    static String said(String formula) {
        Latex latex = new Latex(formula);
        while (latex.at < formula.length()) {
            latex.item();
        }
        return latex.out.toString().replaceAll("\\s+", " ").strip();
    }

    private void item() {
        char c = source.charAt(at++);
        switch (c) {
            case '\\' -> command();
            case '{', '}', '~', '&' -> out.append(' ');
            case '^' -> power();
            case '_' -> lowered();
            case '-' -> out.append(" minus ");
            case '+', '=', '<', '>' -> out.append(' ').append(c).append(' ');
            case '*' -> out.append(" times ");
            case '\'' -> out.append(" prime ");
            default -> {
                boolean pair =
                        Character.isLetter(c)
                                && !out.isEmpty()
                                && Character.isDigit(out.charAt(out.length() - 1));
                out.append(pair ? " " : "").append(c);
            }
        }
    }

    private void command() {
        int start = at;
        while (at < source.length() && Character.isLetter(source.charAt(at))) {
            at++;
        }
        if (at == start && at < source.length()) {
            at++;
        }
        String name = source.substring(start, at);
        switch (name) {
            case "frac", "dfrac", "tfrac" -> {
                String top = argument();
                String bottom = argument();
                boolean numbers = top.matches("\\d{1,3}") && bottom.matches("\\d{1,3}");
                say(numbers ? top + "/" + bottom : top + " over " + bottom);
            }
            case "sqrt" -> {
                String root = at < source.length() && source.charAt(at) == '[' ? bracket() : "";
                String inside = argument();
                say(
                        switch (root) {
                            case "", "2" -> "the square root of " + inside;
                            case "3" -> "the cube root of " + inside;
                            default -> "the root of order " + root + " of " + inside;
                        });
            }
            case "binom" -> say(argument() + " choose " + argument());
            case "int", "sum", "prod", "lim" -> limits(name);
            case "begin", "end" -> argument();
            case "\\" -> out.append(", ");
            default -> {
                String word = WORDS.get(name);
                boolean look = LOOKS.contains(" " + name + " ") || name.isBlank();
                say(
                        word != null
                                ? word
                                : look || name.length() == 1 && !Character.isLetter(name.charAt(0))
                                        ? ""
                                        : name);
            }
        }
    }

    private void say(String words) {
        out.append(' ').append(words).append(' ');
    }

    /** "The sum from i = 1 to n of". */
    private void limits(String name) {
        String what =
                switch (name) {
                    case "int" -> "the integral";
                    case "sum" -> "the sum";
                    case "prod" -> "the product";
                    default -> "the limit";
                };
        String from = "";
        String to = "";
        while (at < source.length() && "_^ ".indexOf(source.charAt(at)) >= 0) {
            switch (source.charAt(at++)) {
                case '_' -> from = argument();
                case '^' -> to = argument();
                default -> {}
            }
        }
        boolean approaches = name.equals("lim") || from.contains(" to ");
        say(
                what
                        + (from.isEmpty()
                                ? ""
                                : approaches
                                        ? " as " + from.replace(" to ", " approaches ")
                                        : to.isEmpty() ? " over " + from : " from " + from)
                        + (to.isEmpty() ? "" : " to " + to)
                        + " of");
    }

    private void power() {
        String power = argument();
        switch (power) {
            case "2" -> say("squared");
            case "3" -> say("cubed");
            case "\\circ", "degrees" -> say("degrees");
            case "prime", "\\prime" -> say("prime");
            case "T" -> say("transposed");
            default -> say("to the power of " + power);
        }
    }

    private void lowered() {
        say(argument());
    }

    /** What stands in braces, or the next item. */
    private String argument() {
        while (at < source.length() && source.charAt(at) == ' ') {
            at++;
        }
        if (at >= source.length() || depth >= DEEPEST) {
            return "";
        }
        if (source.charAt(at) != '{') {
            int end = at + 1;
            if (source.charAt(at) == '\\') {
                while (end < source.length() && Character.isLetter(source.charAt(end))) {
                    end++;
                }
            }
            String one = source.substring(at, end);
            at = end;
            return nested(one);
        }
        int open = 0;
        int start = at + 1;
        while (at < source.length()) {
            char c = source.charAt(at++);
            open += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (open == 0) {
                return nested(source.substring(start, at - 1));
            }
        }
        return nested(source.substring(start));
    }

    private String bracket() {
        int close = source.indexOf(']', at);
        if (close < 0) {
            return "";
        }
        String inside = source.substring(at + 1, close);
        at = close + 1;
        return inside;
    }

    private String nested(String inside) {
        Latex latex = new Latex(inside);
        latex.depth = depth + 1;
        while (latex.at < inside.length()) {
            latex.item();
        }
        return latex.out.toString().replaceAll("\\s+", " ").strip();
    }
}
