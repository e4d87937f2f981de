/**
 * Markdown and HTML read for what they mean, before any rule sees the text: commonmark-java and
 * jsoup know the structure, this package what of it is said. A block ends with {@link
 * dev.skald.text.markup.MarkupInput#BREAK}.
 */
@NullMarked
package dev.skald.text.markup;

import org.jspecify.annotations.NullMarked;
