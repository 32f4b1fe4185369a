"""The part of the trail that lives in the database: refusals, and the leaf written at COMMIT.

Measured in design: the chain's head is locked only at the end of the transaction, so acts of one unit wait for each
other for the length of a commit, not of a request.
"""

from __future__ import annotations

REFUSE = """
CREATE FUNCTION piaojue_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# It cannot write into the entry itself: that would be an UPDATE. SECURITY DEFINER, because the app role may not
# insert a leaf; a fixed search_path, because a definer's function must not be led to somebody else's tables: without
# pg_temp at its end a path begins with it, and temporary tables of these names would be given the leaves.
APPEND = """
CREATE FUNCTION piaojue_append_leaf() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head workflow_head%ROWTYPE;
    now_utc timestamptz;
    digest bytea;
BEGIN
    LOOP
        SELECT * INTO head FROM workflow_head WHERE unit_id = NEW.unit_id FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO workflow_head (unit_id, size, hash)
            VALUES (NEW.unit_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT (unit_id) DO NOTHING;
    END LOOP;
    now_utc := clock_timestamp();
    digest := sha256(head.hash || convert_to('piaojue-leaf-v1' || E'\\n' || NEW.unit_id || E'\\n' || (head.size + 1)
        || E'\\n' || NEW.id || E'\\n' || to_char(now_utc AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || E'\\n' || NEW.body, 'UTF8'));
    INSERT INTO workflow_leaf (entry_id, unit_id, index, recorded_at, prev, hash)
        VALUES (NEW.id, NEW.unit_id, head.size + 1, now_utc, head.hash, digest);
    UPDATE workflow_head SET size = head.size + 1, hash = digest WHERE unit_id = NEW.unit_id;
    RETURN NULL;
END $$;
"""

# Firing a trigger asks for no right to its function; making one does, and with this right anybody could hang a
# definer's function on a table of their own and have what they like done as its owner.
CLOSED = "REVOKE EXECUTE ON FUNCTION piaojue_append_leaf() FROM PUBLIC;"

TRIGGERS = """
CREATE CONSTRAINT TRIGGER entry_leaf AFTER INSERT ON workflow_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION piaojue_append_leaf();
CREATE TRIGGER entry_fixed BEFORE UPDATE OR DELETE ON workflow_entry
    FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change();
CREATE TRIGGER entry_kept BEFORE TRUNCATE ON workflow_entry
    FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change();
CREATE TRIGGER leaf_fixed BEFORE UPDATE OR DELETE ON workflow_leaf
    FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change();
CREATE TRIGGER leaf_kept BEFORE TRUNCATE ON workflow_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change();
CREATE TRIGGER head_kept BEFORE DELETE ON workflow_head
    FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change();
"""

DROP = """
DROP TRIGGER entry_leaf ON workflow_entry;
DROP TRIGGER entry_fixed ON workflow_entry;
DROP TRIGGER entry_kept ON workflow_entry;
DROP TRIGGER leaf_fixed ON workflow_leaf;
DROP TRIGGER leaf_kept ON workflow_leaf;
DROP TRIGGER head_kept ON workflow_head;
DROP FUNCTION piaojue_append_leaf();
DROP FUNCTION piaojue_refuse_change();
"""


def owned_policies(table: str) -> list[str]:
    """Policies of the chain's own tables: read by the unit's context, written by the owner's function alone.

    Whoever runs this is the owner. What it may do is said to its role and asks nothing of a row: worked out for every role
    from whose the table is, an entry cost the database a sixth more.
    """
    readable = (
        "current_setting('piaojue.mode', true) = 'system' OR "
        "unit_id = ANY (nullif(current_setting('piaojue.units', true), '')::bigint[])"
    )
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY reads ON "{table}" FOR SELECT USING ({readable})',
        f'CREATE POLICY owned ON "{table}" FOR SELECT TO CURRENT_USER USING (true)',
        f'CREATE POLICY adds ON "{table}" FOR INSERT TO CURRENT_USER WITH CHECK (true)',
        f'CREATE POLICY edits ON "{table}" FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true)',
    ]
