"""From a text to token ids: reading, counting words, joining phrases."""
