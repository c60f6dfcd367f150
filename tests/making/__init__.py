"""What tests are made of: studies, cells, records, tables and analyses of known content, each built in one place."""
