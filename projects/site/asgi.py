"""The ASGI door, for a server that wants one."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")

application = get_asgi_application()
