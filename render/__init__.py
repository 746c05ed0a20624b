"""3D models -> views -> shards. The only floor that knows Blender, and only inside its child process."""
