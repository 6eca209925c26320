"""What was asked for and is not approved yet waits as what is asked for from now on."""

from django.db import migrations

ASKED_BEFORE = """
INSERT INTO customers_erasure (customer_id, request_id)
SELECT customer_id, max(id) FROM requests_request AS asked
WHERE kind = 'erase_data' AND state = 'done' AND NOT EXISTS (
    SELECT FROM requests_request AS later WHERE later.customer_id = asked.customer_id
    AND later.kind = 'approve_erasure' AND later.state = 'done' AND later.id > asked.id)
GROUP BY customer_id"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_waiting_erasures"),
    ]

    operations = [
        migrations.RunSQL(ASKED_BEFORE, migrations.RunSQL.noop),
    ]
