/**
 * The studio: a page in which a person writes, hears and keeps speech. Its files are resources of
 * this package, plain ES modules that a browser loads as they are; what they ask of the server
 * beside the public contract is here too: how a text would be read, and how the server does.
 */
@NullMarked
package dev.skald.server.studio;

import org.jspecify.annotations.NullMarked;
