"""Errors, frozen records, the clock and the wording table: what every other folder may know."""
