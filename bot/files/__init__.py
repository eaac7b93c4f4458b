"""Files that people post: what each one is, where it goes, and what has to be done to it first."""
