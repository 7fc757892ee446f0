"""Analyses as pure functions: frames in, frames and small results out; no store, no page, no plotting."""
