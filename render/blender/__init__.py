"""Blender's side: the only modules that import bpy, run in a child process (`python -m render.blender`).

Importing this package alone does not import bpy.
"""
