"""What a generator knows of one object by having learnt others (sections 5.2 and 5.3)."""
