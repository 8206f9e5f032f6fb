"""The command line: one module a verb; arguments in, services called, tables and JSON out."""
