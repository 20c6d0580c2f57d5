"""What brings Dosirak onto a machine: launcher, private engine, images. Standard library only: it precedes the venv."""
