"""The settings: the database comes from the environment, as in production."""

import os

SECRET_KEY = "for tests only"
INSTALLED_APPS = ["pets"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("PGDATABASE", "clinic"),
        "HOST": os.environ.get("PGHOST", "localhost"),
        "PORT": os.environ.get("PGPORT", "5432"),
        "USER": os.environ.get("PGUSER", "clinic"),
    }
}
TEST_RUNNER = "clinic.runner.MigratedAlready"
