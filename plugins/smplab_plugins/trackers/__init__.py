"""What watches a sweep: the progress bar and the MLflow view."""
