"""Settings, drafts, people and signed reports, kept in one profile folder."""
