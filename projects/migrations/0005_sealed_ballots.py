"""Ballots by device: a vote's key and its three holders, its own roll, its box of ciphers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0004_carrying_over"),
        ("workflow", "0008_salts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="vote",
            name="box_digest",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="vote",
            name="box_of",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.vote"
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="device",
            field=models.BooleanField(default=False, verbose_name="电子表决"),
        ),
        migrations.AddField(
            model_name="vote",
            name="device_least",
            field=models.PositiveSmallIntegerField(default=5, verbose_name="电子表决最少票数"),
        ),
        migrations.AddField(
            model_name="vote",
            name="paper_issued",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="发出纸质票"),
        ),
        migrations.AddField(
            model_name="vote",
            name="paper_returned",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="收回纸质票"),
        ),
        migrations.AddField(
            model_name="vote",
            name="public_key",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="vote",
            name="roll_digest",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name="Box",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("vote_number", models.BigIntegerField(db_index=True)),
                ("cipher", models.BinaryField()),
                (
                    "unit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workflow.unit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KeyHolder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("office", models.CharField(max_length=20)),
                ("salt", models.CharField(max_length=64)),
                ("public_key", models.CharField(max_length=64)),
                ("stretching", models.JSONField()),
                ("sealed_share", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
                (
                    "vote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holders",
                        to="projects.vote",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("vote", "office"), name="one_share_per_office"),
                    models.UniqueConstraint(fields=("vote", "by"), name="shares_of_three_people"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RollEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("paper", "纸质票"), ("device", "电子票"), ("none", "未出席")], max_length=8
                    ),
                ),
                ("voted", models.BooleanField(default=False)),
                ("mark", models.CharField(blank=True, max_length=64)),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("code_used", models.BooleanField(default=False)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.rollline"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
                (
                    "vote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roll", to="projects.vote"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("vote", "line"), name="on_the_vote_roll_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("code_hash", ""), _negated=True),
                        fields=("code_hash",),
                        name="entry_code_once",
                    ),
                ],
            },
        ),
        ForcePolicy("box"),
        ForcePolicy("keyholder"),
        ForcePolicy("rollentry"),
    ]
