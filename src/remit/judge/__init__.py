"""Judge what a project declares: the App, or everything that is wrong with it. Nothing of the project runs here."""
