"""Getting files, and single members of ZIP archives, over a network that fails."""
