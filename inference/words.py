"""How ids and codes are written in manifests, as regular expressions."""

PACK_ID = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
CODE = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
