"""What a pack is worth: figures with intervals, calibration, map quality, card; knows arrays, no files."""
