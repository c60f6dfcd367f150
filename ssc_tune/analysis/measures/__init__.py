"""What a claim may name: each measure's effect on the tables of a study."""
