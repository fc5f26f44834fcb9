"""Other ways to bring frames from one Python process to another, measured beside bushbaby: see README.md."""
