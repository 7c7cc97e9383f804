"""Pets."""

from django.db import models
from django.db.models import Q


class Pet(models.Model):
    """An animal with an owner."""

    owner = models.TextField()
    name = models.TextField()
    age = models.IntegerField()

    class Meta:
        db_table = "pet"
        constraints = [
            models.UniqueConstraint("owner", "name", name="pet_name_once_per_owner"),
            models.CheckConstraint(condition=Q(age__gte=0), name="pet_age_sensible"),
            models.CheckConstraint(condition=Q(age__lt=200), name="pet_age_not_absurd"),
        ]
