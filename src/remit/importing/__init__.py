"""An app that another tool declares, written as an app of remit: one reader a format, one model, one writer."""
