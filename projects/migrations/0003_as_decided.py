"""Target, cost, place and deadline of an elected project move only to what a decided change says (陕西规定 18).

The refusal stands in the database, so that no page, no command and no later code has a way round it. A change in
"agreed" is being put into effect; one of the presidium's in "announced" is being undone, where the congress did not
ratify it.
"""

from django.db import migrations, models

GUARD = """
CREATE FUNCTION piaojue_as_decided() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM projects_change c,
            LATERAL (SELECT CASE c.state WHEN 'agreed' THEN c.proposed ELSE c.before END AS decided) d
        WHERE c.project_id = NEW.id AND (c.state = 'agreed' OR (c.state = 'announced' AND c.body = 'presidium'))
            AND (NEW.target = OLD.target OR d.decided ->> 'target' = NEW.target)
            AND (NEW.place = OLD.place OR d.decided ->> 'place' = NEW.place)
            AND (NEW.finish_by = OLD.finish_by OR (d.decided ->> 'finish_by')::date = NEW.finish_by)
            AND (
                NEW.budget_fen IS NOT DISTINCT FROM OLD.budget_fen
                OR (d.decided ? 'budget_fen' AND (d.decided ->> 'budget_fen')::bigint IS NOT DISTINCT FROM NEW.budget_fen)
            )
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'target, cost, place and deadline of project % move only by a decided change', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'project_as_decided';
END $$;
"""
TRIGGER = """
CREATE TRIGGER project_as_decided BEFORE UPDATE ON projects_project FOR EACH ROW
    WHEN ((OLD.target, OLD.budget_fen, OLD.place, OLD.finish_by)
        IS DISTINCT FROM (NEW.target, NEW.budget_fen, NEW.place, NEW.finish_by))
    EXECUTE FUNCTION piaojue_as_decided();
"""
DROP = ["DROP TRIGGER project_as_decided ON projects_project", "DROP FUNCTION piaojue_as_decided()"]

# A plan repeats no decided target any more: one that said something else had never been decided.

class Migration(migrations.Migration):
    dependencies = [("projects", "0002_isolation")]

    operations = [migrations.RunSQL([GUARD, TRIGGER], DROP)]
