"""The WSGI door, for Granian or any other server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")

application = get_wsgi_application()
