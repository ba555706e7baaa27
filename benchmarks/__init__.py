"""Data cards, scoring, statistics, reports and speed benchmarks."""
