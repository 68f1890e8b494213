# Packaging: see systemd/.
