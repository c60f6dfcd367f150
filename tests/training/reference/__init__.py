"""FixMatch and SSC once more, from the papers' formulas alone: nothing here imports ssc_tune."""
