"""Reads images from files and media: hostile input stops here."""
