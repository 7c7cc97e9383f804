"""Nothing here knows Proofmark."""

import threading

from django.db import IntegrityError, connection, transaction
from django.test import TestCase, TransactionTestCase

from pets.models import Pet


class InATransaction(TestCase):
    """Django takes back what these do."""

    def test_an_age_is_not_negative(self):
        with self.assertRaises(IntegrityError) as refused, transaction.atomic():
            Pet.objects.create(owner="Ann", name="Rex", age=-1)
        self.assertEqual(refused.exception.__cause__.diag.constraint_name, "pet_age_sensible")

    def test_a_pet_is_kept(self):
        Pet.objects.create(owner="Ann", name="Rex", age=3)
        self.assertEqual(Pet.objects.count(), 1)


class WithRealCommits(TransactionTestCase):
    """Django truncates the tables after each of these."""

    def test_two_at_once_cannot_take_one_name(self):
        refusals = []

        def register():
            try:
                Pet.objects.create(owner="Ann", name="Rex", age=3)
            except IntegrityError as error:
                refusals.append(error.__cause__.diag.constraint_name)
            finally:
                connection.close()

        threads = [threading.Thread(target=register) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(refusals, ["pet_name_once_per_owner"])
        self.assertEqual(Pet.objects.count(), 1)
