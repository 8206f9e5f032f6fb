"""Which Farlight this is, and the earliest day on which its clock can be right."""

VERSION = "0.1.0"
BUILD_DATE = "2026-11-22"
