"""Stands in for chatterbox-tts."""
