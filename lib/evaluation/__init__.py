"""How well the networks do and how sure that is: tables and intervals only, the words are `lib.narrative`'s."""
