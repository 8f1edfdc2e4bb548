"""The commands, one file a subject. Each imports what it needs only when it runs."""
