"""Shot scales, and the table of shots that are labelled with them."""

# From the closest to the widest, by MovieShots' abbreviations.
SCALES = {"ECS": "extreme close-up", "CS": "close-up", "MS": "medium shot", "FS": "full shot", "LS": "long shot"}
# Columns of `shot_scale/labelled.csv`.
LABELLED_COLUMNS = ("shot_id", "clip_id", "path", "movie_id", "split", "scale")
