"""The product's Celery application on a queue of its own, for a worker process of one test."""

from __future__ import annotations

import os

from projects.site.celery import app

app.conf.task_default_queue = os.environ["TEST_QUEUE"]
if str(app.conf.broker_url).startswith("redis"):
    app.conf.broker_transport_options = {"global_keyprefix": os.environ["TEST_QUEUE"]}
