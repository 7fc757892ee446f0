"""Renderers: a Part in, a figure out. Nothing here computes or fetches."""
