"""Dense correspondences between two objects along a morph (section 5.7), and the truth to judge them by."""
