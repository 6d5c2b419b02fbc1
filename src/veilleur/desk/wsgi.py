"""The door the web server knocks at."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "veilleur.desk.settings")
application = get_wsgi_application()

# What is loaded by now stays for good: looking for garbage in it would cost some requests a tenth
# of a second. A page makes tens of thousands of small objects; hardly any is part of a cycle.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
