package dev.skald.chatterbox;

/** The switches on the CPU. */
class SwitchesTest extends SwitchesContract {}
