package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Web and e-mail addresses and file names. */
final class WebAddresses {
    private static final int LONGEST = 2_000;

    private WebAddresses() {}

    /** The reading of the address at {@code i}, where a word begins; null if none does. */
    static @Nullable Reading read(String text, int i) {
        boolean tokenStart = " <>\"'(){}[]|,;…*_".indexOf(Words.at(text, i - 1)) >= 0;
        int end = tokenStart ? end(text, i) : -1;
        if (end < 0) {
            return null;
        }
        String token = text.substring(i, end);
        int scheme = token.indexOf("://");
        int colon = scheme > 0 ? scheme + 2 : token.startsWith("mailto:") ? 6 : -1;
        if (colon > 0 && letters(token, 0, Math.max(scheme, 0))) {
            String words = spoken(token.substring(colon + 1));
            return words.isEmpty() ? null : Reading.of(words, end);
        }
        int at = token.indexOf('@');
        if (at > 0 && token.indexOf('.', at) > at + 1 && token.indexOf('@', at + 1) < 0) {
            return Reading.of(spoken(token), end);
        }
        return at < 0 && named(token) ? Reading.of(spoken(token), end) : null;
    }

    /** Where the token ends; -1 if nothing in it makes it an address. */
    private static int end(String text, int i) {
        int end = i;
        boolean sign = false;
        int most = Math.min(text.length(), i + LONGEST);
        while (end < most) {
            char c = text.charAt(end);
            if (Character.isWhitespace(c) || "<>\"(){}[]|,;…".indexOf(c) >= 0) {
                break;
            }
            sign |= c == '@' || c == '.' || c == ':';
            end++;
        }
        if (!sign) {
            return -1;
        }
        while (end > i && ".,:;!?'*_".indexOf(text.charAt(end - 1)) >= 0) {
            end--;
        }
        return end - i < 4 ? -1 : end;
    }

    /** Whether a token without scheme is a host, with or without a path, or a file. */
    private static boolean named(String token) {
        if (token.startsWith("www.") && token.length() > 6) {
            return true;
        }
        int slash = token.indexOf('/');
        String host = slash < 0 ? token : token.substring(0, slash);
        int colon = host.indexOf(':');
        if (colon > 0 && host.substring(colon + 1).chars().allMatch(Character::isDigit)) {
            host = host.substring(0, colon);
        }
        if (host.equals("localhost")) {
            return colon > 0 || slash > 0;
        }
        int dot = host.lastIndexOf('.');
        if (dot < 1 || dot == host.length() - 1) {
            return false;
        }
        String last = host.substring(dot + 1);
        for (int k = 0; k < host.length(); k++) {
            char c = host.charAt(k);
            if (!Character.isLetterOrDigit(c) && c != '.' && c != '-' && c != '_') {
                return false;
            }
        }
        // "U.S.A" and "e.g" are not hosts.
        if (dot == 1 && Character.isLetter(host.charAt(0)) && last.length() < 2) {
            return false;
        }
        // Nor is "i.e.no", an abbreviation with a word glued to it.
        if (host.indexOf('.') < dot && Abbreviations.find(host.substring(0, dot + 1)) != null) {
            return false;
        }
        boolean shouted = last.length() > 2 && last.equals(last.toUpperCase(Locale.ROOT));
        if (shouted && dot > 1 && Words.in("spelled", last.toLowerCase(Locale.ROOT))) {
            return true;
        }
        return Words.in("domains", last) || Words.in("spelled", last) || Words.in("files", last);
    }

    private static boolean letters(String token, int from, int to) {
        for (int k = from; k < to; k++) {
            char c = token.charAt(k);
            if (c >= 0x80 || (!Character.isLetterOrDigit(c) && c != '+')) {
                return false;
            }
        }
        return true;
    }

    /** Each part as a word, each sign by its name. */
    static String spoken(String address) {
        StringBuilder out = new StringBuilder(address.length() * 2);
        int n = address.endsWith("/") ? address.length() - 1 : address.length();
        for (int i = 0; i < n; ) {
            int end = i + 1;
            char c = address.charAt(i);
            String word;
            if (Character.isLetter(c)) {
                while (end < n && Character.isLetter(address.charAt(end))) {
                    end++;
                }
                word = word(address, i, end);
            } else if (c >= '0' && c <= '9') {
                while (end < n && address.charAt(end) >= '0' && address.charAt(end) <= '9') {
                    end++;
                }
                word = number(address.substring(i, end));
            } else {
                word = sign(c);
            }
            if (!word.isEmpty()) {
                out.append(out.isEmpty() ? "" : " ").append(word);
            }
            i = end;
        }
        return out.toString();
    }

    private static String word(String address, int from, int to) {
        String word = address.substring(from, to);
        boolean afterDot = from > 0 && address.charAt(from - 1) == '.';
        boolean last = to == address.length() || "/:?#.".indexOf(address.charAt(to)) >= 0;
        if (word.equals("www") || (afterDot && last && Words.in("spelled", word))) {
            return word.toUpperCase(Locale.ROOT);
        }
        return word;
    }

    private static String number(String digits) {
        boolean year = digits.length() == 4 && (digits.startsWith("19") || digits.startsWith("20"));
        if (year) {
            return NumberWords.year(digits);
        }
        boolean small = digits.length() < 3 && !digits.startsWith("0");
        return small ? NumberWords.cardinal(digits) : NumberWords.spelled(digits);
    }

    private static String sign(char c) {
        return switch (c) {
            case '.' -> "dot";
            case '/' -> "slash";
            case '-' -> "dash";
            case '_' -> "underscore";
            case '@' -> "at";
            case '?' -> "question mark";
            case '=' -> "equals";
            case '&' -> "and";
            case '#' -> "hash";
            case '%' -> "percent";
            case '~' -> "tilde";
            case ':' -> "colon";
            case '+' -> "plus";
            default -> "";
        };
    }
}
