/** {@code skald mcp}: the Model Context Protocol over the standard streams. */
@NullMarked
package dev.skald.cli.mcp;

import org.jspecify.annotations.NullMarked;
