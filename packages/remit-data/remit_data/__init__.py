"""What remit knows about AWS, in files that `remit.catalogue.snapshot` reads."""
