"""One script per question; results with machine, versions and commit go to benchmarks/results/."""
