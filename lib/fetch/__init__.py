"""Getting single files, and single members of archives, over a network that fails."""
