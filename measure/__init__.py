"""Turns outlines into numbers with units: pure functions on arrays with spacing."""
