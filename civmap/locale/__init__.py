"""The catalogues of texts, one `.po` file for each language but English, and what brings them up to date."""
