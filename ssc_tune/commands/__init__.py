"""The commands of ``ssc-tune`` beside the run itself, one file a group of them. Each is imported when it is called."""
