"""The main job: a recipe becomes stages over one workspace."""
