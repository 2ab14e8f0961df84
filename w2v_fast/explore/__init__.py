"""The explorer: word vectors in a browser, served on this machine or in one file."""
