/**
 * Requests and responses: bodies with bounds, errors as JSON, bytes sent as fast as they are read.
 */
@NullMarked
package dev.skald.server.http;

import org.jspecify.annotations.NullMarked;
