"""Every run of a study, to be sorted, filtered and looked at in the page: see :mod:`ssc_tune.report.runs.section`."""
