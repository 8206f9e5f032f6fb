"""The recipes that made the model packs from public data; needs PyTorch and is never shipped."""
