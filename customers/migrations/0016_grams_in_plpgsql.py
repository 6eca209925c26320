"""The same grams, in a language that PostgreSQL does not set up anew at each write for each of the two indexes of them."""

from django.db import migrations

GRAMS = """
CREATE OR REPLACE FUNCTION customers_grams(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 4000
AS $$
DECLARE
    each text[] := string_to_array(t, NULL);
BEGIN
    RETURN each || ARRAY(SELECT a || b FROM unnest(each, each[2:]) AS pairs (a, b) WHERE a <> ' ' AND b <> ' ');
END $$"""
GRAMS_IN_SQL = """
CREATE OR REPLACE FUNCTION customers_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 4000
AS $$
    SELECT each || ARRAY(SELECT a || b FROM unnest(each, each[2:]) AS pairs (a, b) WHERE a <> ' ' AND b <> ' ')
    FROM (SELECT string_to_array(t, NULL)) AS characters (each)
$$"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_erasures_asked_before")]

    operations = [migrations.RunSQL(GRAMS, GRAMS_IN_SQL)]
