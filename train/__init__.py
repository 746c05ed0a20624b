"""Floor 3: the generators (style, view, transformation -> picture and mask) and how they learn."""
