"""What the package asks of the operating system: files, streams, CPUs, memory, threads."""
