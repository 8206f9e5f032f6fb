"""One module a pack, named as the pack with underscores: `RECIPE` says how it was made."""
