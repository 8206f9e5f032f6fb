"""How fast Farlight is on this computer: ``make bench`` measures, prints and writes docs/benchmarks.md."""
