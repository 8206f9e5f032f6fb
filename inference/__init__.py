"""Asks each model pack whether an image is its own, and runs it: gates, engines, findings, masks, maps."""
