"""Here live the developer's scripts: setting up, running both halves at once, taking pictures.
May use anything that is installed, and the product's interfaces (HTTP addresses and commands).
Never imported by core, api or dashboard_app, and never needed where the product is deployed.
Owned and closed by the person at the terminal: each script ends what it started.
Tests in tests/house/.
"""
